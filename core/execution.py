"""Effects in PostgreSQL: approved as rows, changed only through the state machine, with what each change entails."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from core import arming, queue
from core import effect as machine
from core.actions.registry import ACTIONS
from core.database import Db
from core.effect import Effect, Event, State
from core.identity import new_id
from core.plan import Step
from core.ports import Posted, Receipt, Receipts
from core.tables import approvals, effects

POST_CARD = "post_card"
POST_NOTE = "post_note"
WHISPER = "whisper"
TELLING = frozenset({POST_CARD, POST_NOTE, WHISPER})
"""Effects that tell people something; all others are steps of an approved plan."""
TAKEN_BACK = "the plan was taken back"


@dataclass(frozen=True)
class EffectRow:
    """An effect with what belongs to it. `params` are the action's stored parameters, or what a telling effect says."""

    id: UUID
    move_id: UUID | None
    approval_id: UUID | None
    action: str
    step: int
    key: str
    params: dict[str, Any]
    effect: Effect
    receipt: Receipt | None
    created_at: datetime
    workspace_id: UUID

    @property
    def tells(self) -> bool:
        return self.action in TELLING

    @property
    def definition(self) -> Step[Any]:
        """The step that this effect carries out; only for effects of an approved plan."""
        return ACTIONS[self.action].steps[self.step]


def _row(row: Row[Any]) -> EffectRow:
    effect = Effect(State(row.state), row.attempt, row.fence, row.due_at, row.start_by, row.horizon_until, row.cause)
    receipt = None if row.receipt is None else Receipt(**row.receipt)
    return EffectRow(
        row.id,
        row.move_id,
        row.approval_id,
        row.action,
        row.step,
        row.key,
        row.params,
        effect,
        receipt,
        row.created_at,
        row.workspace_id,
    )


async def due(db: Db, now: datetime, *, limit: int = 50) -> list[UUID]:
    statement = select(effects.c.id).where(effects.c.due_at <= now).order_by(effects.c.due_at).limit(limit)
    return list((await db.execute(statement)).scalars())


async def lock(db: Db, id: UUID, *, wait: bool = True) -> EffectRow | None:
    """The effect, locked until the commit; None when there is none, or, without `wait`, another worker has it."""
    plan = (await db.execute(select(effects.c.approval_id).where(effects.c.id == id))).scalar_one_or_none()
    if plan is not None and not await _lock_approval(db, plan, wait=wait):
        return None
    statement = select(effects).where(effects.c.id == id).with_for_update(key_share=True, skip_locked=not wait)
    row = (await db.execute(statement)).one_or_none()
    return None if row is None else _row(row)


async def _lock_approval(db: Db, approval: UUID, *, wait: bool) -> bool:
    """Before any of its steps: what a step does to the others then never meets somebody who came the other way."""
    statement = select(approvals.c.id).where(approvals.c.id == approval)
    locked = await db.execute(statement.with_for_update(key_share=True, skip_locked=not wait))
    return locked.first() is not None


async def of_approval(db: Db, approval: UUID) -> list[EffectRow]:
    """The steps of an approved plan, locked, in order."""
    await _lock_approval(db, approval, wait=True)
    statement = (
        select(effects)
        .where(effects.c.approval_id == approval)
        .order_by(effects.c.step)
        .with_for_update(key_share=True)
    )
    return [_row(row) for row in (await db.execute(statement)).all()]


async def receipts(db: Db, row: EffectRow) -> Receipts:
    """The receipts of the steps before this one."""
    statement = (
        select(effects.c.receipt)
        .where(effects.c.approval_id == row.approval_id, effects.c.step < row.step)
        .order_by(effects.c.step)
    )
    return [Receipt(**found) for found in (await db.execute(statement)).scalars() if found is not None]


async def insert_steps(
    db: Db,
    *,
    workspace_id: UUID,
    move: UUID,
    approval: UUID,
    action: str,
    params: dict[str, Any],
    held_until: datetime,
    now: datetime,
) -> list[UUID]:
    """One effect for each step of the action; only a step that sends is held. A later step waits for the one before."""
    ids = []
    for number, step in enumerate(ACTIONS[action].steps):
        ids.append(new_id())
        await _insert(
            db,
            id=ids[-1],
            workspace_id=workspace_id,
            move_id=move,
            approval_id=approval,
            action=action,
            step=number,
            key=f"{approval.hex}{number}",
            params=params,
            state=State.HELD if step.sends else State.APPROVED,
            due_at=held_until if step.sends else (now if number == 0 else None),
            now=now,
        )
    return ids


async def tell(
    db: Db,
    *,
    workspace_id: UUID,
    action: str,
    move: UUID | None,
    params: dict[str, Any],
    now: datetime,
    key: str | None = None,
) -> UUID | None:
    """Puts something to tell into the queue; None when `key` says that this was told or is being told already."""
    id = new_id()
    return await _insert(
        db,
        id=id,
        workspace_id=workspace_id,
        move_id=move,
        approval_id=None,
        action=action,
        step=0,
        key=key or id.hex,
        params=params,
        state=State.APPROVED,
        due_at=now,
        now=now,
    )


async def _insert(db: Db, *, now: datetime, **values: Any) -> UUID | None:
    statement = insert(effects).values(**values, attempt=0, fence=0, created_at=now, updated_at=now)
    statement = statement.on_conflict_do_nothing(index_elements=["workspace_id", "key"])
    inserted: UUID | None = (await db.execute(statement.returning(effects.c.id))).scalar_one_or_none()
    return inserted


