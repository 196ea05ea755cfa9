"""When a daily message is due: compared with a walk along the clock of each zone, which knows nothing of the code."""

import os
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.schedule import LATE_AT_MOST, Schedule, instant

LONG = bool(os.environ.get("CASEYOS_LONG"))
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
TIMES = [time(hour, minute) for hour in range(24) for minute in (0, 15, 30, 45)]
YEARS = range(2024, 2038) if LONG else (2026, 2037)
ODD = (
    "Africa/Cairo",  # jumps at midnight
    "America/Nuuk",  # jumps over the end of a day
    "America/Santiago",
    "Antarctica/Troll",  # by two hours
    "Asia/Gaza",
    "Australia/Lord_Howe",  # by half an hour
    "Europe/Berlin",
    "Pacific/Apia",
)
"""The sample; every zone there is with CASEYOS_LONG=1."""


def zones() -> list[str]:
    """Every zone once: of those that always agree, the first."""
    if not LONG:
        return list(ODD)
    known = {}
    for name in sorted(zoneinfo.available_timezones()):
        known.setdefault(tuple(_offsets(ZoneInfo(name))), name)
    return sorted(known.values())


def _offsets(zone: ZoneInfo) -> Iterator[timedelta | None]:
    at = datetime(2023, 12, 30, tzinfo=UTC)
    while at.year < 2039:
        yield at.astimezone(zone).utcoffset()
        at += timedelta(hours=6)


def walked(zone: ZoneInfo, first: date, last: date) -> dict[datetime, datetime | None]:
    """Local time to the instant at which it is due, found by walking along UTC in quarters of an hour."""
    due: dict[datetime, datetime | None] = {}
    at = datetime.combine(first - 2 * DAY, time(), UTC)
    before = at.astimezone(zone).replace(tzinfo=None)
    while at.date() <= last + 2 * DAY:
        at += QUARTER
        local = at.astimezone(zone).replace(tzinfo=None)
        skipped = before + QUARTER
        while skipped < local:  # the clocks jumped
            exists = skipped.date() in {before.date(), local.date()}
            due.setdefault(skipped, at if exists else None)
            skipped += QUARTER
        due.setdefault(local, at)  # a time that comes twice: the first
        before = local
    return due


@pytest.mark.parametrize("name", zones())
def test_each_time_of_each_date_comes_when_the_clock_on_the_wall_says_so(name: str) -> None:
    for year in YEARS:
        first, last = date(year, 1, 1), date(year, 12, 31)
        due = walked(ZoneInfo(name), first, last)
        day = first
        while day <= last:
            for at in TIMES:
                assert instant(day, at, name) == due[datetime.combine(day, at)], (name, day, at)
            day += DAY


def test_a_date_that_a_zone_has_not_has_no_instant_and_its_neighbours_have() -> None:
    missing = date(2011, 12, 30)
    walk = walked(ZoneInfo("Pacific/Apia"), missing - DAY, missing + DAY)
    for at in TIMES:
        assert instant(missing, at, "Pacific/Apia") is None
        assert walk[datetime.combine(missing, at)] is None
        for day in (missing - DAY, missing + DAY):
            assert instant(day, at, "Pacific/Apia") == walk[datetime.combine(day, at)] is not None
    assert ticks("Pacific/Apia", time(8), missing - 2 * DAY, missing + 3 * DAY, timedelta(minutes=20)) == [
        *(date(2011, 12, day) for day in (28, 29, 31)),
        *(date(2012, 1, day) for day in (1, 2)),
    ]


def ticks(zone: str, at: time, first: date, last: date, every: timedelta, **of: object) -> list[date]:
    """The dates whose message a process sends that looks at the clock now and then and remembers what it has sent."""
    schedule = Schedule(at, zone, days=frozenset(range(1, 8)), **of)  # type: ignore[arg-type]
    now, end = datetime.combine(first, time(12), UTC), datetime.combine(last, time(12), UTC)
    since, sent = now, []
    while now < end:
        for day in schedule.due(now, since=since):
            if day not in sent:
                sent.append(day)
        now += every
    return sent


@pytest.mark.parametrize("name", zones())
def test_every_date_gets_its_message_once_and_in_order(name: str) -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    for at in (time(0), time(8), time(23, 45)):
        sent = ticks(name, at, first, last, timedelta(minutes=50))
        expected = [sent[0] + n * DAY for n in range((sent[-1] - sent[0]).days + 1)]
        assert sent == expected
        assert len(sent) >= 363


@settings(max_examples=200, deadline=None)
@given(
    at=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    route=st.lists(st.tuples(st.sampled_from(ODD), st.integers(1, 70), st.integers(0, 59)), min_size=2, max_size=12),
)
def test_whoever_travels_or_is_started_again_gets_one_message_for_a_date(
    at: time, route: list[tuple[str, int, int]]
) -> None:
    """Somewhere else after so many looks; before the first look there, the process is away for so many minutes."""
    now = datetime(2026, 3, 25, 12, tzinfo=UTC)
    since, sent = now, []
    for zone, looks, away in route:
        schedule = Schedule(at, zone, days=frozenset(range(1, 8)))
        now += timedelta(minutes=away)
        for _ in range(looks):
            due = [day for day in schedule.due(now, since=since) if day not in sent]
            for day in due:
                meant = instant(day, at, zone)
                assert meant is not None
                assert meant <= now
                assert now.astimezone(ZoneInfo(zone)).date() == day or now - meant < LATE_AT_MOST
            sent += due
            now += timedelta(minutes=30)
    assert len(sent) == len(set(sent))


def test_nobody_works_at_the_weekend_on_a_holiday_or_before_they_came() -> None:
    schedule = Schedule(time(8), "Europe/Berlin", days_off=frozenset({date(2026, 12, 25)}))
    at = {day: instant(day, schedule.at, schedule.zone) for day in (date(2026, 12, d) for d in range(21, 29))}
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    due = [day for day, when in at.items() if when is not None and day in schedule.due(when, since=long_ago)]
    assert due == [date(2026, 12, d) for d in (21, 22, 23, 24, 28)]
    monday = at[date(2026, 12, 21)]
    assert monday is not None
    assert schedule.due(monday, since=monday) == (date(2026, 12, 21),)
    assert schedule.due(monday + timedelta(hours=3), since=monday + timedelta(minutes=1)) == ()
    assert schedule.due(monday - timedelta(seconds=1), since=long_ago) == ()


def test_zones_come_from_the_pinned_package() -> None:
    assert zoneinfo.TZPATH == ()
    assert ZoneInfo("Europe/Berlin").key == "Europe/Berlin"


def test_a_link_is_the_zone_it_points_to() -> None:
    for link, zone in (("US/Pacific", "America/Los_Angeles"), ("Asia/Calcutta", "Asia/Kolkata")):
        for month in range(1, 13):
            assert instant(date(2026, month, 5), time(8), link) == instant(date(2026, month, 5), time(8), zone)
