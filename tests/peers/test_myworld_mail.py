"""Mail against `myworld`, which others wrote: whatever a write meets, no second mail, and no draft that nobody knows of.

That Gmail drops every header it does not know, ours among them: what was asked for and not answered cannot be found
there by its key. Then a person is asked, and nothing is sent again.
"""

from datetime import timedelta

import pytest

from core.effect import State
from tests.support.factories import HOLD
from tests.support.rig import PAST_HORIZON

CREATE, SEND, DELETE = (f"gmail.users.drafts.{what}" for what in ("create", "send", "delete"))
FAULTS = ("timeout_after_commit", "duplicate_commit", "rate_limit")
LONG_AFTER = HOLD + 3 * PAST_HORIZON
UNMARKED = "a draft to the same people under the same subject is in Gmail, without our mark"


async def test_a_mail_leaves_once_and_no_draft_stays(rig, world):
    plan = await rig.approved()
    await rig.pass_time(HOLD)
    [mail] = await world.mails("SENT")
    effect = await rig.effect(plan.sending)
    assert (mail["id"], mail["to"]) == (effect.receipt.external_id, effect.params["to"])
    assert mail["body"].split() == effect.params["body"].split()
    assert await world.drafts() == []
    assert (await rig.move(plan)).state == "done"


@pytest.mark.parametrize(
    ("operation", "fault"), [(CREATE, "rate_limit"), (SEND, "rate_limit"), (SEND, "duplicate_commit")]
)
async def test_what_surely_did_nothing_is_asked_again_and_one_mail_leaves(rig, world, operation, fault):
    """This world takes both halves of a doubled sending back when the second finds no draft any more."""
    await world.plant(operation, fault)
    plan = await rig.approved()
    await rig.pass_time(LONG_AFTER)
    assert await world.faults_met(operation) == [fault]
    assert len(await world.mails("SENT")) == 1
    assert await world.drafts() == []
    assert (await rig.move(plan)).state == "done"


async def test_a_mail_whose_answer_was_lost_is_left_to_a_person_and_never_sent_again(rig, world):
    await world.plant(SEND, "timeout_after_commit")
    plan = await rig.approved()
    await rig.pass_time(LONG_AFTER)
    assert await world.faults_met(SEND) == ["timeout_after_commit"]
    effect = (await rig.effect(plan.sending)).effect
    assert (effect.state, effect.attempt) == (State.NEEDS_HUMAN, 1)
    assert "no sent mail with our mark" in effect.cause
    assert len(await world.mails("SENT")) == 1

    await rig.decide(plan, "sent")
    await rig.pass_time(timedelta(minutes=1))
    assert (await rig.move(plan)).state == "done"
    assert len(await world.mails("SENT")) == 1


async def test_a_draft_whose_answer_was_lost_is_named_and_no_second_one_is_made(rig, world):
    await world.plant(CREATE, "timeout_after_commit")
    plan = await rig.approved()
    await rig.pass_time(LONG_AFTER)
    assert await world.faults_met(CREATE) == ["timeout_after_commit"]
    effect = (await rig.effect(plan.draft)).effect
    assert (effect.state, effect.attempt) == (State.NEEDS_HUMAN, 1)
    assert UNMARKED in effect.cause
    [left] = await world.drafts()
    assert await world.mails("SENT") == []

    await world.delete_draft(left)
    await rig.decide(plan, "again")
    await rig.pass_time(LONG_AFTER)
    assert len(await world.mails("SENT")) == 1
    assert await world.drafts() == []
    assert (await rig.move(plan)).state == "done"


async def test_a_draft_that_was_made_twice_is_named_before_anything_leaves(rig, world):
    await world.plant(CREATE, "duplicate_commit")
    plan = await rig.held()
    assert len(await world.drafts()) == 2
    await rig.pass_time(LONG_AFTER)
    assert await world.faults_met(CREATE) == ["duplicate_commit"]
    assert await world.mails("SENT") == []
    move = await rig.move(plan)
    assert move.state == "open"
    assert UNMARKED in move.note
    [left] = await world.drafts()  # ours is taken back with the plan

    await world.delete_draft(left)
    await rig.held(move=plan.move)
    await rig.leaves()
    assert len(await world.mails("SENT")) == 1
    assert await world.drafts() == []
    assert (await rig.move(plan)).state == "done"


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_undo_in_the_hold_leaves_no_draft(rig, world, fault):
    """This world takes a doubled deletion back when the second finds nothing: the draft is said to be gone, and is not."""
    plan = await rig.held()
    await world.plant(DELETE, fault)
    await rig.undo(plan)
    await rig.pass_time(LONG_AFTER)
    assert await world.faults_met(DELETE) == [fault]
    assert await world.drafts() == []
    assert await world.mails("SENT") == []
    assert await rig.state(plan.draft) is State.UNDONE
    assert (await rig.move(plan)).state == "open"
