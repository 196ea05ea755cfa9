"""When to meet: what a message names, read on the owner's clock, and the first time that is free."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.appointment import named_time, next_working_morning, slot, wanted
from core.ports import Busy

LONDON = "Europe/London"
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("message", "when"),
    [
        ("Could we talk on Thursday at 3 pm?", "2026-11-26 15:00"),
        ("Is Friday at 10:30 any good?", "2026-11-27 10:30"),
        ("tomorrow at 9am works", "2026-11-25 09:00"),
        ("Shall we meet today at 4?", "2026-11-24 16:00"),
        ("14 January at 10.15 would suit us", "2027-01-14 10:15"),
        ("the 1st of December at noonish, or 2nd of December at 11", "2026-12-02 11:00"),
        ("at 3 pm on Thursday, please", "2026-11-26 15:00"),
        ("Tuesday at 8:45 then", "2026-12-01 08:45"),
        ("Wednesday afternoon, around 2.30 pm", "2026-11-25 14:30"),
        ("today at 9:15 (gone by), or tomorrow at 9:15", "2026-11-25 09:15"),
    ],
)
def test_a_named_time_is_read(message, when):
    expected = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(LONDON))
    assert named_time(message, now=NOW, zone=LONDON) == expected
    assert wanted(message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "We need to decide by 14 January.",
        "a corner stand of 36 square metres",
        "Thursday at 25:99",
        "We met on Thursday.",
        "31 February at 10",
        "at 15 % on Thursday",
    ],
)
def test_what_names_no_time_is_not_read_as_one(message):
    assert named_time(message, now=NOW, zone=LONDON) is None


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("Could we have a call this week?", True),
        ("Please call me.", True),
        ("can we talk?", True),
        ("I would like to set up a short video call", True),
        ("Please do not call me, write instead", False),
        ("Is the call for talks still open?", False),
        ("I would like to speak about forecasting", False),
        ("The meeting room was fine", False),
    ],
)
def test_who_asks_to_talk(message, asks):
    assert wanted(message) is asks


def test_without_a_time_the_first_free_half_hour_of_the_next_day_is_taken():
    first = slot("Could we have a call?", (), now=NOW, zone=LONDON, minutes=30)
    assert (first.start, first.named) == (datetime(2026, 11, 25, 10, tzinfo=UTC), False)
    taken = (Busy(first.start, first.start + timedelta(minutes=61)),)
    assert slot("", taken, now=NOW, zone=LONDON, minutes=30).start == datetime(2026, 11, 25, 11, 30, tzinfo=UTC)


def test_a_full_week_has_no_room():
    assert slot("", (Busy(NOW, NOW + timedelta(days=30)),), now=NOW, zone=LONDON, minutes=30) is None


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 12)), max_size=30), st.sampled_from([LONDON, "Asia/Tokyo"])
)
def test_a_slot_is_free_on_a_working_day_within_hours(blocks, zone):
    busy = tuple(Busy(NOW + timedelta(hours=at), NOW + timedelta(hours=at + long)) for at, long in blocks)
    found = slot("", busy, now=NOW, zone=zone, minutes=30)
    if found is not None:
        end = found.start + timedelta(minutes=30)
        local = found.start.astimezone(ZoneInfo(zone))
        assert local.weekday() < 5
        assert (10 <= local.hour < 17, local.minute in {0, 30}) == (True, True)
        assert all(one.end <= found.start or end <= one.start for one in busy)


@given(st.text(max_size=400))
def test_any_text_is_read_without_a_fault(text):
    wanted(text)
    named_time(text, now=NOW, zone=LONDON)


def test_a_long_hostile_message_is_read_in_no_time():
    for text in ("on thursday at " * 20_000, "have a " * 50_000, "1" * 300_000, "call " * 60_000):
        wanted(text)
        named_time(text, now=NOW, zone=LONDON)


def test_the_next_working_morning_leaves_the_weekend_out():
    friday_noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert next_working_morning(friday_noon, LONDON) == datetime(2026, 11, 30, 10, tzinfo=UTC)
