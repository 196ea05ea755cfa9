"""A person's word on a move: approve exactly this, take it back, or say what really happened."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from core import arming, execution, guardrails, queue, workspace
from core import effect as machine
from core.actions.registry import ACTIONS
from core.database import Db
from core.effect import State
from core.identity import new_id
from core.ports import Receipt
from core.tables import approvals, recommendations


class PlanBlocked(Exception):
    """A guardrail stops the plan before it is approved; the message is for the person who pressed."""


class TooLate(Exception):
    """It can no longer be taken back; the message says how far it has gone."""


async def proposed(db: Db, move: UUID) -> tuple[str, dict[str, Any]]:
    """The action and its proposed parameters."""
    row = await queue.get(db, move)
    statement = select(recommendations.c.action, recommendations.c.params)
    action, params = (await db.execute(statement.where(recommendations.c.id == row.recommendation_id))).one()
    return action, params


async def approve(db: Db, *, move: UUID, params: dict[str, Any], by: str, hold: timedelta, now: datetime) -> list[UUID]:
    """Binds the plan as given and puts its steps into the queue; the ids of the effects.

    Raises queue.AlreadyDecided for whoever comes second, PlanBlocked when a guardrail stops it, and pydantic's
    ValidationError for parameters the action does not take. The kill switch does not stop an approval: it is held back.
    """
    row = await queue.get(db, move)
    action_name, _ = await proposed(db, move)
    action = ACTIONS[action_name]
    plan = action.plan(action.params.model_validate(params))
    await queue.mark_approved(db, move, by=by, now=now)
    zone = (await workspace.member(db, row.owner)).zone
    facts = await arming.guard_facts(db, recipients=plan.recipients, since=row.created_at, zone=zone, now=now)
    rules = tuple(rule for rule in guardrails.RULES if rule is not guardrails.kill_switch)
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
    return await execution.insert_steps(
        db,
        workspace_id=row.workspace_id,
        move=move,
        approval=approval,
        action=action_name,
        params=params,
        held_until=now + hold,
        now=now,
    )


async def undo(db: Db, *, move: UUID, by: str, now: datetime) -> None:
    """Takes an approval back while nothing has been sent. Raises TooLate, or queue.NoSuchMove."""
    row = await queue.get(db, move)
    approval = await execution.live_approval(db, move)
    if approval is None or row.state != "approved":
        raise TooLate(f"there is nothing to take back: the move is {row.state}")
    for effect in await execution.of_approval(db, approval.id):
        if effect.definition.sends and effect.effect.state not in _CAN_STILL_STOP:
            raise TooLate(_HOW_FAR.get(effect.effect.state, "it has left already; a mail cannot be called back"))
    await execution.withdraw(db, approval.id, now)
    await queue.reopen(db, move, reason="taken back before anything was sent", by=by, now=now)


_CAN_STILL_STOP = frozenset({State.HELD, State.APPROVED, State.BLOCKED, State.ABSENT})
_HOW_FAR = {
    State.ARMED: "it is leaving at this moment",
    State.UNKNOWN: "it may have left; that is being checked",
    State.NEEDS_HUMAN: "it may have left; say on the card what you find",
}


async def decide(db: Db, *, move: UUID, choice: str, by: str, now: datetime) -> None:
    """A person's word on an effect whose truth could not be read: `sent`, `again` or `drop`.

    Raises queue.AlreadyDecided when there is nothing left to decide.
    """
    row = await queue.get(db, move)
    approval = await execution.live_approval(db, move)
    waiting = [] if approval is None else await execution.of_approval(db, approval.id)
    for effect in waiting:
        if effect.effect.state is State.NEEDS_HUMAN:
            await _on_their_word(db, effect, choice=choice, by=by, now=now)
            return
    raise queue.AlreadyDecided(row.state, row.decided_by)


async def _on_their_word(db: Db, effect: execution.EffectRow, *, choice: str, by: str, now: datetime) -> None:
    if choice == "sent":
        # The draft's thread is known from the step before, so that a reply is still recognised.
        before = await execution.receipts(db, effect)
        receipt = Receipt(external_id="", known_by=f"word of {by}", detail=dict(before[-1].detail) if before else {})
        await execution.advance(db, effect, machine.SaysSent(), now, receipt=receipt)
        await _sent_by_hand(db, effect, now)
    elif choice == "again":
        await _start_over(db, effect, now)
    elif choice == "drop":
        await execution.advance(db, effect, machine.Drop("dropped by hand: nobody could tell whether it was sent"), now)
    else:
        raise ValueError(f"no such choice: {choice}")


async def _sent_by_hand(db: Db, effect: execution.EffectRow, now: datetime) -> None:
    """What a person sent while only its draft was in question leaves nothing for the sending step to do."""
    assert effect.approval_id is not None
    assert effect.move_id is not None
    later = [row for row in await execution.of_approval(db, effect.approval_id) if row.step > effect.step]
    if any(row.definition.sends for row in later):
        for row in later:
            await execution.advance(db, row, machine.Cancel(), now)
        await queue.finish(db, effect.move_id, now=now)


async def _start_over(db: Db, effect: execution.EffectRow, now: datetime) -> None:
    """Again from the first step: what the old draft was is gone, so the same approval is carried out anew."""
    assert effect.approval_id is not None
    old = (await db.execute(select(approvals).where(approvals.c.id == effect.approval_id))).one()
    await execution.withdraw(db, old.id, now)
    await execution.advance(db, effect, machine.Drop("done again on a person's word"), now)
    again = new_id()
    fresh = {**old._mapping, "id": again, "withdrawn_at": None}
    await db.execute(insert(approvals).values(**fresh))
    await execution.insert_steps(
        db,
        workspace_id=effect.workspace_id,
        move=old.move_id,
        approval=again,
        action=effect.action,
        params=effect.params,
        held_until=now,
        now=now,
    )
