"""Outcomes teach the score: each is counted once, a silence is provisional, and a late reply turns it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import learning, outcome, queue, scoring, signal
from core.identity import new_id
from core.ports import IncomingMail
from core.signal import MAIL_RECEIVED, Signal
from core.tables import corrections, effects, outcomes
from tests.support import factories
from tests.support.factories import OWNER, address
from tests.support.rig import Rig, rigged


@pytest.fixture
async def rig(database, clock) -> Rig:
    return await rigged(database, clock)


async def sent(rig: Rig, **of):
    plan = await rig.held(**of)
    await rig.leaves()
    return plan


async def thread_of(rig: Rig, plan) -> str:
    return (await rig.effect(plan.sending)).receipt.detail["thread_id"]


async def arrives(rig: Rig, plan, *, automatic: bool = False, text: str = "Yes, send me the plan."):
    """A mail comes into the thread of this plan; whether it was the first reply."""
    thread = await thread_of(rig, plan)
    mail = IncomingMail(new_id().hex, thread, "dana@northpier.example", "Re: hello", text, rig.clock.now, automatic)
    seen = Signal("gmail", MAIL_RECEIVED, mail.message_id, {}, mail.at)
    async with rig.database.begin() as db:
        stored = await signal.store(db, seen, workspace=rig.database.workspace, now=rig.clock.now)
        await signal.settle(db, stored, state="recorded")
        earned = await outcome.move_of_thread(db, thread)
        assert earned is not None
        assert earned.move == plan.move
        if automatic:
            return await outcome.record_automatic(db, earned, mail, signal=stored, now=rig.clock.now)
        return await outcome.record_reply(db, earned, mail, signal=stored, now=rig.clock.now)


async def nothing_comes(rig: Rig) -> int:
    rig.clock.advance(outcome.REPLY_WITHIN)
    async with rig.database.begin() as db:
        return await outcome.record_silence(db, rig.clock.now)


async def counts(rig: Rig) -> dict[str, tuple[int, int]]:
    """By interest: how many were tried, and how many of them answered."""
    async with rig.database.begin() as db:
        return {row.value: (row.tried, row.succeeded) for row in await db.execute(select(corrections))}


async def kinds(rig: Rig) -> list[tuple[str, bool]]:
    async with rig.database.begin() as db:
        rows = await db.execute(select(outcomes.c.kind, outcomes.c.provisional).order_by(outcomes.c.id))
        return [tuple(row) for row in rows]


async def aps_of(rig: Rig, move) -> int:
    async with rig.database.begin() as db:
        facts = await scoring.facts_of(db, move)
        return (await scoring.score_now(db, facts, rig.clock.now)).score.aps


async def told(rig: Rig) -> list[dict]:
    async with rig.database.begin() as db:
        rows = await db.execute(select(effects.c.params).where(effects.c.action == "post_note").order_by(effects.c.id))
        return [row.params["note"] for row in rows]


async def test_a_reply_is_an_outcome_that_raises_similar_moves_and_no_others(rig):
    plan = await sent(rig, interest="exhibit")
    similar = await factories.proposed(rig.database, now=rig.clock.now, interest="exhibit")
    other = await factories.proposed(rig.database, now=rig.clock.now, interest="speak")
    before = await aps_of(rig, similar), await aps_of(rig, other)
    assert await arrives(rig, plan)

    assert await counts(rig) == {"exhibit": (1, 1)}
    assert await aps_of(rig, similar) > before[0]
    assert await aps_of(rig, other) == before[1]
    assert (await factories.the_move(rig.database, similar)).aps == await aps_of(rig, similar)


async def test_a_second_reply_is_told_and_not_counted_again(rig):
    plan = await sent(rig, interest="exhibit")
    assert await arrives(rig, plan)
    assert not await arrives(rig, plan, text="One more thing.")

    assert await counts(rig) == {"exhibit": (1, 1)}
    notes = await told(rig)
    assert [note["facts"]["said"] for note in notes] == ["Yes, send me the plan.", "One more thing."]
    assert [note["facts"]["first"] for note in notes] == ["yes", ""]
    assert "exhibit: 1 of 1 answered" in notes[0]["facts"]["counts"]


async def test_a_machines_answer_counts_as_nothing_and_is_told_once(rig):
    plan = await sent(rig, interest="exhibit")
    await arrives(rig, plan, automatic=True)
    await arrives(rig, plan, automatic=True)

    assert await counts(rig) == {}
    assert await kinds(rig) == [("automatic_reply", False)]
    assert [note["name"] for note in await told(rig)] == ["automatic_reply"]


async def test_silence_for_a_week_lowers_similar_moves_and_is_counted_once(rig):
    plan = await sent(rig, interest="exhibit")
    similar = await factories.proposed(rig.database, now=rig.clock.now, interest="exhibit")
    async with rig.database.begin() as db:
        decided = (await queue.get(db, plan.move)).decided_at
        too_early = decided + outcome.REPLY_WITHIN - timedelta(microseconds=1)
        assert await outcome.record_silence(db, too_early) == 0
    assert await nothing_comes(rig) == 1
    assert await nothing_comes(rig) == 0

    assert await counts(rig) == {"exhibit": (1, 0)}
    assert await kinds(rig) == [("nothing_in_time", True)]
    async with rig.database.begin() as db:
        facts = await scoring.facts_of(db, similar)
        learned = (await scoring.score_now(db, facts, rig.clock.now)).score.part("learned")
    assert learned < 0


async def test_a_late_reply_turns_the_silence_and_is_one_try_that_was_answered(rig):
    plan = await sent(rig, interest="exhibit")
    await nothing_comes(rig)
    assert await arrives(rig, plan)

    assert await counts(rig) == {"exhibit": (1, 1)}
    assert await kinds(rig) == [("nothing_in_time", False), ("reply", False)]
    assert await nothing_comes(rig) == 0


async def test_a_late_reply_is_counted_although_what_was_learned_has_been_forgotten(rig):
    plan = await sent(rig, interest="exhibit")
    await nothing_comes(rig)
    async with rig.database.begin() as db:
        await learning.forget_all(db)
    assert await arrives(rig, plan)
    assert await counts(rig) == {"exhibit": (1, 1)}


async def test_an_answered_mail_is_never_silent(rig):
    plan = await sent(rig, interest="exhibit")
    await arrives(rig, plan)
    assert await nothing_comes(rig) == 0


async def test_each_value_is_seen_beside_all_others_of_its_feature(rig):
    plans = {interest: await sent(rig, interest=interest) for interest in ("exhibit", "speak", "attend")}
    await arrives(rig, plans["exhibit"])
    await arrives(rig, plans["attend"])
    await nothing_comes(rig)
    async with rig.database.begin() as db:
        [learned] = await learning.corrections_for(db, {"interest": "exhibit"})
        assert await learning.corrections_for(db, {"interest": "sponsor"}) == ()
    assert (learned.tried, learned.succeeded) == (1, 1)
    assert (learned.others_tried, learned.others_succeeded) == (2, 1)


async def test_a_reply_retires_their_other_open_moves(rig):
    dana = address()
    plan = await sent(rig, email=dana)
    waiting = await factories.proposed(rig.database, now=rig.clock.now, email=dana, purpose="renewal")
    await arrives(rig, plan)
    retired = await factories.the_move(rig.database, waiting)
    assert (retired.state, retired.note) == ("retired", "they answered: read that first")


async def test_a_reply_is_recorded_also_while_another_move_to_them_is_being_approved(rig):
    dana = address()
    plan = await sent(rig, email=dana)
    waiting = await factories.proposed(rig.database, now=rig.clock.now, email=dana, purpose="renewal")
    async with rig.database.begin() as db:
        await queue.mark_approved(db, waiting, by=OWNER, now=rig.clock.now)
        arriving = asyncio.create_task(arrives(rig, plan))
        await asyncio.sleep(0.3)
        assert not arriving.done()
    await arriving
    assert (await factories.the_move(rig.database, waiting)).state == "approved"
    assert await kinds(rig) == [("reply", False)]


async def test_a_mail_in_a_thread_of_nobodys_earns_nothing(rig):
    await sent(rig)
    async with rig.database.begin() as db:
        assert await outcome.move_of_thread(db, "t999") is None


async def test_what_was_shown_keeps_its_receipt_and_is_made_again_from_it(rig):
    plan = await rig.held(interest="exhibit")
    async with rig.database.begin() as db:
        facts = await scoring.facts_of(db, plan.move)
        first = await scoring.score_now(db, facts, rig.clock.now)
        of = {"workspace": rig.database.workspace, "move": plan.move, "revision": 1}
        assert await scoring.keep(db, **of, receipt=first) == first
        later = await scoring.score_now(db, facts, rig.clock.now + timedelta(days=1))
        assert later.score.aps < first.score.aps
        assert await scoring.keep(db, **of, receipt=later) == first
        posted = await scoring.posted(db, plan.move)
    assert posted == first
