"""Changes effects, through the state machine only, and does what each change entails for its plan and its move."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from core import (
    arming,
    audit,
    card_updates,
    digest_updates,
    effect_change,
    effect_rows,
    finishing,
    queue,
    telemetry,
)
from core import effect as machine
from core.actions.registry import ACTIONS
from core.audit import Entry
from core.database import Db
from core.effect import Effect, Event, State
from core.effect_rows import POST_CARD, POST_DIGEST, EffectRow
from core.ports import Posted, Receipt
from core.tables import approvals, effects

TAKEN_BACK = "the plan was taken back"


async def advance(
    db: Db,
    row: EffectRow,
    event: Event,
    now: datetime,
    *,
    receipt: Receipt | None = None,
    by: str = audit.WORKER,
    last: bool = False,
) -> EffectRow:
    """Takes the event, writes the effect and does what follows for its plan and its move, all in this transaction.

    `last`: the caller does nothing more in it, so that the audit's head may be locked by the same statement.
    Raises machine.Illegal when there is no such arrow, and effect_change.MovedOn when the effect was not locked and is no
    longer as it is in `row`; the caller's transaction has then changed nothing.
    """
    after = machine.transition(row.effect, event, now)
    changed = replace(row, effect=after, receipt=receipt or row.receipt)
    moved = after.state is not row.effect.state
    finishes = moved and _finishes(row, after)
    entries: list[Entry] = []
    if moved and not row.tells:
        entry = Entry(
            what=audit.word_for(event, after.state),
            who=by,
            move=row.move_id,
            effect=row.id,
            receipt=receipt,
            grounds=after.rule or "",
            said=after.cause or "",
        )
        entries = [entry, finishing.entry(row.move_id)] if finishes else [entry]
    written = await effect_change.write(
        db,
        row,
        after,
        receipt=receipt,
        shows=bool(entries),
        finishes=finishes,
        now=now,
        entries=audit.at_once(db, entries, now=now) if entries and last and _ends_here(after) else None,
    )
    for entry in entries if written.finished else entries[:1]:
        if written.audited:
            telemetry.note(db, telemetry.of_entry(entry))
        else:
            audit.note(db, entry, now=now)
    if row.tells:
        if after.state is State.APPLIED and row.action == POST_CARD:
            await _card_is_up(db, changed, now)
        elif after.state is State.APPLIED and row.action == POST_DIGEST:
            await _digest_is_up(db, changed)
    elif moved:
        if after.state in _NOTHING_LEFT and row.effect.state is not State.NEEDS_HUMAN:
            await arming.release(db, row.id)
        if after.state is State.UNDONE:
            await arming.forget_purpose(db, row.id)
        if not written.finished:
            await _plan_follows(db, changed, now, withdrawn=written.withdrawn)
    return changed


def _finishes(row: EffectRow, after: Effect) -> bool:
    return not row.tells and after.state is State.APPLIED and row.step + 1 == len(ACTIONS[row.action].steps)


def _ends_here(after: Effect) -> bool:
    """Whether nothing more follows from this for anything else, as long as the plan is not taken back."""
    return after.state in _ON_ITS_WAY or after.state is State.APPLIED


_ON_ITS_WAY = frozenset({State.ARMED, State.UNDO_ARMED, State.UNKNOWN, State.UNDO_UNKNOWN})


async def withdraw(db: Db, approval: UUID, move: UUID, *, why: str, by: str, now: datetime) -> None:
    """Takes an approval back: what has not left is stopped, what can be undone will be; then the move is open again.

    Where something outside has to be undone first, the move waits for that and its card says so.
    """
    await close(db, approval, now)
    await queue.taking_back(db, move, reason=why, by=by, now=now)
    await stop_steps(db, approval, now)
    await _settle_withdrawn(db, approval, move, now)


async def close(db: Db, approval: UUID, now: datetime) -> None:
    """From now on the approval binds nothing."""
    live = approvals.c.id == approval, approvals.c.withdrawn_at.is_(None)
    await db.execute(update(approvals).where(*live).values(withdrawn_at=now))


async def stop_steps(db: Db, approval: UUID, now: datetime) -> None:
    """The steps of an approval that was closed: stopped where they wait, taken back where they are done."""
    for row in await effect_rows.of_approval(db, approval):
        if machine.allowed(row.effect.state, machine.Cancel):
            await advance(db, row, machine.Cancel(), now)
        elif row.effect.state is not State.NEEDS_HUMAN and machine.allowed(row.effect.state, machine.Drop):
            await advance(db, row, machine.Drop(TAKEN_BACK), now)
        elif row.effect.state is State.APPLIED and row.definition.reversible:
            await advance(db, row, machine.TakeBack(), now)


async def _settle_withdrawn(db: Db, approval: UUID, move: UUID, now: datetime) -> None:
    """What becomes of the move of an approval that was taken back, once nothing of it is under way any more."""
    if await effect_rows.live_approval(db, move) is not None:
        return  # it was begun anew
    row = await queue.get(db, move)
    steps = await effect_rows.of_approval(db, approval)
    kept = [step.effect.cause or "" for step in steps if step.effect.state in _KEPT]
    if row.state not in queue.CAN_BE_TAKEN_BACK:
        if kept and row.state in queue.UNDECIDED and kept[0] not in (row.note or ""):
            await queue.remark(db, move, f"{row.note}; {kept[0]}", now=now)
        return
    if any(_in_the_way(step) for step in steps if step.definition.sends or not _sends(steps)):
        return
    if kept:
        await queue.stays_done(db, move, note=f"it could not be taken back: {kept[0]}", now=now)
    elif row.state == "done" and await queue.live_for(db, row.person_id, row.purpose) is not None:
        await queue.retire_taken_back(db, move, reason=f"{row.note}; another move for this is waiting", now=now)
    else:
        await queue.reopen(db, move, reason=row.note or TAKEN_BACK, now=now)


_UNDER_WAY = frozenset({State.ARMED, State.UNKNOWN, State.UNDO_ARMED, State.UNDO_UNKNOWN})
_KEPT = frozenset({State.CANNOT_UNDO, State.NEEDS_HUMAN})


def _in_the_way(step: EffectRow) -> bool:
    """Whether something of this step is, or may be, outside and will still be taken back."""
    state, due = step.effect.state, step.effect.due_at
    return state in _UNDER_WAY or (state is State.APPLIED and due is not None)


def _sends(steps: Sequence[EffectRow]) -> bool:
    return any(step.definition.sends for step in steps)


async def _card_is_up(db: Db, row: EffectRow, now: datetime) -> None:
    assert row.receipt is not None
    assert row.move_id is not None
    detail = row.receipt.detail
    posted = Posted(detail["channel"], row.receipt.external_id)
    await card_updates.posted(
        db, row.move_id, posted, shown=int(detail["revision"]), digest=detail.get("digest"), now=now
    )


async def _digest_is_up(db: Db, row: EffectRow) -> None:
    assert row.receipt is not None
    if not row.receipt.external_id:
        return  # its day was over before it could be posted
    detail = row.receipt.detail
    posted = Posted(detail["channel"], row.receipt.external_id)
    await digest_updates.posted(db, UUID(row.params["digest"]), posted, shown=detail.get("digest"))


async def _plan_follows(db: Db, row: EffectRow, now: datetime, *, withdrawn: bool) -> None:
    """What a step's new state means for the other steps and for its move."""
    assert row.approval_id is not None
    assert row.move_id is not None
    state = row.effect.state
    if withdrawn:
        await _withdrawn_follows(db, row, now)
    elif _finishes(row, row.effect):
        raise await queue.refusal(db, row.move_id)  # what was carried out was approved, so its move must have been
    elif state in {State.REFUSED, State.DROPPED}:
        why = row.effect.cause or "it did not go through"
        if any(step.sends for step in ACTIONS[row.action].steps[: row.step]):
            # What was to be said has been said; a later step that fails does not call it back.
            await finishing.finish(
                db, row.move_id, note=f"{row.definition.name.replace('_', ' ')} failed: {why}", now=now
            )
        else:
            await withdraw(db, row.approval_id, row.move_id, why=why, by="caseyos", now=now)


