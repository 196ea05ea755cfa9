"""What people do to a plan under way: undo, a change made by hand in Gmail, and their word where nobody can tell."""

from datetime import timedelta

import pytest

from core import cards
from core.card import CardState
from core.effect import State
from core.ports import Rejected
from core.queue import AlreadyDecided
from core.undoing import TooLate
from tests.support import factories
from tests.support.factories import HOLD, OWNER, address
from tests.support.fake_mailbox import Answer, Killed
from tests.support.rig import PAST_HORIZON, TIMING, Rig, rigged


@pytest.fixture
async def rig(database, clock) -> Rig:
    return await rigged(database, clock)


async def nobody_can_tell(rig: Rig, **of):
    """The answer of sending is lost, and the draft is gone without a sent mail to be found."""
    plan = await rig.held(**of)
    rig.mailbox.answers = [Answer.LOST_REQUEST]
    rig.clock.advance(HOLD)
    await rig.runner.run(plan.sending)
    rig.mailbox.drafts.clear()
    await rig.settle()
    assert await rig.state(plan.sending) is State.NEEDS_HUMAN
    return plan


async def test_undo_within_the_hold_deletes_the_draft_and_opens_the_move(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD - timedelta(seconds=1))
    await rig.undo(plan)
    await rig.pass_time(PAST_HORIZON)

    assert (rig.mailbox.drafts, rig.mailbox.outbox) == ([], [])
    assert [await rig.state(plan.draft), await rig.state(plan.sending)] == [State.UNDONE, State.CANCELLED]
    move = await rig.move(plan)
    assert (move.state, move.note) == ("open", "taken back before anything was sent")


async def test_an_undone_move_can_be_approved_again_and_sends_one_mail(rig):
    dana = address()
    plan = await rig.held(email=dana)
    await rig.undo(plan)
    await rig.settle()
    again = await rig.held(move=plan.move)
    await rig.leaves()

    assert len(rig.mailbox.sent_to(dana)) == 1
    assert (await rig.move(again)).state == "done"


async def test_undo_is_refused_once_the_mail_is_leaving(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)

    async def press_undo():
        with pytest.raises(TooLate, match="leaving at this moment"):
            await rig.undo(plan)

    rig.mailbox.before_change = press_undo
    await rig.settle()
    assert len(rig.mailbox.outbox) == 1
    with pytest.raises(TooLate, match="a mail cannot be called back"):
        await rig.undo(plan)


async def test_undo_is_refused_while_it_is_unknown_whether_the_mail_left(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.LOST_REQUEST]
    await rig.leaves()
    with pytest.raises(TooLate, match="may have left"):
        await rig.undo(plan)
    assert (await rig.move(plan)).state == "approved"


async def test_undo_while_the_draft_is_being_made_deletes_it_afterwards(rig):
    plan = await rig.approved()
    rig.mailbox.before_change = lambda: rig.undo(plan)
    await rig.pass_time(HOLD * 2)

    assert [asked.split()[0] for asked in rig.mailbox.asked] == ["create_draft", "delete_draft"]
    assert (rig.mailbox.drafts, rig.mailbox.outbox) == ([], [])


@pytest.mark.parametrize("answer", [Answer.LOST_REQUEST, Answer.UNAVAILABLE])
async def test_a_draft_that_was_not_made_is_not_asked_for_again_after_an_undo(rig, answer):
    plan = await rig.approved()
    rig.mailbox.answers = [answer]
    rig.mailbox.before_change = lambda: rig.undo(plan)
    await rig.pass_time(PAST_HORIZON * 2)

    assert [asked.split()[0] for asked in rig.mailbox.asked] == ["create_draft"]
    assert await rig.state(plan.draft) is State.DROPPED
    move = await rig.move(plan)
    assert (move.state, move.note) == ("open", "taken back before anything was sent")


