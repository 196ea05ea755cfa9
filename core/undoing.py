"""Taking back: what has not left is stopped, what is outside is undone by its receipt, and what cannot be is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core import effect_rows, execution, queue
from core.database import Db
from core.effect import State
from core.effect_rows import STOPPABLE, EffectRow, undoable
from core.tables import moves, recommendations

LISTED_AT_MOST = 50


class TooLate(Exception):
    """It can no longer be taken back; the message says how far it has gone."""


@dataclass(frozen=True)
class Undoable:
    """A move whose approval can still be taken back. `title` is outside text."""

    move: UUID
    title: str
    state: str
    decided_at: datetime


async def undo(db: Db, *, move: UUID, by: str, now: datetime) -> None:
    """Takes an approval back. Raises TooLate, or queue.NoSuchMove.

    Whether a change outside can still be undone is seen when it is tried: nobody may have changed the thing since.
    """
    approval = await effect_rows.live_approval(db, move)
    steps = [] if approval is None else await effect_rows.of_approval(db, approval.id)
    # Read once more under the lock: somebody may have been first.
    row = await queue.get(db, move)
    if approval is None or row.state not in queue.CAN_BE_TAKEN_BACK:
        raise TooLate(f"there is nothing to take back: the move is {row.state}")
    if await effect_rows.live_approval(db, move) is None:
        raise TooLate("it is being taken back already")
    if (why := _too_late(steps)) is not None:
        raise TooLate(why)
    why = "taken back" if row.state == "done" else "taken back before anything was sent"
    await execution.withdraw(db, approval.id, move, why=why, by=by, now=now)


async def possible(db: Db, move: UUID) -> bool:
    """Whether a press on Undo would be taken."""
    approval = await effect_rows.live_approval(db, move)
    return approval is not None and _too_late(await effect_rows.of_approval(db, approval.id, locked=False)) is None


async def listed(db: Db, *, by: str, since: datetime) -> list[Undoable]:
    """What this person approved since then and can still take back, the newest first."""
    statement = (
        select(moves.c.id, recommendations.c.title, moves.c.state, moves.c.decided_at)
        .join(
            recommendations,
            (recommendations.c.id == moves.c.recommendation_id)
            & (recommendations.c.workspace_id == moves.c.workspace_id),
        )
        .where(moves.c.decided_by == by, moves.c.decided_at >= since, moves.c.state.in_(queue.CAN_BE_TAKEN_BACK))
        .order_by(moves.c.decided_at.desc(), moves.c.id)
        .limit(LISTED_AT_MOST)
    )
    rows = (await db.execute(statement)).all()
    return [Undoable(*row) for row in rows if await possible(db, row.id)]


def _too_late(steps: Sequence[EffectRow]) -> str | None:
    """Why these steps cannot be taken back; None when they can."""
    for step in steps:
        state = step.effect.state
        if step.definition.sends and state not in STOPPABLE and not undoable(step.definition, state):
            return _HOW_FAR.get(state, "it has left already; a mail cannot be called back")
    waits = any(step.effect.state in _UNDECIDED for step in steps)
    if not waits and not any(undoable(step.definition, step.effect.state) for step in steps):
        return "nothing of it can be taken back"
    return None


_UNDECIDED = STOPPABLE | {State.ARMED, State.UNKNOWN}
_HOW_FAR = {
    State.ARMED: "it is leaving at this moment",
    State.UNKNOWN: "it may have left; that is being checked",
    State.NEEDS_HUMAN: "it may have left; say on the card what you find",
}
