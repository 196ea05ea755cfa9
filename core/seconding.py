"""Four eyes: what a second person has to approve waits for that person, however long, and is never denied by waiting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from core import audit, effect_rows, execution
from core import effect as machine
from core.audit import Entry, What
from core.database import Db
from core.effect import State
from core.money import Money
from core.tables import approvals, moves, recommendations

RULE = "four_eyes"


class NotNeeded(Exception):
    """There is nothing to second; the message says why."""


@dataclass(frozen=True)
class Grounds:
    """Who has approved a plan, and what it is about."""

    approvers: frozenset[str]
    value: Money | None


async def worth(db: Db, move: UUID) -> Money | None:
    """What a move is about, in money, if anybody knows."""
    statement = select(recommendations.c.facts).join(
        moves,
        (recommendations.c.id == moves.c.recommendation_id) & (recommendations.c.workspace_id == moves.c.workspace_id),
    )
    return _value((await db.execute(statement.where(moves.c.id == move))).scalar_one())


async def grounds(db: Db, approval: UUID) -> Grounds:
    statement = (
        select(approvals.c.approved_by, approvals.c.seconded_by, recommendations.c.facts)
        .join(moves, (moves.c.id == approvals.c.move_id) & (moves.c.workspace_id == approvals.c.workspace_id))
        .join(
            recommendations,
            (recommendations.c.id == moves.c.recommendation_id)
            & (recommendations.c.workspace_id == moves.c.workspace_id),
        )
        .where(approvals.c.id == approval)
    )
    row = (await db.execute(statement)).one()
    return Grounds(frozenset(one for one in (row.approved_by, row.seconded_by) if one), _value(row.facts))


def _value(facts: Mapping[str, Any]) -> Money | None:
    worth, currency = facts.get("value"), facts.get("currency")
    return Money.of(Decimal(str(worth)), currency) if worth is not None and currency else None


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
