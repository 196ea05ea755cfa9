"""The command queue: one arrow at a time, each told to whoever comes second, each with its line in the history."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core import card_updates, finishing, queue
from core.card_updates import Claim
from core.ports import Posted
from core.queue import AlreadyDecided, NoSuchMove
from core.tables import move_events, moves
from tests.support import factories
from tests.support.factories import OTHER, OWNER, address, proposed

ARROWS = {
    "approve": ({"open", "snoozed"}, "approved"),
    "snooze": ({"open", "snoozed"}, "snoozed"),
    "dismiss": ({"open", "snoozed"}, "dismissed"),
    "wake": ({"snoozed"}, "open"),
    "finish": ({"approved"}, "done"),
    "take back": ({"approved", "done"}, None),
    "reopen": ({"approved", "done"}, "open"),
    "stay done": ({"approved", "done"}, "done"),
    "retire taken back": ({"approved", "done"}, "retired"),
    "retire": ({"open", "snoozed"}, "retired"),
    "hand over": ({"open", "snoozed"}, None),
}
"""From which states each arrow goes, and where to (None: it stays): written apart from the code."""
STATES = ("open", "snoozed", "approved", "done", "dismissed", "expired", "retired")


@pytest.fixture
async def db(database, clock):
    await factories.furnished(database, now=clock.now)
    return database


async def take(database, arrow, move, *, now, by=OTHER):
    async with database.begin() as db:
        match arrow:
            case "approve":
                await queue.mark_approved(db, move, by=by, now=now)
            case "snooze":
                await queue.snooze(db, move, until=now + timedelta(hours=2), by=by, now=now)
            case "dismiss":
                await queue.dismiss(db, move, reason="not_relevant", by=by, now=now)
            case "wake":
                await queue.wake(db, move, now=now)
            case "finish":
                await finishing.finish(db, move, now=now)
            case "reopen":
                await queue.reopen(db, move, reason="it did not go through", now=now)
            case "take back":
                await queue.taking_back(db, move, reason="taken back", by=by, now=now)
            case "stay done":
                await queue.stays_done(db, move, note="it was changed since", now=now)
            case "retire taken back":
                await queue.retire_taken_back(db, move, reason="another stands", now=now)
            case "hand over":
                await queue.hand_over(db, move, to=OTHER, by=by, now=now)
            case "retire":
                await queue.retire(db, move, reason="they answered", now=now)


async def put(database, move, state, *, now):
    """The move in this state, by the shortest way."""
    values = {
        "state": state,
        "snoozed_until": now if state == "snoozed" else None,
        "dismiss_reason": "x" if state == "dismissed" else None,
        "decided_by": OWNER if state not in {"open", "expired", "retired"} else None,
    }
    async with database.begin() as db:
        await db.execute(update(moves).where(moves.c.id == move).values(**values))


@pytest.mark.parametrize("arrow", ARROWS)
async def test_every_arrow_leads_where_the_diagram_says_and_from_nowhere_else(db, clock, arrow):
    starts, end = ARROWS[arrow]
    for state in STATES:
        move = await proposed(db, now=clock.now)
        await put(db, move, state, now=clock.now)
        before = await factories.the_move(db, move)
        if state in starts:
            await take(db, arrow, move, now=clock.now)
            after = await factories.the_move(db, move)
            assert after.state == (end or state)
            assert after.revision == before.revision + 1
            assert after.card_due_at == clock.now
        else:
            with pytest.raises(AlreadyDecided) as told:
                await take(db, arrow, move, now=clock.now)
            assert told.value.state == state
            assert await factories.the_move(db, move) == before


async def test_the_second_presser_is_told_who_was_first(db, clock):
    move = await proposed(db, now=clock.now)
    await take(db, "approve", move, now=clock.now, by=OWNER)
    with pytest.raises(AlreadyDecided, match=f"already approved by {OWNER}") as told:
        await take(db, "dismiss", move, now=clock.now, by=OTHER)
    assert (told.value.state, told.value.by) == ("approved", OWNER)


@pytest.mark.parametrize("arrow", ARROWS)
async def test_a_move_that_is_not_there_is_told_so(db, clock, arrow):
    with pytest.raises(NoSuchMove):
        await take(db, arrow, uuid4(), now=clock.now)


async def test_the_history_says_what_happened_in_order_and_by_whom(db, clock):
    move = await proposed(db, now=clock.now)
    await take(db, "snooze", move, now=clock.now, by=OWNER)
    await take(db, "wake", move, now=clock.now)
    await take(db, "approve", move, now=clock.now, by=OTHER)
    await take(db, "reopen", move, now=clock.now)
    async with db.begin() as connection:
        lines = select(move_events).where(move_events.c.move_id == move).order_by(move_events.c.id)
        told = [(row.what, row.by) for row in (await connection.execute(lines)).all()]
    assert told == [
        ("proposed", "caseyos"),
        ("snoozed", OWNER),
        ("woken", "caseyos"),
        ("approved", OTHER),
        ("reopened", "caseyos"),
    ]


async def test_waking_forgets_who_snoozed(db, clock):
    move = await proposed(db, now=clock.now)
    await take(db, "snooze", move, now=clock.now, by=OWNER)
    await take(db, "wake", move, now=clock.now)
    woken = await factories.the_move(db, move)
    assert (woken.decided_by, woken.decided_at, woken.snoozed_until) == (None, None, None)


async def test_a_snooze_is_due_at_its_time_and_not_before(db, clock):
    move = await proposed(db, now=clock.now)
    await take(db, "snooze", move, now=clock.now)
    async with db.begin() as connection:
        assert await queue.due_snoozes(connection, clock.now + timedelta(hours=2, microseconds=-1)) == []
        assert await queue.due_snoozes(connection, clock.now + timedelta(hours=2)) == [move]


async def test_today_is_the_owners_open_moves_the_highest_score_first(db, clock):
    low, high = await proposed(db, now=clock.now, score=20), await proposed(db, now=clock.now, score=90)
    await proposed(db, now=clock.now, score=95, owner=OTHER)
    gone = await proposed(db, now=clock.now, score=99)
    await take(db, "dismiss", gone, now=clock.now)
    async with db.begin() as connection:
        assert [row.id for row in await queue.today(connection, OWNER)] == [high, low]


async def test_a_person_has_one_live_move_for_a_purpose(db, clock):
    dana = address()
    first = await proposed(db, now=clock.now, email=dana)
    with pytest.raises(IntegrityError):
        await proposed(db, now=clock.now, email=dana)
    await take(db, "dismiss", first, now=clock.now)
    await proposed(db, now=clock.now, email=dana)


async def card_is_up(database, move, *, now):
    async with database.begin() as db:
        await card_updates.posted(db, move, Posted("D0CASEY", "1.0"), shown=1, digest=None, now=now)


async def test_a_card_is_updated_when_its_move_went_on_and_by_one_worker_only(db, clock):
    move = await proposed(db, now=clock.now)
    await card_is_up(db, move, now=clock.now)
    await take(db, "approve", move, now=clock.now)
    lease = clock.now + timedelta(seconds=20)
    async with db.begin() as connection:
        assert await card_updates.due(connection, clock.now) == [move]
        assert await card_updates.claim(connection, move, until=lease, now=clock.now) == Claim(abandoned=False)
        assert await card_updates.claim(connection, move, until=lease, now=clock.now) is None
        later = lease + timedelta(seconds=20)
        assert await card_updates.claim(connection, move, until=later, now=lease) == Claim(abandoned=True)


async def test_a_move_that_goes_on_while_its_card_is_updated_is_due_again(db, clock):
    move = await proposed(db, now=clock.now)
    await card_is_up(db, move, now=clock.now)
    await take(db, "approve", move, now=clock.now)
    revision = (await factories.the_move(db, move)).revision
    lease = clock.now + timedelta(seconds=20)
    async with db.begin() as connection:
        assert await card_updates.claim(connection, move, until=lease, now=clock.now)
    await take(db, "reopen", move, now=clock.now)
    async with db.begin() as connection:
        await card_updates.shown(connection, move, lease=lease, revision=revision, digest="d", now=clock.now)
        assert await card_updates.due(connection, clock.now) == [move]
        assert await card_updates.claim(connection, move, until=lease, now=clock.now)
        await card_updates.shown(connection, move, lease=lease, revision=revision + 1, digest="e", now=clock.now)
        assert await card_updates.due(connection, clock.now) == []


async def test_a_card_that_somebody_let_go_is_updated_once_more_and_by_him_not_at_all(db, clock):
    move = await proposed(db, now=clock.now)
    await card_is_up(db, move, now=clock.now)
    await take(db, "approve", move, now=clock.now)
    revision = (await factories.the_move(db, move)).revision
    first, second = (clock.now + timedelta(seconds=n) for n in (20, 40))
    async with db.begin() as connection:
        await card_updates.claim(connection, move, until=first, now=clock.now)
        await card_updates.claim(connection, move, until=second, now=first)
        again_at = first + timedelta(seconds=60)
        done = {"revision": revision, "digest": "d"}
        await card_updates.shown(connection, move, **done, lease=second, now=first, again_at=again_at)
    assert (await factories.the_move(db, move)).shown_digest is None
    async with db.begin() as connection:
        assert await card_updates.due(connection, first) == []
        assert await card_updates.due(connection, again_at) == [move]
        # Whoever let it go comes back and has sent something old: nobody trusts the card until it is set anew.
        await card_updates.shown(connection, move, lease=first, revision=revision - 1, digest="old", now=first)
        assert await card_updates.due(connection, first) == [move]
    assert (await factories.the_move(db, move)).shown_digest is None
