"""A mail as two effects on PostgreSQL: whatever the mailbox answers, never two mails and none lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core import audit_verify
from core.effect import State
from core.ports import Unavailable
from core.tables import audit_entries, effects
from tests.support.factories import HOLD, address
from tests.support.fake_mailbox import Answer, Killed
from tests.support.rig import PAST_HORIZON, TIMING, Rig, rigged


@pytest.fixture
async def rig(database, clock) -> Rig:
    return await rigged(database, clock)


async def test_the_draft_is_made_at_once_and_the_mail_leaves_after_the_hold(rig):
    dana = address()
    plan = await rig.held(email=dana)
    assert [draft.mail.to for draft in rig.mailbox.drafts] == [(dana,)]

    rig.clock.advance(HOLD - timedelta(milliseconds=1))
    await rig.settle()
    assert rig.mailbox.sent_to(dana) == []

    rig.clock.advance(timedelta(milliseconds=1))
    await rig.settle()
    assert len(rig.mailbox.sent_to(dana)) == 1
    assert (await rig.move(plan)).state == "done"
    receipt = (await rig.effect(plan.sending)).receipt
    assert (receipt.external_id, receipt.known_by) == (rig.mailbox.outbox[0].id, "answer")


@pytest.mark.parametrize("step", ["draft", "sending"])
@pytest.mark.parametrize("answer", [Answer.LOST_ANSWER, Answer.LOST_REQUEST, Answer.KILLED_BEFORE, Answer.KILLED_AFTER])
async def test_a_lost_answer_or_a_dead_worker_costs_neither_the_mail_nor_a_second_one(rig, step, answer):
    dana = address()
    plan = await rig.approved(email=dana)
    rig.mailbox.answers = [answer] if step == "draft" else [Answer.APPLIED, answer]
    if answer in {Answer.KILLED_BEFORE, Answer.KILLED_AFTER}:
        with pytest.raises(Killed):
            await rig.pass_time(HOLD)
    await rig.pass_time(HOLD + 2 * PAST_HORIZON)

    assert len(rig.mailbox.sent_to(dana)) == 1
    assert [one.key for one in rig.mailbox.drafts] == []
    assert (await rig.move(plan)).state == "done"
    assert [await rig.state(plan.draft), await rig.state(plan.sending)] == [State.APPLIED, State.APPLIED]


@pytest.mark.parametrize("step", ["draft", "sending"])
async def test_a_request_that_lands_late_is_waited_for_and_not_repeated(rig, step):
    dana = address()
    plan = await rig.approved(email=dana)
    rig.mailbox.late_by = timedelta(seconds=100)
    rig.mailbox.answers = [Answer.LATE] if step == "draft" else [Answer.APPLIED, Answer.LATE]
    await rig.pass_time(HOLD + 2 * PAST_HORIZON)

    assert len(rig.mailbox.sent_to(dana)) == 1
    assert [asked.split()[0] for asked in rig.mailbox.asked] == ["create_draft", "send_draft"]
    assert (await rig.effect(plan.draft if step == "draft" else plan.sending)).receipt.known_by == "read back"


async def test_a_mail_surely_not_sent_is_sent_again_only_past_the_horizon(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.LOST_REQUEST]
    await rig.leaves()
    horizon = (await rig.effect(plan.sending)).effect.horizon_until
    assert horizon == rig.clock.now + TIMING.start_within + TIMING.request_timeout + TIMING.horizon

    await rig.pass_time(horizon - rig.clock.now - timedelta(milliseconds=1))
    assert await rig.state(plan.sending) is State.UNKNOWN
    assert rig.mailbox.outbox == []

    await rig.pass_time(timedelta(milliseconds=1))
    assert len(rig.mailbox.outbox) == 1
    assert (await rig.effect(plan.sending)).effect.attempt == 2


async def test_a_busy_mailbox_is_asked_again_when_it_said_and_not_before(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.UNAVAILABLE]
    await rig.leaves()
    waiting = (await rig.effect(plan.sending)).effect
    assert (waiting.state, waiting.due_at) == (State.APPROVED, rig.clock.now + timedelta(seconds=7))

    rig.clock.advance(timedelta(seconds=7))
    await rig.settle()
    assert len(rig.mailbox.outbox) == 1


async def test_a_mailbox_that_does_not_say_when_is_asked_less_and_less_often(rig):
    plan = await rig.held()
    rig.mailbox.retry_after = None
    rig.mailbox.answers = [Answer.UNAVAILABLE] * 9
    await rig.leaves()
    waits = []
    while (effect := (await rig.effect(plan.sending)).effect).state is State.APPROVED:
        waits.append((effect.due_at - rig.clock.now).total_seconds())
        rig.clock.now = effect.due_at
        await rig.settle()
    assert waits == [5, 10, 20, 30, 30, 30, 30, 30, 30]
    assert len(rig.mailbox.outbox) == 1


async def test_a_refused_mail_opens_the_move_again_and_says_why(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.REFUSED]
    await rig.leaves()

    move = await rig.move(plan)
    assert (move.state, move.note, move.decided_by) == ("open", "the mailbox says no", None)
    assert await rig.state(plan.sending) is State.REFUSED
    assert await rig.state(plan.draft) is State.UNDONE
    assert (rig.mailbox.drafts, rig.mailbox.outbox) == ([], [])


async def test_a_refused_draft_opens_the_move_again_and_nothing_is_left_waiting(rig):
    plan = await rig.approved()
    rig.mailbox.answers = [Answer.REFUSED]
    await rig.pass_time(HOLD * 2)

    assert (await rig.move(plan)).state == "open"
    assert [await rig.state(plan.draft), await rig.state(plan.sending)] == [State.REFUSED, State.CANCELLED]
    assert [asked.split()[0] for asked in rig.mailbox.asked] == ["create_draft"]


async def test_a_mailbox_that_cannot_be_read_is_not_guessed_about(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.LOST_ANSWER]
    rig.clock.advance(HOLD)
    await rig.runner.run(plan.sending)
    rig.mailbox.reads_fail = Unavailable("the mailbox is down")
    await rig.pass_time(PAST_HORIZON)
    assert await rig.state(plan.sending) is State.UNKNOWN
    assert len(rig.mailbox.outbox) == 1

    rig.mailbox.reads_fail = None
    await rig.pass_time(timedelta(seconds=10))
    assert await rig.state(plan.sending) is State.APPLIED
    assert len(rig.mailbox.outbox) == 1


async def test_a_worker_that_begins_too_late_sends_nothing_and_tries_again(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)
    reading = rig.mailbox.read_draft

    async def slowly(draft_id):
        rig.clock.advance(TIMING.start_within + timedelta(milliseconds=1))
        return await reading(draft_id)

    rig.mailbox.read_draft = slowly
    await rig.runner.run(plan.sending)
    assert rig.mailbox.outbox == []
    assert await rig.state(plan.sending) is State.APPROVED

    rig.mailbox.read_draft = reading
    await rig.pass_time(timedelta(seconds=5))
    assert len(rig.mailbox.outbox) == 1


async def test_an_answer_that_comes_after_its_lease_is_kept_as_late_evidence(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)

    async def the_lease_runs_out():
        rig.clock.advance(TIMING.lease + timedelta(seconds=1))
        await rig.another_runner().run(plan.sending)
        assert await rig.state(plan.sending) is State.UNKNOWN

    rig.mailbox.before_change = the_lease_runs_out
    await rig.runner.run(plan.sending)

    async with rig.database.begin() as db:
        kept = await db.exec_driver_sql(f"select state, late_evidence from effects where id = '{plan.sending}'")
        state, (evidence,) = kept.one()
    assert state == State.UNKNOWN
    assert (evidence["event"], evidence["fence"]) == ("Applied", 1)
    assert evidence["receipt"]["external_id"] == rig.mailbox.outbox[0].id

    await rig.settle()
    assert await rig.state(plan.sending) is State.APPLIED
    assert len(rig.mailbox.outbox) == 1


async def test_an_answer_whose_effects_tries_were_counted_anew_meanwhile_counts_all_the_same(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)

    async def an_older_answer_comes():
        async with rig.database.begin() as db:
            await db.execute(update(effects).where(effects.c.id == plan.sending).values(claims=0))

    rig.mailbox.before_change = an_older_answer_comes
    await rig.runner.run(plan.sending)
    assert await rig.state(plan.sending) is State.APPLIED
    assert len(rig.mailbox.outbox) == 1


async def recorded(rig, plan):
    """What the audit says of the plan's move, in order; the chain is whole."""
    async with rig.database.begin() as db:
        assert (await audit_verify.verify(db)).sound
        told = select(audit_entries.c.what, audit_entries.c.effect_id).where(audit_entries.c.move_id == plan.move)
        return [tuple(row) for row in (await db.execute(told.order_by(audit_entries.c.seq))).all()]


