"""When a snooze ends: in the owner's zone, in the morning, also in the weeks when clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.handlers.decide import snoozed_until


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "choice", "until"),
    [
        ("UTC", "2026-11-24T09:00", "two_hours", "2026-11-24T11:00"),
        ("UTC", "2026-11-24T09:00", "tomorrow", "2026-11-25T09:00"),
        ("UTC", "2026-11-24T09:00", "next_week", "2026-11-30T09:00"),
        # Monday means the next one, Sunday the one after it.
        ("UTC", "2026-11-23T09:00", "next_week", "2026-11-30T09:00"),
        ("UTC", "2026-11-29T23:59", "next_week", "2026-11-30T09:00"),
        # It is already Wednesday in Auckland, still Monday in Los Angeles.
        ("Pacific/Auckland", "2026-11-24T12:00", "tomorrow", "2026-11-25T20:00"),
        ("America/Los_Angeles", "2026-11-24T07:00", "tomorrow", "2026-11-24T17:00"),
        ("Asia/Kolkata", "2026-11-24T09:00", "tomorrow", "2026-11-25T03:30"),
        # Clocks go forward on 28 March and back on 31 October 2027 in London.
        ("Europe/London", "2027-03-27T12:00", "tomorrow", "2027-03-28T08:00"),
        ("Europe/London", "2027-10-30T12:00", "tomorrow", "2027-10-31T09:00"),
        ("Europe/London", "2027-03-26T12:00", "next_week", "2027-03-29T08:00"),
        # Two hours are two hours, whatever clocks do meanwhile.
        ("Europe/London", "2027-03-28T00:30", "two_hours", "2027-03-28T02:30"),
    ],
)
def test_a_snooze_ends_in_the_owners_morning(zone, now, choice, until):
    assert snoozed_until(choice, zone=zone, now=at(now)) == at(until)


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"])
@pytest.mark.parametrize("choice", ["tomorrow", "next_week"])
def test_every_day_of_a_year_ends_at_nine_later_than_now_and_in_utc(zone, choice):
    for day in range(366):
        now = at("2027-01-01T00:30") + timedelta(days=day, hours=day % 24)
        until = snoozed_until(choice, zone=zone, now=now)
        local = until.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (9, 0)
        assert timedelta(0) < until - now <= timedelta(days=7, hours=10)
        assert until.tzinfo is UTC
        assert choice == "tomorrow" or local.weekday() == 0


@pytest.mark.parametrize("choice", ["", "never", "TOMORROW"])
def test_what_was_never_offered_is_refused(choice):
    with pytest.raises(ValueError, match="no such snooze"):
        snoozed_until(choice, zone="UTC", now=at("2026-11-24T09:00"))