async def test_a_lost_answer_to_the_undo_ends_with_the_draft_gone(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.LOST_ANSWER]
    await rig.undo(plan)
    await rig.pass_time(timedelta(seconds=30))

    assert rig.mailbox.drafts == []
    assert await rig.state(plan.draft) is State.UNDONE


@pytest.mark.parametrize("answer", [Answer.LOST_REQUEST, Answer.UNAVAILABLE])
async def test_an_undo_that_did_not_come_through_is_tried_again(rig, answer):
    plan = await rig.held()
    rig.mailbox.answers = [answer]
    await rig.undo(plan)
    await rig.pass_time(timedelta(seconds=30))

    assert rig.mailbox.drafts == []
    assert await rig.state(plan.draft) is State.UNDONE


async def test_an_undo_whose_worker_died_is_taken_up_by_another(rig):
    plan = await rig.held()
    await rig.undo(plan)
    rig.mailbox.answers = [Answer.KILLED_BEFORE]
    with pytest.raises(Killed):
        await rig.settle()
    assert await rig.state(plan.draft) is State.UNDO_ARMED

    rig.clock.advance(TIMING.lease)
    await rig.settle()
    assert rig.mailbox.drafts == []
    assert await rig.state(plan.draft) is State.UNDONE


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"subject": "Something else"}, "the subject is now “Something else”"),
        ({"body": "Rewritten"}, "the text is different"),
        ({"to": ("orla@pier7.example",)}, "recipients are now orla@pier7.example"),
    ],
)
async def test_a_draft_edited_by_hand_is_not_sent_and_the_move_says_what_changed(rig, changed, said):
    plan = await rig.held()
    rig.mailbox.edit(rig.mailbox.drafts[0].id, **changed)
    await rig.leaves()

    assert rig.mailbox.outbox == []
    move = await rig.move(plan)
    assert move.state == "open"
    assert said in move.note
    assert "your changed draft is still in Gmail" in move.note
    assert len(rig.mailbox.drafts) == 1


async def test_a_draft_deleted_by_hand_is_not_sent_and_the_move_says_so(rig):
    plan = await rig.held()
    rig.mailbox.remove(rig.mailbox.drafts[0].id)
    await rig.leaves()

    assert rig.mailbox.outbox == []
    move = await rig.move(plan)
    assert (move.state, move.note) == ("open", "the draft was deleted in Gmail; nothing was sent from here")


async def test_undo_finds_the_mail_that_was_sent_by_hand_and_says_so(rig):
    plan = await rig.held()
    rig.mailbox.send_by_hand(rig.mailbox.drafts[0].id)
    await rig.undo(plan)
    await rig.settle()

    move = await rig.move(plan)
    assert (await rig.state(plan.draft), move.state) == (State.CANNOT_UNDO, "open")
    assert "the mail was sent by hand from Gmail" in move.note


async def test_a_draft_sent_by_hand_is_done_and_not_sent_again(rig):
    plan = await rig.held()
    rig.mailbox.send_by_hand(rig.mailbox.drafts[0].id)
    await rig.leaves()

    assert len(rig.mailbox.outbox) == 1
    assert (await rig.move(plan)).state == "done"
    assert (await rig.effect(plan.sending)).receipt.known_by == "read back"


async def test_their_word_that_it_was_sent_finishes_the_move_and_is_kept_as_theirs(rig):
    plan = await nobody_can_tell(rig)
    thread = (await rig.effect(plan.draft)).receipt.detail["thread_id"]
    await rig.decide(plan, "sent")
    await rig.pass_time(PAST_HORIZON)

    assert rig.mailbox.outbox == []
    assert (await rig.move(plan)).state == "done"
    receipt = (await rig.effect(plan.sending)).receipt
    assert (receipt.known_by, receipt.detail["thread_id"]) == (f"word of {OWNER}", thread)


