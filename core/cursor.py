"""How far a source has been read: one row a source, claimed while it is read, moved on together with what was found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.database import Db
from core.home import Feed
from core.tables import cursors

MAILBOX = "gmail"
"""The source that is the mailbox."""


@dataclass(frozen=True)
class Claimed:
    """`value` is None before the first reading."""

    value: str | None


async def reading(db: Db, source: str) -> Feed | None:
    """None when nobody has begun to read the source."""
    found = select(cursors.c.read_at, cursors.c.due_at, cursors.c.problem).where(cursors.c.source == source)
    row = (await db.execute(found)).one_or_none()
    return None if row is None else Feed(row.read_at, row.due_at, row.problem)


async def claim(db: Db, source: str, *, workspace: UUID, lease: timedelta, now: datetime) -> Claimed | None:
    """Takes the source for `lease` if it is due; None when it is not, or another reads it."""
    fresh = insert(cursors).values(workspace_id=workspace, source=source, due_at=now)
    await db.execute(fresh.on_conflict_do_nothing())
    taken = update(cursors).where(cursors.c.source == source, cursors.c.due_at <= now).values(due_at=now + lease)
    row = (await db.execute(taken.returning(cursors.c.value))).one_or_none()
    return None if row is None else Claimed(row.value)


async def advance(db: Db, source: str, *, value: str, now: datetime, due_at: datetime) -> None:
    values = {"value": value, "read_at": now, "due_at": due_at, "problem": None}
    await db.execute(update(cursors).where(cursors.c.source == source).values(**values))


async def postpone(db: Db, source: str, *, until: datetime, problem: str) -> None:
    await db.execute(update(cursors).where(cursors.c.source == source).values(due_at=until, problem=problem))
