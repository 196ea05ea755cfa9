"""A person's word on a move: approve exactly this, take it back, or say what really happened."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from core import address, arming, audit, effect_rows, execution, finishing, guardrails, marketing, queue, workspace
from core import effect as machine
from core.actions.registry import ACTIONS
from core.audit import Entry, What
from core.database import Db
from core.effect import State
from core.effect_rows import EffectRow
from core.identity import new_id
from core.ports import Receipt
from core.tables import approvals, recommendations


class PlanBlocked(Exception):
    """A guardrail stops the plan before it is approved; the message is for the person who pressed."""


class OnlyRehearsed(Exception):
    """A dry run is on: nothing was approved, and what approving would do is for `core.rehearsal` to say."""


async def proposed(db: Db, move: UUID) -> tuple[str, dict[str, Any]]:
    """The action and its proposed parameters."""
    row = await queue.get(db, move)
    statement = select(recommendations.c.action, recommendations.c.params)
    action, params = (await db.execute(statement.where(recommendations.c.id == row.recommendation_id))).one()
    return action, params


async def approve(db: Db, *, move: UUID, params: dict[str, Any], by: str, hold: timedelta, now: datetime) -> list[UUID]:
    """Binds the plan as given and puts its steps into the queue, held for `hold`; the ids of the effects.

    The guardrails are asked as of its end: what is full today has room tomorrow.
    Raises queue.AlreadyDecided for whoever comes second, OnlyRehearsed while a dry run is on for the owner or for `by`,
    PlanBlocked when a guardrail stops it, and pydantic's ValidationError for parameters the action does not take. The
    kill switch does not stop an approval: it is held back.
    """
    leaves_at = now + hold
    row = await queue.get(db, move)
    action_name, _ = await proposed(db, move)
    action = ACTIONS[action_name]
    chosen = action.params.model_validate(params)
    recipients = action.plan(chosen).recipients
    await queue.mark_approved(db, move, by=by, now=now)
    zone = (await workspace.member(db, row.owner)).zone
    since = await queue.opened_at(db, move)
    facts = await arming.guard_facts(
        db,
        recipients=recipients,
        since=since,
        zone=zone,
        now=leaves_at,
        purpose=row.purpose,
        owner=row.owner,
        approvers=frozenset({by}),
    )
    if guardrails.dry_run(facts) is not None:
        raise OnlyRehearsed
    chosen = await marketing.with_way_out(db, chosen, move=move, facts=facts)
    params, plan = chosen.model_dump(mode="json"), action.plan(chosen)
    if plan.expires_at is not None and leaves_at >= plan.expires_at:
        raise PlanBlocked("its time has passed: choose a later one")
    rules = tuple(rule for rule in guardrails.rules_for(plan, sends=True) if rule is not guardrails.kill_switch)
    if (blocked := guardrails.first_block(facts, rules)) is not None:
        raise PlanBlocked(blocked.reason)
    approval = new_id()
    await db.execute(
        insert(approvals).values(
            workspace_id=row.workspace_id,
            id=approval,
            move_id=move,
            params=params,
            content_hash=plan.content_hash,
            approved_by=by,
            approved_at=now,
        )
    )
    approved = Entry(
        what=What.APPROVED,
        who=by,
        move=move,
        to=plan.recipients,
        content_hash=plan.content_hash,
        said=plan.summary,
    )
    audit.note(db, approved, now=now)
    return await effect_rows.insert_steps(
        db,
        workspace_id=row.workspace_id,
        move=move,
        approval=approval,
        action=action_name,
        params=params,
        held_until=leaves_at,
        now=now,
    )


async def decide(db: Db, *, move: UUID, choice: str, by: str, now: datetime) -> None:
    """A person's word on an effect whose truth could not be read: `sent`, `again` or `drop`.

    Raises queue.AlreadyDecided when there is nothing left to decide.
    """
    row = await queue.get(db, move)
    approval = await effect_rows.live_approval(db, move)
    waiting = [] if approval is None else await effect_rows.of_approval(db, approval.id)
    for effect in waiting:
        if effect.effect.state is State.NEEDS_HUMAN:
            await _on_their_word(db, effect, choice=choice, by=by, now=now)
            return
    raise queue.AlreadyDecided(row.state, row.decided_by)


async def _on_their_word(db: Db, effect: EffectRow, *, choice: str, by: str, now: datetime) -> None:
    if choice == "sent":
        # The draft's thread is known from the step before, so that a reply is still recognised.
        before = await effect_rows.receipts(db, effect)
        receipt = Receipt(external_id="", known_by=f"word of {by}", detail=dict(before[-1].detail) if before else {})
        await execution.advance(db, effect, machine.SaysSent(), now, receipt=receipt, by=by)
        await _sent_by_hand(db, effect, now)
    elif choice == "again" and effect.definition.single_use:
        await _start_over(db, effect, now)
    elif choice == "again":
        await execution.advance(db, effect, machine.SaysAgain(), now, by=by)
    elif choice == "drop":
        await execution.advance(
            db, effect, machine.Drop("dropped by hand: nobody could tell whether it was sent"), now, by=by
        )
    else:
        raise ValueError(f"no such choice: {choice}")


async def _sent_by_hand(db: Db, effect: EffectRow, now: datetime) -> None:
    """What a person sent while only its draft was in question leaves nothing for the sending step to do."""
    assert effect.approval_id is not None
    assert effect.move_id is not None
    later = [row for row in await effect_rows.of_approval(db, effect.approval_id) if row.step > effect.step]
    if any(row.definition.sends for row in later):
        for row in later:
            await execution.advance(db, row, machine.Cancel(), now)
            await _took_room(db, row, now)
        await finishing.finish(db, effect.move_id, now=now)


async def _took_room(db: Db, row: EffectRow, now: datetime) -> None:
    """What left by hand counts as what left from here, even where there was no room for it any more."""
    assert row.move_id is not None
    zone = (await workspace.member(db, (await queue.get(db, row.move_id)).owner)).zone
    plan = ACTIONS[row.action].plan(ACTIONS[row.action].params.model_validate(row.params))
    known = tuple(one for one in map(address.parse, plan.recipients) if one is not None)
    await arming.reserve(
        db, workspace_id=row.workspace_id, effect=row.id, recipients=known, zone=zone, now=now, even_if_full=True
    )


async def _start_over(db: Db, effect: EffectRow, now: datetime) -> None:
    """Again from the first step: what the step uses up is gone, so the same approval is carried out anew."""
    assert effect.approval_id is not None
    old = (await db.execute(select(approvals).where(approvals.c.id == effect.approval_id))).one()
    await execution.close(db, old.id, now)
    again = new_id()
    await db.execute(insert(approvals).values(**{**old._mapping, "id": again, "withdrawn_at": None}))
    await effect_rows.insert_steps(
        db,
        workspace_id=effect.workspace_id,
        move=old.move_id,
        approval=again,
        action=effect.action,
        params=effect.params,
        held_until=now,
        now=now,
    )
    await execution.stop_steps(db, old.id, now)
    await arming.release(db, effect.id)  # their word is that nothing left
    await execution.advance(db, effect, machine.Drop("done again on a person's word"), now)
