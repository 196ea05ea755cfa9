"""The daily cap of a mailbox: it is never exceeded, its room is kept while nobody knows, and comes back when nothing left."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from core.approval import PlanBlocked
from core.effect import State
from core.tables import caps, reservations
from tests.support import factories
from tests.support.factories import HOLD
from tests.support.fake_mailbox import Answer, Killed
from tests.support.rig import PAST_HORIZON, Rig, rigged

CAP = 10


@pytest.fixture
async def rig(database, clock) -> Rig:
    # Far from midnight, so that no test's hold runs into the next day's cap.
    clock.now = datetime.combine(clock.now.date(), time(12), tzinfo=UTC)
    return await rigged(database, clock)


async def used(rig: Rig) -> int:
    async with rig.database.begin() as db:
        return (await db.execute(select(func.coalesce(func.sum(caps.c.used), 0)))).scalar_one()


async def test_of_fifty_mails_at_once_exactly_the_cap_leaves(rig, clock):
    plans = await rig.ready_to_leave(50)
    await factories.furnished(rig.database, now=clock.now, cap=CAP)
    await rig.run_at_once(plan.sending for plan in plans)

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


async def test_what_a_dropped_plan_had_reserved_is_free_again(rig):
    plan = await rig.held()
    rig.mailbox.answers = [Answer.UNAVAILABLE]
    await rig.leaves()
    assert await used(rig) == 1
    await rig.undo(plan)

    assert await used(rig) == 0
    async with rig.database.begin() as db:
        assert (await db.execute(select(func.count()).select_from(reservations))).scalar_one() == 0


async def test_a_mail_tried_again_after_midnight_takes_room_of_the_new_day(rig, clock):
    await factories.furnished(rig.database, now=clock.now, cap=1)
    [first] = await rig.ready_to_leave(1)
    rig.mailbox.answers = [Answer.UNAVAILABLE]
    await rig.run_at_once([first.sending])
    assert await used(rig) == 1

    clock.now = datetime.combine(clock.now.date() + timedelta(days=1), time(), tzinfo=UTC)
    await rig.settle()

    assert len(rig.mailbox.outbox) == 1
    async with rig.database.begin() as db:
        rows = (await db.execute(select(caps.c.window, caps.c.used).order_by(caps.c.window))).all()
    assert [row.used for row in rows] == [0, 1]
