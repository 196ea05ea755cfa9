"""Guardrails inside the arming transaction: they hold however many workers arm at the same instant."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import insert, update

from core import outcome, person, signal, switch
from core.approval import PlanBlocked
from core.effect import State
from core.guardrails import QUIET_PERIOD
from core.identity import new_id
from core.ports import IncomingMail
from core.signal import MAIL_RECEIVED, Signal
from core.tables import people, suppressions
from tests.support.factories import HOLD, OWNER, address
from tests.support.rig import Rig, rigged


@pytest.fixture
async def rig(database, clock) -> Rig:
    # Far from midnight, so that no test's hold runs into the next day's cap.
    clock.now = datetime.combine(clock.now.date(), time(12), tzinfo=UTC)
    return await rigged(database, clock)


async def suppress(rig: Rig, email: str) -> None:
    async with rig.database.begin() as db:
        await person.suppress(
            db,
            workspace=rig.database.workspace,
            email=email,
            reason="opt_out",
            evidence="asked by mail",
            by=OWNER,
            now=rig.clock.now,
        )


async def test_what_is_paused_is_blocked_and_says_by_whom(rig):
    plan = await rig.held()
    await rig.pause()
    await rig.leaves()

    blocked = (await rig.effect(plan.sending)).effect
    assert (blocked.state, blocked.due_at) == (State.BLOCKED, None)
    assert "paused by Casey Morgan" in blocked.cause
    assert rig.mailbox.outbox == []


async def test_resume_lets_go_on_what_the_pause_had_blocked(rig):
    plans = await rig.ready_to_leave(3)
    await rig.pause()
    await rig.settle()
    assert [await rig.state(plan.sending) for plan in plans] == [State.BLOCKED] * 3

    assert await rig.resume() == 3
    await rig.settle()
    assert len(rig.mailbox.outbox) == 3


async def test_a_pause_stops_the_draft_as_well(rig):
    await rig.pause()
    plan = await rig.held()

    assert await rig.state(plan.draft) is State.BLOCKED
    assert rig.mailbox.asked == []


async def test_once_the_pause_is_committed_nothing_is_armed(rig):
    plans = await rig.ready_to_leave(12)
    armed_before: list[str] = []

    async def press_pause():
        await rig.pause()
        armed_before.extend(await armed(rig, plans))

    await asyncio.gather(*(rig.another_runner().run(plan.sending) for plan in plans[:6]), press_pause())
    await rig.run_at_once(plan.sending for plan in plans)

    left = {sent.mail.to[0] for sent in rig.mailbox.outbox}
    assert len(left) == len(rig.mailbox.outbox) == len(armed_before)
    assert [await rig.state(plan.sending) for plan in plans[6:]] == [State.BLOCKED] * 6


async def armed(rig: Rig, plans) -> list[str]:
    """The sending effects that were armed by now, whatever became of them since."""
    return [str(plan.sending) for plan in plans if (await rig.effect(plan.sending)).effect.fence > 0]


async def test_an_arming_that_is_under_way_makes_the_pause_wait(rig):
    async with rig.database.begin() as db:
        assert not (await switch.sending(db, locked=True)).paused
        pausing = asyncio.create_task(rig.pause())
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(pausing), 0.2)
    await pausing


async def test_a_pause_that_is_under_way_makes_the_arming_wait_and_stops_it(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        await switch.pause(db, by=OWNER, reason="stop", now=rig.clock.now)
        arming = asyncio.create_task(rig.runner.run(plan.sending))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(arming), 0.2)
    await arming
    assert rig.mailbox.outbox == []
    assert await rig.state(plan.sending) is State.BLOCKED


async def test_a_missing_switch_stops_everything(rig):
    plan = await rig.held()
    async with rig.database.begin() as db:
        await db.exec_driver_sql("delete from switches")
    await rig.leaves()

    assert rig.mailbox.outbox == []
    assert await rig.state(plan.sending) is State.BLOCKED


async def test_a_suppression_after_the_approval_stops_the_mail_and_takes_the_draft_away(rig):
    dana = address()
    plan = await rig.held(email=dana)
    await suppress(rig, dana)
    await rig.leaves()

    assert (rig.mailbox.drafts, rig.mailbox.outbox) == ([], [])
    move = await rig.move(plan)
    assert move.state == "open"
    assert f"{dana} must not be written to: opt out, asked by mail" in move.note


async def test_a_suppressed_domain_stops_everybody_there_and_nobody_elsewhere(rig):
    here, elsewhere = await rig.held(email=address()), await rig.held(email="dana@mail.northpier.example")
    async with rig.database.begin() as db:
        await db.execute(
            insert(suppressions).values(
                workspace_id=rig.database.workspace,
                id=new_id(),
                kind="domain",
                value="northpier.example",
                reason="legal",
                evidence="letter",
                by=OWNER,
                at=rig.clock.now,
            )
        )
    await rig.leaves()
    assert await rig.state(here.sending) is State.DROPPED
    assert await rig.state(elsewhere.sending) is State.APPLIED


async def test_an_arming_that_is_under_way_makes_the_suppression_wait(rig):
    dana = address()
    async with rig.database.begin() as db:
        await person.hold(db, [dana])
        suppressing = asyncio.create_task(suppress(rig, dana))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(suppressing), 0.2)
        assert await person.suppression(db, dana) is None
    await suppressing


async def test_a_suppression_that_is_under_way_makes_the_arming_wait_and_stops_it(rig):
    dana = address()
    plan = await rig.held(email=dana)
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        await person.suppress(
            db,
            workspace=rig.database.workspace,
            email=dana,
            reason="legal",
            evidence="letter",
            by=OWNER,
            now=rig.clock.now,
        )
        arming = asyncio.create_task(rig.runner.run(plan.sending))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(arming), 0.2)
    await arming
    assert rig.mailbox.outbox == []
    assert await rig.state(plan.sending) is State.DROPPED


async def test_of_many_suppressions_racing_with_arming_none_is_followed_by_a_later_mail(rig):
    for _ in range(10):
        dana = address()
        plan = await rig.held(email=dana)
        rig.clock.advance(HOLD)
        await asyncio.gather(suppress(rig, dana), rig.another_runner().run(plan.sending))
        effect = (await rig.effect(plan.sending)).effect
        assert len(rig.mailbox.sent_to(dana)) == effect.fence
        assert effect.state is (State.APPLIED if effect.fence else State.DROPPED)


async def test_two_mails_to_one_person_at_once_become_one_and_the_other_waits_a_week(rig):
    dana = address()
    plans = [await rig.held(email=dana, purpose=purpose) for purpose in ("answer_inquiry", "renewal")]
    rig.clock.advance(HOLD)
    await rig.run_at_once(plan.sending for plan in plans)

    assert len(rig.mailbox.sent_to(dana)) == 1
    [waiting] = [effect for plan in plans if (effect := (await rig.effect(plan.sending)).effect).state is State.BLOCKED]
    assert waiting.due_at == rig.clock.now + QUIET_PERIOD
    assert "one mail a person and week" in waiting.cause

    rig.clock.advance(QUIET_PERIOD)
    await rig.settle()
    assert len(rig.mailbox.sent_to(dana)) == 2


async def test_a_second_mail_within_the_week_is_refused_when_it_is_approved(rig):
    dana = address()
    await rig.held(email=dana)
    await rig.leaves()
    with pytest.raises(PlanBlocked, match="one mail a person and week"):
        await rig.approved(email=dana)


async def test_a_reply_after_the_approval_stops_the_mail(rig):
    dana = address()
    plan = await rig.held(email=dana)
    rig.clock.advance(timedelta(seconds=1))
    async with rig.database.begin() as db:
        await db.execute(update(people).where(people.c.email == dana).values(replied_at=rig.clock.now))
    await rig.leaves()

    assert (rig.mailbox.drafts, rig.mailbox.outbox) == ([], [])
    move = await rig.move(plan)
    assert move.state == "open"
    assert "they answered in the meantime" in move.note


async def test_a_reply_that_is_being_recorded_makes_the_arming_wait_and_stops_it(rig):
    dana = address()
    first = await rig.held(email=dana)
    await rig.leaves()
    rig.clock.advance(QUIET_PERIOD)
    second = await rig.held(email=dana, purpose="renewal")
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        thread = (await rig.effect(first.sending)).receipt.detail["thread_id"]
        earned = await outcome.move_of_thread(db, thread)
        mail = IncomingMail("m1", thread, dana, "Re: hello", "Yes", rig.clock.now, automatic=False)
        seen = Signal("gmail", MAIL_RECEIVED, "m1", {}, mail.at)
        stored = await signal.store(db, seen, workspace=rig.database.workspace, now=mail.at)
        await outcome.record_reply(db, earned, mail, signal=stored, now=mail.at)
        arming = asyncio.create_task(rig.runner.run(second.sending))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(arming), 0.2)
    await arming
    assert len(rig.mailbox.sent_to(dana)) == 1
    assert "they answered in the meantime" in (await rig.move(second)).note