async def advance(db: Db, row: EffectRow, event: Event, now: datetime, *, receipt: Receipt | None = None) -> EffectRow:
    """Takes the event, writes the effect and does what follows for its plan and its move, all in this transaction.

    Raises machine.Illegal when the effect has moved on; the caller's transaction has then changed nothing.
    """
    after = machine.transition(row.effect, event, now)
    changed = replace(row, effect=after, receipt=receipt or row.receipt)
    values = {
        "state": after.state,
        "attempt": after.attempt,
        "fence": after.fence,
        "due_at": after.due_at,
        "start_by": after.start_by,
        "horizon_until": after.horizon_until,
        "cause": after.cause,
        "updated_at": now,
    }
    if receipt is not None:
        values["receipt"] = {"external_id": receipt.external_id, "known_by": receipt.known_by, "detail": receipt.detail}
    await db.execute(update(effects).where(effects.c.id == row.id).values(**values))
    if row.tells:
        if after.state is State.APPLIED and row.action == POST_CARD:
            await _card_is_up(db, changed, now)
    elif after.state is not row.effect.state:
        await _plan_follows(db, changed, now)
    return changed


async def keep_late_evidence(db: Db, row: EffectRow, evidence: dict[str, Any], now: datetime) -> None:
    """An answer that came after its fence had passed: kept for people, it changes nothing."""
    await db.execute(update(effects).where(effects.c.id == row.id).values(late_evidence=evidence, updated_at=now))


async def withdraw(db: Db, approval: UUID, now: datetime) -> None:
    """Takes an approval back: what has not left is stopped, what can be undone will be."""
    await db.execute(
        update(approvals).where(approvals.c.id == approval, approvals.c.withdrawn_at.is_(None)).values(withdrawn_at=now)
    )
    for row in await of_approval(db, approval):
        if machine.allowed(row.effect.state, machine.Cancel):
            await advance(db, row, machine.Cancel(), now)
        elif row.effect.state is not State.NEEDS_HUMAN and machine.allowed(row.effect.state, machine.Drop):
            await advance(db, row, machine.Drop(TAKEN_BACK), now)
        elif row.effect.state is State.APPLIED and row.definition.reversible:
            await advance(db, row, machine.TakeBack(), now)


async def _card_is_up(db: Db, row: EffectRow, now: datetime) -> None:
    assert row.receipt is not None
    assert row.move_id is not None
    detail = row.receipt.detail
    posted = Posted(detail["channel"], row.receipt.external_id)
    await queue.card_posted(
        db, row.move_id, posted, shown=int(detail["revision"]), digest=detail.get("digest"), now=now
    )


async def _plan_follows(db: Db, row: EffectRow, now: datetime) -> None:
    """What a step's new state means for the steps after it, for the room it took, and for its move."""
    assert row.approval_id is not None
    assert row.move_id is not None
    state = row.effect.state
    if state in machine.ENDED_WITHOUT_EFFECT:
        await arming.release(db, row.id)
    withdrawn = await _withdrawn(db, row.approval_id)
    if state is State.APPLIED:
        if withdrawn and row.definition.reversible:
            await advance(db, row, machine.TakeBack(), now)
        elif not withdrawn and row.step + 1 < len(ACTIONS[row.action].steps):
            await _wake_next(db, row, now)
        elif not withdrawn:
            await queue.finish(db, row.move_id, now=now)
    elif state in {State.REFUSED, State.DROPPED} and not withdrawn:
        await withdraw(db, row.approval_id, now)
        await queue.reopen(db, row.move_id, reason=row.effect.cause or "it did not go through", now=now)
    elif state in {State.APPROVED, State.ABSENT, State.BLOCKED} and withdrawn:
        # It was under way when the plan was taken back, and did not happen: it is not tried again.
        await advance(db, row, machine.Drop(TAKEN_BACK), now)
    await queue.touch(db, row.move_id, now=now)


async def _withdrawn(db: Db, approval: UUID) -> bool:
    statement = select(approvals.c.withdrawn_at).where(approvals.c.id == approval)
    return (await db.execute(statement)).scalar_one() is not None


async def _wake_next(db: Db, row: EffectRow, now: datetime) -> None:
    """The step after this one may go: at once, or when its hold ends."""
    following = effects.c.approval_id == row.approval_id, effects.c.step == row.step + 1
    waits = effects.c.state.in_([State.APPROVED, State.HELD])
    due = func.greatest(func.coalesce(effects.c.due_at, now), now)
    await db.execute(update(effects).where(*following, waits).values(due_at=due))


async def previous_applied(db: Db, row: EffectRow) -> bool:
    """Whether every step before this one has its receipt."""
    if row.step == 0:
        return True
    statement = select(func.count()).where(
        effects.c.approval_id == row.approval_id, effects.c.step < row.step, effects.c.state == State.APPLIED
    )
    return (await db.execute(statement)).scalar_one() == row.step


async def look_later(db: Db, row: EffectRow, until: datetime) -> None:
    await db.execute(update(effects).where(effects.c.id == row.id).values(due_at=until))


async def live_approval(db: Db, move: UUID) -> Row[Any] | None:
    statement = select(approvals).where(approvals.c.move_id == move, approvals.c.withdrawn_at.is_(None))
    return (await db.execute(statement)).one_or_none()


async def unblock_paused(db: Db, now: datetime) -> int:
    """Lets go on what the kill switch had blocked; how many effects that are."""
    statement = (
        select(effects)
        .where(effects.c.state == State.BLOCKED, effects.c.due_at.is_(None))
        .with_for_update(key_share=True)
    )
    rows = [_row(row) for row in (await db.execute(statement)).all()]
    for row in rows:
        await advance(db, row, machine.Unblock(), now)
    return len(rows)
