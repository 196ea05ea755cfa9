"""Effects as rows in PostgreSQL: put there, found, locked and read. What changes one is in `core/execution.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, Select, Uuid, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from core import audit
from core.actions.registry import ACTIONS
from core.audit import Entry, What
from core.database import Db
from core.effect import Effect, State
from core.identity import new_id
from core.plan import Step
from core.ports import Receipt, Receipts
from core.tables import approvals, effects

POST_CARD = "post_card"
POST_DIGEST = "post_digest"
REPLACE_CARD = "replace_card"
POST_NOTE = "post_note"
WHISPER = "whisper"
TELLING = frozenset({POST_CARD, POST_DIGEST, REPLACE_CARD, POST_NOTE, WHISPER})
"""Effects that tell people something; all others are steps of an approved plan."""


STOPPABLE = frozenset({State.HELD, State.APPROVED, State.BLOCKED, State.ABSENT})
"""Nothing of it has left, and nothing will once it is stopped."""


def undoable(step: Step[Any], state: State) -> bool:
    return state is State.APPLIED and step.reversible


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


def from_row(row: Row[Any]) -> EffectRow:
    effect = Effect(
        State(row.state),
        row.attempt,
        row.fence,
        row.due_at,
        row.start_by,
        row.horizon_until,
        row.cause,
        row.claims,
        row.looks,
        row.rule,
    )
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


async def lock(db: Db, id: UUID) -> EffectRow | None:
    """The effect, locked until the commit; None when there is none.

    Its approval is locked first, by the same statement: the CTE has to give its row before the effect's can be locked.
    """
    row = (await db.execute(_LOCK, {"effect": id})).one_or_none()
    return None if row is None else from_row(row)


def _locking(*, skip_locked: bool) -> Select[Any]:
    own = effects.alias("own")
    of_its_approval = (approvals.c.workspace_id == own.c.workspace_id) & (approvals.c.id == own.c.approval_id)
    plan = (
        select(approvals.c.id)
        .join(own, of_its_approval)
        .where(own.c.id == bindparam("effect"))
        .with_for_update(key_share=True, skip_locked=skip_locked, of=approvals)
        .cte("plan")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        select(effects)
        .outerjoin(plan, plan.c.id == effects.c.approval_id)
        .where(effects.c.id == bindparam("effect"), effects.c.approval_id.is_(None) | plan.c.id.is_not(None))
        .with_for_update(key_share=True, skip_locked=skip_locked, of=effects)
    )


_LOCK = _locking(skip_locked=False)
LOCK_IF_FREE = _locking(skip_locked=True)
"""Passes over an effect, and one whose plan, somebody else has. Takes `effect`, its id."""


async def _lock_approval(db: Db, approval: UUID) -> None:
    """Before any of its steps: what a step does to the others then never meets somebody who came the other way."""
    statement = select(approvals.c.id).where(approvals.c.id == approval)
    await db.execute(statement.with_for_update(key_share=True))


async def of_approval(db: Db, approval: UUID, *, locked: bool = True) -> list[EffectRow]:
    """The steps of an approved plan, in order, locked until the commit."""
    statement = select(effects).where(effects.c.approval_id == approval).order_by(effects.c.step)
    if locked:
        await _lock_approval(db, approval)
        statement = statement.with_for_update(key_share=True)
    return [from_row(row) for row in (await db.execute(statement)).all()]


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
    """One effect for each step of the action; only a step that sends is held. A later step waits for the one before.

    It is that one which wakes it; a hold that has not ended yet says when to look at it at the earliest.
    """
    ids = []
    for number, step in enumerate(ACTIONS[action].steps):
        held = step.sends and (number == 0 or held_until > now)
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
            due_at=held_until if held else (now if number == 0 else None),
            now=now,
        )
        if step.sends:
            audit.note(db, Entry(what=What.HELD, move=move, effect=ids[-1], until=held_until), now=now)
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


async def look_later(db: Db, row: EffectRow, until: datetime | None) -> None:
    """None: not before something else wakes it."""
    await db.execute(update(effects).where(effects.c.id == row.id).values(due_at=until))


async def keep_late_evidence(db: Db, row: EffectRow, evidence: dict[str, Any], now: datetime) -> None:
    """An answer that came after its fence had passed: kept for people beside earlier ones, it changes nothing."""
    receipt = evidence["receipt"]
    entry = Entry(
        what=What.LATE_ANSWER,
        move=row.move_id,
        effect=row.id,
        receipt=Receipt(**receipt) if receipt else None,
        said=str(evidence["event"]),
    )
    audit.note(db, entry, now=now)
    kept = func.coalesce(effects.c.late_evidence, cast([], JSONB)).op("||")(cast([evidence], JSONB))
    # The worker was not lost after all: what was taken for its crash was none.
    answered = func.greatest(effects.c.claims - 1, 0)
    values = {"late_evidence": kept, "claims": answered, "updated_at": now}
    await db.execute(update(effects).where(effects.c.id == row.id).values(**values))


async def renew(db: Db, fences: Mapping[UUID, int], until: datetime) -> None:
    """Keeps the leases of what a living worker is at; one that has moved on under another fence is left alone."""
    mine = func.unnest(cast(list(fences), ARRAY(Uuid)), cast(list(fences.values()), ARRAY(Integer)))
    held = mine.table_valued("id", "fence").render_derived()
    at_work = effects.c.state.in_([State.ARMED, State.UNKNOWN, State.UNDO_ARMED])
    statement = update(effects).where(effects.c.id == held.c.id, effects.c.fence == held.c.fence, at_work)
    await db.execute(statement.where(effects.c.due_at < until).values(due_at=until))


async def say_where(db: Db, row: EffectRow, where: dict[str, Any]) -> None:
    """Where a telling effect says what it says: fixed when it is armed, so that it is looked for in the same place."""
    await db.execute(update(effects).where(effects.c.id == row.id).values(params={**row.params, "where": where}))


async def live_approval(db: Db, move: UUID) -> Row[Any] | None:
    statement = select(approvals).where(approvals.c.move_id == move, approvals.c.withdrawn_at.is_(None))
    return (await db.execute(statement)).one_or_none()
