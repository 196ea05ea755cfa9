"""The daily cap of a mailbox: it is never exceeded, its room is kept while nobody knows, and comes back when nothing left."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import event, func, select

from core import arming, workspace
from core.approval import PlanBlocked
from core.effect import State
from core.guardrails import GuardrailSettings, first_block
from core.guardrails.settings import Caps
from core.tables import caps, reservations
from core.workspace import WorkspaceSettings
from tests.support import factories
from tests.support.factories import HOLD, OWNER
from tests.support.fake_mailbox import Answer, Killed
from tests.support.rig import PAST_HORIZON, Rig, rigged

CAP = 10
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday


@pytest.fixture
async def rig(database, clock) -> Rig:
    clock.now = NOON
    return await rigged(database, clock)


async def used(rig: Rig, scope: str = "mailbox_day") -> int:
    async with rig.database.begin() as db:
        counted = select(func.coalesce(func.sum(caps.c.used), 0)).where(caps.c.scope == scope)
        return (await db.execute(counted)).scalar_one()


async def furnish(rig: Rig, *, day: int, hour: int | None = None, minute: int | None = None) -> None:
    """The workspace with these caps for its mailbox, and none but them."""
    many = dict.fromkeys(
        [f"{whose}_per_{period}" for whose in ("workspace", "domain") for period in ("day", "hour", "minute")], 10_000
    )
    given = Caps(
        mailbox_per_hour=day if hour is None else hour, mailbox_per_minute=day if minute is None else minute, **many
    )
    settings = WorkspaceSettings(default_owner=OWNER, daily_mail_cap=day, guardrails=GuardrailSettings(caps=given))
    async with rig.database.begin() as db:
        await workspace.ensure(db, id=rig.database.workspace, name="test", settings=settings, now=rig.clock.now)


async def blocked(rig: Rig, plan) -> tuple[datetime | None, str]:
    effect = (await rig.effect(plan.sending)).effect
    assert effect.state is State.BLOCKED
    return effect.due_at, effect.cause or ""


async def test_of_fifty_mails_at_once_exactly_the_cap_leaves(rig, clock):
    plans = await rig.ready_to_leave(50)
    await furnish(rig, day=CAP)
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
        of_day = select(caps.c.window, caps.c.used).where(caps.c.scope == "mailbox_day").order_by(caps.c.window)
        rows = (await db.execute(of_day)).all()
    assert [row.used for row in rows] == [0, 1]


async def test_a_full_minute_makes_a_mail_wait_for_the_next_and_a_full_hour_likewise(rig, clock):
    plans = await rig.ready_to_leave(5)
    await furnish(rig, day=CAP, hour=3, minute=2)
    await rig.run_at_once(plan.sending for plan in plans)
    assert len(rig.mailbox.outbox) == 2
    waiting = [plan for plan in plans if await rig.state(plan.sending) is State.BLOCKED]
    assert {await blocked(rig, plan) for plan in waiting} == {
        (
            NOON + timedelta(minutes=1),
            "2 mails left this mailbox this minute, its cap. It can leave 24 Nov, 12:01 (UTC)",
        )
    }

    clock.now = NOON + timedelta(minutes=1)
    await rig.settle()
    assert len(rig.mailbox.outbox) == 3
    assert [await used(rig, f"mailbox_{period}") for period in ("day", "hour", "minute")] == [3, 3, 3]
    assert {(await blocked(rig, plan))[0] for plan in waiting if await rig.state(plan.sending) is State.BLOCKED} == {
        NOON + timedelta(hours=1)
    }

    clock.now = NOON + timedelta(hours=1)
    await rig.settle()
    assert len(rig.mailbox.outbox) == 5


async def test_where_one_cap_is_reached_nothing_is_taken_of_the_others(rig):
    plans = await rig.ready_to_leave(2)
    await furnish(rig, day=CAP, hour=CAP, minute=1)
    await rig.run_at_once(plan.sending for plan in plans)
    scopes = [
        f"{whose}_{period}" for whose in ("mailbox", "workspace", "domain") for period in ("day", "hour", "minute")
    ]
    assert [await used(rig, scope) for scope in scopes] == [1] * 9


async def test_a_full_hour_does_not_stop_an_approval_and_a_full_day_does(rig):
    await furnish(rig, day=1, hour=0, minute=0)
    waits = await rig.held()
    await rig.leaves()
    assert await rig.state(waits.sending) is State.BLOCKED
    await furnish(rig, day=1)
    await rig.pass_time(timedelta(hours=1))
    assert len(rig.mailbox.outbox) == 1
    with pytest.raises(PlanBlocked, match="1 mail left this mailbox today, its cap"):
        await rig.approved()


async def test_a_mail_that_left_by_hand_counts_even_where_there_was_no_room(rig):
    [plan] = await rig.ready_to_leave(1)
    await furnish(rig, day=0)
    effect = await rig.effect(plan.sending)
    given = {
        "workspace_id": rig.database.workspace,
        "effect": plan.sending,
        "recipients": tuple(effect.params["to"]),
        "zone": "UTC",
        "now": rig.clock.now,
    }
    async with rig.database.begin() as db:
        assert not await arming.reserve(db, **given)
        assert await arming.reserve(db, **given, even_if_full=True)
    assert await used(rig) == 1


async def test_what_leaves_is_kept_with_its_purpose_and_its_grounds(rig):
    plan = await rig.held()
    await rig.leaves()
    async with rig.database.begin() as db:
        row = (await db.execute(select(reservations).where(reservations.c.scope == "person"))).one()
    assert (row.effect_id, row.purpose, row.legal_basis) == (plan.sending, "answer_inquiry", "request")


async def test_an_arming_takes_three_statements_for_all_its_guardrails(rig):
    [plan] = await rig.ready_to_leave(1)
    effect = await rig.effect(plan.sending)
    asked: list[str] = []
    async with rig.database.begin() as db:
        event.listen(db.sync_connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        facts = await arming.guard_facts(
            db,
            recipients=tuple(effect.params["to"]),
            since=effect.created_at,
            zone="UTC",
            now=rig.clock.now,
            effect=plan.sending,
            locked=True,
        )
        assert first_block(facts) is None
        assert await arming.take(db, facts, workspace_id=rig.database.workspace, effect=plan.sending) is None
    # The audit, where it has something to write, comes right before the commit.
    assert len(asked) == 3