async def test_each_change_of_a_step_is_in_the_audit_once_and_in_order(rig):
    await rig.held()  # the connections know the chain
    plan = await rig.held()
    await rig.leaves()
    told = await recorded(rig, plan)
    assert [what for what, effect in told if effect == plan.draft] == ["armed", "applied"]
    assert [what for what, effect in told if effect == plan.sending] == ["held", "armed", "applied"]


async def test_a_step_whose_plan_is_taken_back_meanwhile_is_in_the_audit_with_what_follows(rig):
    await rig.held()
    plan = await rig.approved()
    rig.mailbox.before_change = lambda: rig.undo(plan)
    await rig.runner.run(plan.draft)
    await rig.settle()
    told = await recorded(rig, plan)
    assert [what for what, effect in told if effect == plan.draft] == ["armed", "applied", "undo_armed", "undone"]
    assert [what for what, effect in told if effect == plan.sending] == ["held", "cancelled"]
    assert len(rig.mailbox.drafts) == 1  # the other plan's


async def test_a_mail_whose_hold_is_over_before_its_draft_is_there_leaves_as_soon_as_it_is(rig):
    plan = await rig.approved()
    rig.clock.advance(HOLD)
    await rig.runner.run(plan.sending)
    assert rig.mailbox.outbox == []

    await rig.settle()  # no time passes
    assert await rig.state(plan.sending) is State.APPLIED
    assert len(rig.mailbox.outbox) == 1


