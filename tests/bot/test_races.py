"""Two people, two workers, one move: whoever is second is told so, and nothing happens twice."""

import asyncio
import contextlib

import pytest

from core import outcome, person, signal
from core.effect import State
from core.inquiry import FORM_SUBMITTED
from core.queue import AlreadyDecided
from core.signal import Signal
from core.undoing import TooLate
from tests.support import factories
from tests.support.factories import HOLD, address
from tests.support.rig import PAST_HORIZON, Rig, rigged

TRIES = 25
"""How often a race is run: with two connections either side wins some of them."""


@pytest.fixture
async def rig(database, clock) -> Rig:
    return await rigged(database, clock, cap=1000)


async def test_of_five_approvals_at_once_one_binds_and_four_are_told_who_was_first(rig):
    dana = address()
    move = await factories.proposed(rig.database, now=rig.clock.now, email=dana)
    answers = await asyncio.gather(
        *(rig.approved(move=move, by=by) for by in ("U0CASEY", "U0ORLA", "U0CASEY", "U0ORLA", "U0SAM")),
        return_exceptions=True,
    )

    told = [answer for answer in answers if isinstance(answer, BaseException)]
    first = (await factories.the_move(rig.database, move)).decided_by
    assert [str(one) for one in told] == [f"already approved by {first}"] * 4
    await rig.pass_time(HOLD)
    assert len(rig.mailbox.sent_to(dana)) == 1


async def test_an_undo_that_races_with_arming_either_stops_the_mail_or_is_told_it_is_too_late(rig):
    stopped = 0
    for attempt in range(TRIES):
        dana = address()
        plan = await rig.held(email=dana)
        rig.clock.advance(HOLD)

        async def press_undo(late: int, plan=plan) -> bool:
            for _ in range(late):
                await asyncio.sleep(0)
            try:
                await rig.undo(plan)
            except TooLate:
                return False
            return True

        undone, _ = await asyncio.gather(press_undo(attempt * 2), rig.another_runner().run(plan.sending))
        await rig.settle()
        stopped += undone
        assert len(rig.mailbox.sent_to(dana)) == (0 if undone else 1)
        assert (await rig.move(plan)).state == ("open" if undone else "done")
        assert await rig.state(plan.sending) is (State.CANCELLED if undone else State.APPLIED)
    assert 0 < stopped < TRIES, f"the race was won by one side alone ({stopped} of {TRIES})"


async def test_many_workers_at_one_effect_ask_the_mailbox_once(rig):
    for _ in range(5):
        dana = address()
        plan = await rig.held(email=dana)
        rig.clock.advance(HOLD)
        await asyncio.gather(*(rig.another_runner().run(plan.sending) for _ in range(8)))
        await rig.settle()
        assert len(rig.mailbox.sent_to(dana)) == 1
        assert (await rig.effect(plan.sending)).effect.attempt == 1


async def test_two_words_at_once_about_an_unknown_mail_are_one_word(rig):
    for choices in (("again", "again"), ("sent", "again"), ("drop", "again"), ("drop", "sent")):
        dana = address()
        plan = await rig.held(email=dana)
        rig.clock.advance(HOLD)
        rig.mailbox.remove(rig.mailbox.drafts[-1].id)
        await put_to_a_person(rig, plan)

        answers = await asyncio.gather(*(rig.decide(plan, choice) for choice in choices), return_exceptions=True)
        assert sum(isinstance(answer, AlreadyDecided) for answer in answers) == 1, answers
        await rig.pass_time(PAST_HORIZON)
        assert len(rig.mailbox.sent_to(dana)) <= 1


async def put_to_a_person(rig: Rig, plan) -> None:
    async with rig.database.begin() as db:
        await db.exec_driver_sql(
            f"update effects set state = 'needs_human', due_at = null, attempt = 1, fence = 1 where id = '{plan.sending}'"
        )


async def test_a_refusal_recorded_while_undo_is_pressed_leaves_the_move_open_and_their_draft_alone(rig):
    for attempt in range(TRIES):
        plan = await rig.held()
        rig.mailbox.edit(rig.mailbox.drafts[-1].id, subject="Changed by hand")
        rig.clock.advance(HOLD)

        async def press_undo(late: int, plan=plan) -> None:
            for _ in range(late):
                await asyncio.sleep(0)
            with contextlib.suppress(TooLate):
                await rig.undo(plan)

        await asyncio.gather(press_undo(attempt * 4), rig.another_runner().run(plan.sending))
        await rig.settle()
        assert (await rig.move(plan)).state == "open"
    assert rig.mailbox.outbox == []
    assert {draft.mail.subject for draft in rig.mailbox.drafts} == {"Changed by hand"}
    assert len(rig.mailbox.drafts) == TRIES


async def test_one_delivery_of_a_signal_is_stored_of_many_at_once(rig):
    seen = Signal("forms", FORM_SUBMITTED, "submission-1", {"form": "contact"}, rig.clock.now)

    async def store():
        async with rig.database.begin() as db:
            return await signal.store(db, seen, workspace=rig.database.workspace, now=rig.clock.now)

    stored = await asyncio.gather(*(store() for _ in range(8)))
    [id] = [one for one in stored if one is not None]

    async def claim():
        async with rig.database.begin() as db:
            return await signal.claim(db, id, rig.clock.now)

    claimed = await asyncio.gather(*(claim() for _ in range(8)))
    assert sum(one is not None for one in claimed) == 1


async def test_one_person_is_kept_of_many_at_once(rig):
    dana = address()

    async def meet():
        async with rig.database.begin() as db:
            return await person.upsert(
                db, workspace=rig.database.workspace, email=dana, name="Dana", company="", now=rig.clock.now
            )

    assert len(set(await asyncio.gather(*(meet() for _ in range(8))))) == 1


async def test_silence_is_counted_once_by_many_workers(rig):
    for _ in range(3):
        await rig.held()
    await rig.leaves()
    rig.clock.advance(outcome.REPLY_WITHIN)

    async def count():
        async with rig.database.begin() as db:
            return await outcome.record_silence(db, rig.clock.now)

    assert sum(await asyncio.gather(*(count() for _ in range(4)))) == 3


async def test_undo_by_two_people_at_once_is_one_undo(rig):
    plan = await rig.held()
    answers = await asyncio.gather(rig.undo(plan), rig.undo(plan), return_exceptions=True)
    await rig.settle()
    assert sum(answer is None for answer in answers) == 1, answers
    assert sum(isinstance(answer, TooLate) for answer in answers) == 1, answers
    assert (await rig.move(plan)).state == "open"
    assert rig.mailbox.drafts == []
