"""Meetings against `myworld`, which others wrote: our id makes an event one event, whatever a write meets."""

from datetime import timedelta

import pytest

from core.actions.book_meeting import BookMeeting
from core.effect import State
from tests.support.factories import HOLD, OWNER, address
from tests.support.rig import PAST_HORIZON

INSERT, DELETE = "calendar.events.insert", "calendar.events.delete"
FAULTS = ("timeout_after_commit", "duplicate_commit", "rate_limit")
LONG_AFTER = HOLD + 3 * PAST_HORIZON


@pytest.fixture
def meeting(clock) -> BookMeeting:
    start = (clock.now + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    return BookMeeting(title="Your stand in spring", start=start, attendees=(address(),), owner=OWNER)


@pytest.mark.parametrize("fault", [None, *FAULTS])
async def test_a_meeting_is_booked_once(rig, world, meeting, fault):
    if fault is not None:
        await world.plant(INSERT, fault)
    plan = await rig.booked(meeting)
    await rig.pass_time(LONG_AFTER)
    assert await world.faults_met(INSERT) == [fault for fault in (fault,) if fault]
    assert await world.committed(INSERT) == 1
    [event] = await world.events(meeting.title)
    effect = await rig.effect(plan.draft)
    assert (effect.effect.state, effect.receipt.external_id) == (State.APPLIED, event["id"])
    assert (await rig.move(plan)).state == "done"


@pytest.mark.parametrize("fault", [None, *FAULTS])
async def test_a_meeting_that_is_taken_back_is_gone(rig, world, meeting, fault):
    """This world takes a doubled deletion back when the second finds it done: the event is said to be gone, and is not."""
    plan = await rig.booked(meeting)
    await rig.pass_time(HOLD)
    assert len(await world.events(meeting.title)) == 1
    if fault is not None:
        await world.plant(DELETE, fault)
    await rig.undo(plan)
    await rig.pass_time(LONG_AFTER)
    assert await world.faults_met(DELETE) == [fault for fault in (fault,) if fault]
    assert await world.events(meeting.title) == []
    assert await world.committed(DELETE) == 1
    assert await rig.state(plan.draft) is State.UNDONE
    assert (await rig.move(plan)).state == "open"
