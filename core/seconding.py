"""Four eyes: what a second person has to approve waits for that person, however long, and is never denied by waiting."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from core import around, audit, effect_rows, execution
from core import effect as machine
from core.audit import Entry, What
from core.database import Db
from core.effect import State
from core.money import Money
from core.tables import approvals, moves, recommendations

RULE = "four_eyes"


class NotNeeded(Exception):
    """There is nothing to second; the message says why."""


async def worth(db: Db, move: UUID) -> Money | None:
    """What a move is about, in money, if anybody knows."""
    statement = select(recommendations.c.facts).join(
        moves,
        (recommendations.c.id == moves.c.recommendation_id) & (recommendations.c.workspace_id == moves.c.workspace_id),
    )
    return around.value_in((await db.execute(statement.where(moves.c.id == move))).scalar_one())


async def second(db: Db, *, move: UUID, by: str, now: datetime) -> None:
    """A second person approves the same plan; what waited for that goes on. Raises NotNeeded."""
    approval = await effect_rows.live_approval(db, move)
    steps = [] if approval is None else await effect_rows.of_approval(db, approval.id)
    waiting = [one for one in steps if one.effect.state is State.BLOCKED and one.effect.rule == RULE]
    if approval is None or not waiting:
        raise NotNeeded("nothing of this move waits for a second person")
    if approval.approved_by == by:
        raise NotNeeded("you approved it yourself: it waits for somebody else")
    mine = approvals.c.id == approval.id, approvals.c.seconded_by.is_(None)
    await db.execute(update(approvals).where(*mine).values(seconded_by=by, seconded_at=now))
    hash = approval.content_hash
    audit.note(db, Entry(what=What.APPROVED, who=by, move=move, grounds=RULE, content_hash=hash), now=now)
    for step in waiting:
        await execution.advance(db, step, machine.Unblock(), now, by=by)
