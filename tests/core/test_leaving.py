"""When an approved mail leaves, on the clock and the working days of its reader."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.leaving import FARTHEST, CannotLeaveThen, When, leaves_at

HOLD = timedelta(seconds=30)
WEEK = frozenset({1, 2, 3, 4, 5})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "days", "leaves"),
    [
        ("Europe/London", "2026-11-24T12:00", WEEK, "2026-11-25T09:00"),
        ("Europe/London", "2026-11-27T12:00", WEEK, "2026-11-30T09:00"),  # over the weekend
        ("Asia/Tokyo", "2026-11-24T16:00", WEEK, "2026-11-26T00:00"),  # it is Wednesday there by now
        ("America/Los_Angeles", "2026-11-25T03:00", WEEK, "2026-11-25T17:00"),  # and still Tuesday there
        ("Europe/London", "2027-03-26T12:00", WEEK, "2027-03-29T08:00"),  # clocks go forward in between
        ("UTC", "2026-11-24T12:00", frozenset({2}), "2026-12-01T09:00"),  # a week from a Tuesday to a Tuesday
        ("UTC", "2026-11-24T12:00", frozenset(), "2026-11-25T09:00"),
    ],
)
def test_the_next_working_morning_is_theirs(zone, now, days, leaves):
    assert leaves_at(When.NEXT_MORNING, hold=HOLD, zone=zone, days=days, now=at(now)) == at(leaves)


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"])
def test_every_morning_of_a_year_is_nine_o_clock_on_a_working_day_after_today(zone):
    for hour in range(0, 366 * 24, 7):
        now = at("2027-01-01T00:30") + timedelta(hours=hour)
        local = leaves_at(When.NEXT_MORNING, hold=HOLD, zone=zone, days=WEEK, now=now).astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (9, 0)
        assert local.isoweekday() in WEEK
        assert 1 <= (local.date() - now.astimezone(ZoneInfo(zone)).date()).days <= 3


def test_nothing_leaves_before_the_hold_is_over():
    now, long = at("2026-11-24T12:00"), timedelta(days=2)
    for when in When:
        assert leaves_at(when, hold=long, zone="UTC", days=WEEK, now=now, own=now + HOLD) == now + long


@pytest.mark.parametrize(
    ("own", "why"),
    [(None, "Say when"), (timedelta(0), "has passed"), (FARTHEST + timedelta(seconds=1), "more than 60 days")],
)
def test_a_time_that_cannot_be_is_refused_in_words(own, why):
    now = at("2026-11-24T12:00")
    with pytest.raises(CannotLeaveThen, match=why):
        leaves_at(When.OWN_TIME, hold=HOLD, zone="UTC", days=WEEK, now=now, own=None if own is None else now + own)