async def _withdrawn_follows(db: Db, row: EffectRow, now: datetime) -> None:
    """The plan was taken back while this step was under way."""
    assert row.approval_id is not None
    assert row.move_id is not None
    if row.effect.state is State.APPLIED and row.definition.reversible:
        await advance(db, row, machine.TakeBack(), now)
    elif row.effect.state in {State.APPROVED, State.ABSENT, State.BLOCKED}:
        await advance(db, row, machine.Drop(TAKEN_BACK), now)  # it did not happen and is not tried again
    else:
        await _settle_withdrawn(db, row.approval_id, row.move_id, now)


_NOTHING_LEFT = machine.ENDED_WITHOUT_EFFECT - {State.UNDONE}
"""Ends in which nobody outside heard anything: the room that was taken is given back."""


async def unblock(db: Db, rule: str, now: datetime) -> int:
    """Lets go on what this guardrail had blocked; how many effects that are."""
    statement = select(effects.c.id).where(effects.c.state == State.BLOCKED, effects.c.rule == rule)
    freed = 0
    for id in (await db.execute(statement.order_by(effects.c.approval_id, effects.c.id))).scalars().all():
        row = await effect_rows.lock(db, id)
        if row is not None and row.effect.state is State.BLOCKED and row.effect.rule == rule:
            await advance(db, row, machine.Unblock(), now)
            freed += 1
    return freed
