"""Who is at an effect: a worker that lives keeps it, one that has died loses it within seconds, and poison is parked."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from core.actions.reply_in_thread import ReplyInThread
from core.effect import MOST_CLAIMS, State
from core.tables import moves, recommendations
from tests.support import factories
from tests.support.factories import address
from tests.support.fake_mailbox import Answer, Killed
from tests.support.rig import TIMING, rigged


@pytest.fixture
async def rig(database, clock):
    return await rigged(database, clock)


async def test_a_slow_request_is_left_alone_while_its_worker_says_that_it_lives(rig):
    plan = await rig.approved()

    async def takes_its_time():
        for _ in range(10):
            rig.clock.advance(TIMING.lease - timedelta(seconds=1))
            await rig.runner.renew()
            await rig.another_runner().run(plan.draft)
            assert await rig.state(plan.draft) is State.ARMED

    rig.mailbox.before_change = takes_its_time
    await rig.runner.run(plan.draft)
    assert await rig.state(plan.draft) is State.APPLIED
    assert len(rig.mailbox.asked) == 1


async def test_a_worker_that_died_is_noticed_when_its_lease_has_run_out(rig):
    plan = await rig.approved()
    rig.mailbox.answers = [Answer.KILLED_AFTER]
    with pytest.raises(Killed):
        await rig.runner.run(plan.draft)
    rig.clock.advance(TIMING.lease - timedelta(milliseconds=1))
    await rig.settle()
    assert await rig.state(plan.draft) is State.ARMED

    rig.clock.advance(timedelta(milliseconds=1))
    await rig.settle()
    assert await rig.state(plan.draft) is State.APPLIED
    assert len(rig.mailbox.drafts) == 1
    assert (await rig.effect(plan.draft)).effect.claims == 1


async def test_a_renewal_under_an_old_fence_keeps_nothing(rig):
    plan = await rig.approved()

    async def overtaken():
        rig.clock.advance(TIMING.lease)
        await rig.another_runner().run(plan.draft)  # unknown
        due = (await rig.effect(plan.draft)).effect.due_at
        rig.mailbox.answers = [Answer.APPLIED]
        rig.runner._at_work[plan.draft] = 0  # as if a life before had been at it
        await rig.runner.renew()
        assert (await rig.effect(plan.draft)).effect.due_at == due

    rig.mailbox.before_change = overtaken
    await rig.runner.run(plan.draft)


async def test_an_effect_over_which_workers_die_again_and_again_is_parked(rig):
    plan = await rig.approved()
    rig.mailbox.answers = [Answer.KILLED_BEFORE] * 20
    deaths = 0
    for _ in range(20):
        try:
            await rig.pass_time(timedelta(minutes=5))
        except Killed:
            deaths += 1
    effect = (await rig.effect(plan.draft)).effect
    assert (deaths, effect.state) == (MOST_CLAIMS, State.NEEDS_HUMAN)
    assert "5 tries ended without a word" in effect.cause


async def test_a_fault_that_nobody_foresaw_is_counted_logged_and_parked(rig, caplog):
    plan = await rig.approved()

    async def breaks():
        rig.mailbox.before_change = breaks  # every time
        raise ZeroDivisionError

    rig.mailbox.before_change = breaks
    await rig.pass_time(timedelta(hours=1))
    assert await rig.state(plan.draft) is State.NEEDS_HUMAN
    assert rig.mailbox.drafts == []
    assert "an effect met a fault that nobody foresaw" in caplog.text


async def test_an_answer_in_a_thread_is_drafted_there_and_sent(rig):
    dana = address()
    move = await factories.proposed(rig.database, now=rig.clock.now, email=dana)
    params = ReplyInThread(
        to=(dana,), subject="Re: Your stand", body="Gladly.\n", thread_id="t77", in_reply_to="<a@mail.example>"
    )
    async with rig.database.begin() as db:
        mine = moves.select().where(moves.c.id == move)
        recommendation = (await db.execute(mine)).one().recommendation_id
        changed = update(recommendations).where(recommendations.c.id == recommendation)
        await db.execute(changed.values(action="reply_in_thread", params=params.model_dump(mode="json")))
    plan = await rig.approved(move=move)
    await rig.settle()
    await rig.leaves()
    [sent] = rig.mailbox.sent_to(dana)
    assert (sent.mail.thread_id, sent.mail.in_reply_to) == ("t77", "<a@mail.example>")
    assert (await rig.move(plan)).state == "done"
