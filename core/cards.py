"""Reads a move into the small frozen value that its card shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from core import effect_rows, queue, scoring, switch, undoing, workspace
from core.actions.registry import ACTIONS
from core.aps import Facts, ScoreReceipt
from core.card import Card, CardState
from core.database import Db
from core.effect import State
from core.tables import effects, outcomes, recommendations

_KNOWN_BY = {"answer": "as the service answered", "read back": "read back from the service"}


async def card(db: Db, move: UUID, now: datetime) -> Card:
    """The card of a move as of now, its score included. Reads only. Raises queue.NoSuchMove."""
    row = await queue.get(db, move)
    return await _card(db, row, await _receipt(db, row, now), now)


async def to_show(db: Db, move: UUID, now: datetime) -> Card:
    """The card that is about to be shown: the receipt of its score is kept, so that it can be made again."""
    row = await queue.get(db, move)
    receipt = await _receipt(db, row, now)
    kept = await scoring.keep(db, workspace=row.workspace_id, move=move, revision=row.revision, receipt=receipt)
    return await _card(db, row, kept, now)


async def _receipt(db: Db, row: Row[Any], now: datetime) -> ScoreReceipt:
    """An open move is scored as of now; a decided one keeps the score it was decided by."""
    decided = await scoring.posted(db, row.id) if row.state not in queue.UNDECIDED else None
    return decided or await scoring.score_now(db, await scoring.facts_of(db, row.id), now)


async def _card(db: Db, row: Row[Any], receipt: ScoreReceipt, now: datetime) -> Card:
    proposal = (await db.execute(select(recommendations).where(recommendations.c.id == row.recommendation_id))).one()
    facts = Facts.model_validate(proposal.facts)
    action = ACTIONS[proposal.action]
    state, until, reason = await _state(db, row)
    return Card(
        move_id=str(row.id),
        revision=row.revision,
        state=state,
        owner=row.owner,
        title=proposal.title,
        why=proposal.why,
        score=receipt.score,
        due_at=row.due_at,
        effort_minutes=facts.effort_minutes,
        zone=(await workspace.member(db, row.owner)).zone,
        at=now,
        context=tuple(proposal.context),
        by=row.decided_by,
        until=until,
        reason=reason,
        outcome=await _outcome(db, row.recommendation_id),
        done=action.words.done,
        place=action.words.place,
        note=row.note if state is CardState.DONE else None,
        dry_run_by=(await switch.sending(db)).dry_run_by([row.owner]) if row.state in queue.UNDECIDED else None,
        undoable=row.state in queue.CAN_BE_TAKEN_BACK and await undoing.possible(db, row.id),
    )


async def _state(db: Db, row: Row[Any]) -> tuple[CardState, datetime | None, str | None]:
    """What the card says: for an approved move, how far its effects have come. (state, until when, why)"""
    if row.state == "approved":
        return await _progress(db, row.id)
    if row.state == "snoozed":
        return CardState.SNOOZED, row.snoozed_until, "they reply" if row.wakes_on_reply else None
    if row.state == "dismissed":
        return CardState.DISMISSED, None, row.dismiss_reason
    if row.state == "done":
        if await _taking_back(db, row.id):
            return CardState.TAKING_BACK, None, None
        at, proof = await _proof(db, row.id)
        return CardState.DONE, at or row.updated_at, proof
    return CardState(row.state), None, row.note


async def _progress(db: Db, move: UUID) -> tuple[CardState, datetime | None, str | None]:
    approval = await effect_rows.live_approval(db, move)
    if approval is None:
        return CardState.TAKING_BACK, None, None
    rows = (await db.execute(_steps(approval.id))).all()
    states = {State(row.state): row for row in reversed(rows)}
    for state, shown in (
        (State.NEEDS_HUMAN, CardState.NEEDS_HUMAN),
        (State.UNKNOWN, CardState.UNCERTAIN),
        (State.BLOCKED, CardState.BLOCKED),
    ):
        if state in states:
            return shown, states[state].due_at if state is State.BLOCKED else None, states[state].cause
    for row in rows:
        if State(row.state) is State.APPROVED and row.cause:
            return CardState.WAITING, row.due_at, row.cause
    if State.HELD in states and (leaves := states[State.HELD].due_at) is not None:
        return CardState.HELD, leaves, None
    return CardState.WORKING, None, None


def _steps(approval: UUID):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return select(effects).where(effects.c.approval_id == approval).order_by(effects.c.step)


async def _taking_back(db: Db, move: UUID) -> bool:
    """Whether the approval of a done move was withdrawn and its undoing is under way."""
    undoing = effects.c.state.in_([State.UNDO_ARMED, State.UNDO_UNKNOWN])
    waiting = (effects.c.state == State.APPLIED) & effects.c.due_at.is_not(None)
    found = select(effects.c.id).where(effects.c.move_id == move, effects.c.approval_id.is_not(None))
    return (await db.execute(found.where(undoing | waiting).limit(1))).first() is not None


async def _proof(db: Db, move: UUID) -> tuple[datetime | None, str | None]:
    """How the end of the work is known: when it was, the service's id and where it was seen."""
    last = select(effects.c.receipt, effects.c.updated_at).where(
        effects.c.move_id == move, effects.c.state == "applied"
    )
    found = (
        await db.execute(
            last.where(effects.c.approval_id.is_not(None)).order_by(effects.c.created_at.desc(), effects.c.step)
        )
    ).all()
    # The step that says most: the last one whose receipt names something outside.
    named = [row for row in found if row.receipt["external_id"]] or found
    if not named:
        return None, None
    row = named[-1]
    how = row.receipt["known_by"]
    return row.updated_at, f"{row.receipt['external_id'] or 'no id'}, {_KNOWN_BY.get(how, how)}"


async def _outcome(db: Db, recommendation: UUID) -> str | None:
    """The newest outcome; a silence that an answer has ended is none."""
    standing = (outcomes.c.kind != "nothing_in_time") | outcomes.c.provisional
    latest = select(outcomes.c.kind).where(outcomes.c.recommendation_id == recommendation, standing)
    return (await db.execute(latest.order_by(outcomes.c.at.desc()).limit(1))).scalar_one_or_none()
