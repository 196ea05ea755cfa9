"""Quiet hours: when a mail may leave, in zones with their clocks and their working days."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.quiet import Hours, known_zone, next_open, next_open_for_all

OFFICE = Hours(time(9), time(17), frozenset({1, 2, 3, 4, 5}))
TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Apia"]


@pytest.mark.parametrize(
    ("now", "zone", "opens"),
    [
        (TUESDAY.replace(hour=8), "Europe/Berlin", TUESDAY.replace(hour=8)),  # 09:00 there, to the second
        (TUESDAY.replace(hour=7, minute=59), "Europe/Berlin", TUESDAY.replace(hour=8)),
        (TUESDAY.replace(hour=15, minute=59), "Europe/Berlin", TUESDAY.replace(hour=15, minute=59)),
        (TUESDAY.replace(hour=16), "Europe/Berlin", TUESDAY.replace(day=25, hour=8)),  # 17:00 is closed
        (TUESDAY.replace(day=27, hour=20), "UTC", TUESDAY.replace(day=30, hour=9)),  # over the weekend
        (TUESDAY.replace(hour=2), "America/New_York", TUESDAY.replace(hour=14)),  # it is still Monday night there
        (TUESDAY.replace(hour=9), "Asia/Kolkata", TUESDAY.replace(hour=9)),  # half an hour off
    ],
)
def test_a_mail_leaves_in_the_hours_of_where_it_goes(now, zone, opens):
    assert next_open(now, zone, OFFICE) == opens


def test_the_clocks_of_summer_are_minded():
    friday = datetime(2026, 3, 27, 18, tzinfo=UTC)  # on Sunday Berlin's clocks go forward
    assert next_open(friday, "Europe/Berlin", OFFICE) == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_begins_when_they_have_skipped_it():
    early = Hours(time(2, 30), time(6), frozenset(range(1, 8)))
    assert next_open(datetime(2026, 3, 29, 0, tzinfo=UTC), "Europe/Berlin", early) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_hours_may_go_past_midnight_and_belong_to_the_day_they_began_on():
    late = Hours(time(22), time(2), frozenset({5}))  # Friday night
    assert late.include(datetime(2026, 11, 27, 23, tzinfo=UTC))
    assert late.include(datetime(2026, 11, 28, 1, 59, tzinfo=UTC))
    assert not late.include(datetime(2026, 11, 27, 1, tzinfo=UTC))
    assert not late.include(datetime(2026, 11, 28, 22, tzinfo=UTC))


def test_a_mail_to_two_zones_waits_for_an_hour_that_both_work():
    opens = next_open_for_all(TUESDAY.replace(hour=8), ["Europe/Berlin", "America/New_York"], OFFICE)
    assert opens == TUESDAY.replace(hour=14)


def test_where_no_hour_is_common_the_first_zone_counts():
    opens = next_open_for_all(TUESDAY.replace(hour=8), ["Europe/Berlin", "Pacific/Auckland"], OFFICE)
    assert opens == TUESDAY.replace(hour=8)


def test_without_a_working_day_nothing_ever_opens():
    never = Hours(time(9), time(17), frozenset())
    assert next_open(TUESDAY, "UTC", never) is None
    assert next_open_for_all(TUESDAY, ["UTC", "Europe/Berlin"], never) is None


@given(minutes=st.integers(0, 60 * 24 * 400), zone=st.sampled_from(ZONES))
@example(minutes=0, zone="Pacific/Apia")
def test_what_opens_is_open_and_the_minute_before_it_was_not(minutes, zone):
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    opens = next_open(now, zone, OFFICE)
    assert opens is not None
    assert opens >= now
    assert next_open(opens, zone, OFFICE) == opens
    if opens > now:
        assert next_open(opens - timedelta(minutes=1), zone, OFFICE) == opens


@pytest.mark.parametrize(
    ("name", "known"),
    [("Europe/Berlin", True), ("UTC", True), ("Berlin", False), ("", False), (None, False), ("../x", False)],
)
def test_a_zone_is_known_by_its_name(name, known):
    assert known_zone(name) is known