async def test_their_word_to_send_again_makes_a_new_draft_and_sends_one_mail(rig):
    dana = address()
    plan = await nobody_can_tell(rig, email=dana)
    await rig.decide(plan, "again")
    await rig.settle()

    assert len(rig.mailbox.sent_to(dana)) == 1
    assert (await rig.move(plan)).state == "done"


async def test_their_word_to_drop_it_opens_the_move_with_the_reason(rig):
    plan = await nobody_can_tell(rig)
    await rig.decide(plan, "drop")
    await rig.pass_time(PAST_HORIZON)

    assert rig.mailbox.outbox == []
    move = await rig.move(plan)
    assert move.state == "open"
    assert "nobody could tell" in move.note


@pytest.mark.parametrize("choice", ["sent", "again", "drop"])
async def test_a_second_word_finds_nothing_left_to_decide(rig, choice):
    plan = await nobody_can_tell(rig)
    await rig.decide(plan, choice)
    await rig.settle()
    with pytest.raises(AlreadyDecided):
        await rig.decide(plan, choice)


async def test_a_draft_sent_by_hand_before_we_knew_of_it_is_done_and_not_sent_again(rig):
    dana = address()
    plan = await rig.approved(email=dana)
    rig.mailbox.answers = [Answer.LOST_ANSWER]
    await rig.runner.run(plan.draft)
    rig.mailbox.send_by_hand(rig.mailbox.drafts[0].id)
    await rig.pass_time(PAST_HORIZON)

    assert len(rig.mailbox.sent_to(dana)) == 1
    assert (await rig.move(plan)).state == "done"


async def drafts_cannot_be_read(rig: Rig, **of):
    """The answer about the draft is lost, and the mailbox does not let us look."""
    plan = await rig.approved(**of)
    rig.mailbox.answers = [Answer.LOST_ANSWER]
    await rig.runner.run(plan.draft)
    rig.mailbox.reads_fail = Rejected("no permission to read drafts")
    await rig.settle()
    rig.mailbox.reads_fail = None
    assert await rig.state(plan.draft) is State.NEEDS_HUMAN
    rig.mailbox.send_by_hand(rig.mailbox.drafts[0].id)
    return plan


@pytest.mark.parametrize(("choice", "mails", "state"), [("sent", 1, "done"), ("again", 2, "done"), ("drop", 1, "open")])
async def test_a_word_about_a_draft_settles_the_whole_plan(rig, choice, mails, state):
    dana = address()
    plan = await drafts_cannot_be_read(rig, email=dana)
    await rig.decide(plan, choice)
    await rig.pass_time(PAST_HORIZON)

    assert len(rig.mailbox.sent_to(dana)) == mails
    assert (await rig.move(plan)).state == state
    waiting = [row.state for row in await factories.effects_of(rig.database, plan.move) if row.due_at is not None]
    assert waiting == []


async def test_a_mail_whose_draft_a_person_has_to_look_for_waits_for_their_word_alone(rig):
    dana = address()
    plan = await drafts_cannot_be_read(rig, email=dana)
    await rig.pass_time(PAST_HORIZON)
    assert [row.due_at for row in await factories.effects_of(rig.database, plan.move)] == [None, None]
    async with rig.database.begin() as db:
        assert (await cards.to_show(db, plan.move, rig.clock.now)).state is CardState.NEEDS_HUMAN

    await rig.decide(plan, "again")
    await rig.settle()
    assert len(rig.mailbox.sent_to(dana)) == 2


async def test_a_card_never_says_held_until_an_hour_that_has_passed(rig):
    """The hold is over, and the draft is being made for the second time."""
    plan = await rig.approved()
    rig.mailbox.answers = [Answer.KILLED_BEFORE]
    with pytest.raises(Killed):
        await rig.runner.run(plan.draft)
    rig.clock.advance(HOLD)
    await rig.runner.run(plan.sending)
    async with rig.database.begin() as db:
        assert (await cards.to_show(db, plan.move, rig.clock.now)).state is CardState.WORKING
