"""Guardrails inside the arming transaction: they hold however many workers arm at the same instant."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, update

from core import person
from core.approval import PlanBlocked
from core.effect import State
from core.guardrails import QUIET_PERIOD
from core.tables import caps, people, reservations
from tests.support import factories
from tests.support.factories import HOLD, OWNER, address
from tests.support.fake_mailbox import Answer, Killed
from tests.support.rig import PAST_HORIZON, Rig, rigged

CAP = 10


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


async def used(rig: Rig) -> int:
    async with rig.database.begin() as db:
        return (await db.execute(select(func.coalesce(func.sum(caps.c.used), 0)))).scalar_one()


async def run_at_once(rig: Rig, ids) -> None:
    await asyncio.gather(*(rig.another_runner().run(id) for id in ids))


async def ready_to_leave(rig: Rig, number: int) -> list:
    plans = [await rig.approved() for _ in range(number)]
    await rig.settle()
    rig.clock.advance(HOLD)
    return plans


async def test_what_is_paused_is_blocked_and_says_by_whom(rig):
    plan = await rig.held()
    await rig.pause()
    await rig.leaves()

    blocked = (await rig.effect(plan.sending)).effect
    assert (blocked.state, blocked.due_at) == (State.BLOCKED, None)
    assert "paused by Casey Morgan" in blocked.cause
    assert rig.mailbox.outbox == []


async def test_resume_lets_go_on_what_the_pause_had_blocked(rig):
    plans = await ready_to_leave(rig, 3)
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
    plans = await ready_to_leave(rig, 12)
    armed_before: list[str] = []

    async def press_pause():
        await rig.pause()
        armed_before.extend(await armed(rig, plans))

    await asyncio.gather(*(rig.another_runner().run(plan.sending) for plan in plans[:6]), press_pause())
    await run_at_once(rig, [plan.sending for plan in plans])

    left = {sent.mail.to[0] for sent in rig.mailbox.outbox}
    assert len(left) == len(rig.mailbox.outbox) == len(armed_before)
    assert [await rig.state(plan.sending) for plan in plans[6:]] == [State.BLOCKED] * 6


async def armed(rig: Rig, plans) -> list[str]:
    """The sending effects that were armed by now, whatever became of them since."""
    return [str(plan.sending) for plan in plans if (await rig.effect(plan.sending)).effect.fence > 0]


async def test_a_pause_waits_for_an_arming_under_way_and_the_next_arming_sees_it(rig):
    plan = await rig.held()
    rig.clock.advance(HOLD)
    async with rig.database.begin() as db:
        await db.exec_driver_sql("select 1 from switches for share")
        pausing = asyncio.create_task(rig.pause())
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(pausing), 0.2)
    await pausing
    await rig.settle()
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


async def test_of_fifty_mails_at_once_exactly_the_cap_leaves(rig, clock):
    plans = await ready_to_leave(rig, 50)
    await factories.furnished(rig.database, now=clock.now, cap=CAP)
    await run_at_once(rig, [plan.sending for plan in plans])

    assert len(rig.mailbox.outbox) == CAP
    assert await used(rig) == CAP
    states = [(await rig.effect(plan.sending)).effect for plan in plans]
    waiting = [effect for effect in states if effect.state is State.BLOCKED]
    assert len(waiting) == 50 - CAP
    midnight = datetime.combine(clock.now.date() + timedelta(days=1), time(), tzinfo=UTC)
    assert {effect.due_at for effect in waiting} == {midnight}

    clock.now = midnight
    await rig.settle()
    assert len(rig.mailbox.outbox) == 2 * CAP


async def test_room_comes_back_when_the_mailbox_refuses(rig):
    await factories.furnished(rig.database, now=rig.clock.now, cap=1)
    plan = await rig.held()
    rig.mailbox.answers = [Answer.REFUSED]
    await rig.leaves()
    assert await used(rig) == 0

    await rig.held(move=plan.move)
    await rig.leaves()
    assert len(rig.mailbox.outbox) == 1
    assert await used(rig) == 1


async def test_the_cap_stays_reserved_while_nobody_knows_whether_the_mail_left(rig):
    first, second = await rig.held(), await rig.held()
    await factories.furnished(rig.database, now=rig.clock.now, cap=1)
    rig.clock.advance(HOLD)
    rig.mailbox.answers = [Answer.LOST_REQUEST]
    await rig.runner.run(first.sending)
    await rig.runner.run(second.sending)

    assert await rig.state(first.sending) is State.UNKNOWN
    assert await rig.state(second.sending) is State.BLOCKED
    assert await used(rig) == 1
    await rig.pass_time(PAST_HORIZON)
    assert [list(sent.mail.to) for sent in rig.mailbox.outbox] == [(await rig.effect(first.sending)).params["to"]]
    assert await used(rig) == 1


async def test_a_second_attempt_takes_no_second_room(rig):
    await factories.furnished(rig.database, now=rig.clock.now, cap=1)
    await rig.held()
    rig.mailbox.answers = [Answer.UNAVAILABLE, Answer.UNAVAILABLE]
    await rig.leaves()
    await rig.pass_time(timedelta(minutes=1))

    assert len(rig.mailbox.outbox) == 1
    assert await used(rig) == 1


async def test_a_dead_worker_does_not_lose_the_room(rig):
    await factories.furnished(rig.database, now=rig.clock.now, cap=1)
    await rig.held()
    rig.mailbox.answers = [Answer.KILLED_BEFORE]
    with pytest.raises(Killed):
        await rig.leaves()
    assert await used(rig) == 1
    await rig.pass_time(2 * PAST_HORIZON)
    assert len(rig.mailbox.outbox) == 1
    assert await used(rig) == 1


async def test_an_approval_beyond_the_cap_is_told_so_before_it_binds(rig):
    await factories.furnished(rig.database, now=rig.clock.now, cap=0)
    with pytest.raises(PlanBlocked, match="0 mails left this mailbox today, its cap"):
        await rig.approved()


async def test_two_mails_to_one_person_at_once_become_one_and_the_other_waits_a_week(rig):
    dana = address()
    plans = [await rig.held(email=dana, purpose=purpose) for purpose in ("answer_inquiry", "renewal")]
    rig.clock.advance(HOLD)
    await run_at_once(rig, [plan.sending for plan in plans])

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


async def test_what_a_dropped_plan_had_reserved_is_free_again(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.UNAVAILABLE]
    await rig.leaves()
    assert await used(rig) == 1
    await rig.undo(plan)

    assert await used(rig) == 0
    async with rig.database.begin() as db:
        assert (await db.execute(select(func.count()).select_from(reservations))).scalar_one() == 0
