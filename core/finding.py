"""Finds an owner's moves: all that are live, or those about somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, or_, select

from core.database import Db
from core.queue import LIVE, NoSuchMove
from core.tables import moves, people, recommendations

AT_MOST = 15


@dataclass(frozen=True)
class Found:
    """Rows with id, title, state, snoozed_until, wakes_on_reply and updated_at; how many more there are."""

    rows: Sequence[Row[Any]]
    beyond: int


def _of(owner: str) -> Select[Any]:
    columns = (
        moves.c.id,
        moves.c.state,
        moves.c.snoozed_until,
        moves.c.wakes_on_reply,
        moves.c.updated_at,
        recommendations.c.title,
    )
    same = recommendations.c.id == moves.c.recommendation_id, recommendations.c.workspace_id == moves.c.workspace_id
    whom = people.c.id == moves.c.person_id, people.c.workspace_id == moves.c.workspace_id
    return (
        select(*columns, func.count().over().label("all_found"))
        .join(recommendations, same[0] & same[1])
        .join(people, whom[0] & whom[1])
        .where(moves.c.owner == owner)
        .limit(AT_MOST)
    )


async def live(db: Db, owner: str) -> Found:
    """What is open, under way or put off; in this order, the highest score first."""
    order = case({state: place for place, state in enumerate(("open", "approved", "snoozed"))}, value=moves.c.state)
    return await _found(db, _of(owner).where(moves.c.state.in_(LIVE)).order_by(order, moves.c.aps.desc(), moves.c.id))


async def about(db: Db, owner: str, words: str) -> Found:
    """Moves about a person, a company or an address, or with these words in their title; the newest first."""
    said = words.replace("\0", "")
    columns = recommendations.c.title, people.c.name, people.c.company, people.c.email
    named = or_(*(column.icontains(said, autoescape=True) for column in columns))
    return await _found(db, _of(owner).where(named).order_by(moves.c.id.desc()))


async def title_of(db: Db, move: UUID, *, owner: str) -> str:
    """Raises NoSuchMove where it is not the owner's."""
    row = (await db.execute(_of(owner).where(moves.c.id == move))).one_or_none()
    if row is None:
        raise NoSuchMove(str(move))
    return str(row.title)


async def _found(db: Db, statement: Select[Any]) -> Found:
    rows = (await db.execute(statement)).all()
    return Found(rows, rows[0].all_found - len(rows) if rows else 0)