async def test_a_second_worker_leaves_alone_what_the_first_has_locked(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        await db.exec_driver_sql(f"select 1 from effects where id = '{plan.sending}' for update")
        await rig.another_runner().run(plan.sending)
        assert rig.mailbox.outbox == []

    await rig.settle()
    assert len(rig.mailbox.outbox) == 1


async def test_a_second_worker_leaves_alone_what_the_first_has_under_way(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)
    rig.mailbox.before_change = lambda: rig.another_runner().run(plan.sending)
    await rig.settle()

    assert [asked.split()[0] for asked in rig.mailbox.asked] == ["create_draft", "send_draft"]
    assert len(rig.mailbox.outbox) == 1


async def test_a_second_draft_of_ours_is_deleted_before_the_mail_leaves(rig):
    plan = await rig.held()
    [ours] = rig.mailbox.drafts
    await rig.mailbox.create_draft(ours.mail, key=ours.key)  # as a proxy on the way would that repeats requests
    await rig.leaves()

    assert [sent.key for sent in rig.mailbox.outbox] == [ours.key]
    assert rig.mailbox.drafts == []
    assert (await rig.move(plan)).state == "done"


async def test_a_second_draft_whose_deletion_is_unclear_makes_the_mail_wait(rig):
    plan = await rig.held()
    [ours] = rig.mailbox.drafts
    await rig.mailbox.create_draft(ours.mail, key=ours.key)
    rig.mailbox.answers = [Answer.LOST_REQUEST]
    await rig.leaves()
    assert rig.mailbox.outbox == []

    await rig.pass_time(timedelta(minutes=1))
    assert (len(rig.mailbox.outbox), rig.mailbox.drafts) == (1, [])
    assert (await rig.move(plan)).state == "done"


async def test_the_draft_of_another_move_to_the_same_person_is_left_alone(rig):
    await rig.held()
    [ours] = rig.mailbox.drafts
    await rig.mailbox.create_draft(ours.mail, key="f" * 33)
    await rig.leaves()
    assert [sent.key for sent in rig.mailbox.outbox] == [ours.key]
    assert [draft.key for draft in rig.mailbox.drafts] == ["f" * 33]


async def test_a_draft_that_a_person_began_for_the_same_mail_is_named_and_nothing_leaves(rig):
    plan = await rig.held()
    [ours] = rig.mailbox.drafts
    await rig.mailbox.create_draft(ours.mail, key="")
    await rig.leaves()
    assert [draft.key for draft in rig.mailbox.drafts] == [""]
    assert rig.mailbox.outbox == []
    move = await rig.move(plan)
    assert move.state == "open"
    assert "under the same subject is in Gmail, without our mark" in move.note
