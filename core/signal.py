"""A signal is a fact seen outside, stored once however often it is delivered, and then worked on until it is settled."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.database import Db
from core.identity import new_id
from core.tables import signals

LEASE = timedelta(seconds=6)
"""Longer than the work takes; a signal whose worker died is taken up after it. Twice at work is once settled."""

MAIL_RECEIVED = "mail_received"


@dataclass(frozen=True)
class Signal:
    """`dedup_key` is the sender's own id of the fact; within a source it names it for good."""

    source: str
    kind: str
    dedup_key: str
    payload: dict[str, Any]
    occurred_at: datetime


@dataclass(frozen=True)
class StoredSignal:
    id: UUID
    source: str
    kind: str
    payload: dict[str, Any]
    occurred_at: datetime
    received_at: datetime
    attempts: int


async def store(db: Db, signal: Signal, *, workspace: UUID, now: datetime) -> UUID | None:
    """Keeps the signal for working on; None when it was delivered before."""
    id = new_id()
    statement = (
        insert(signals)
        .values(
            workspace_id=workspace,
            id=id,
            source=signal.source,
            kind=signal.kind,
            dedup_key=signal.dedup_key,
            payload=signal.payload,
            state="pending",
            occurred_at=signal.occurred_at,
            received_at=now,
            due_at=now,
        )
        .on_conflict_do_nothing(index_elements=["workspace_id", "source", "dedup_key"])
        .returning(signals.c.id)
    )
    stored: UUID | None = (await db.execute(statement)).scalar_one_or_none()
    return stored


async def due(db: Db, now: datetime, *, limit: int = 50) -> list[UUID]:
    statement = select(signals.c.id).where(signals.c.due_at <= now).order_by(signals.c.due_at).limit(limit)
    return list((await db.execute(statement)).scalars())


async def claim(db: Db, id: UUID, now: datetime) -> StoredSignal | None:
    """Takes a due signal for LEASE; None when it is settled or another worker has it."""
    statement = (
        update(signals)
        .where(signals.c.id == id, signals.c.due_at <= now)
        .values(due_at=now + LEASE, attempts=signals.c.attempts + 1)
        .returning(signals)
    )
    row = (await db.execute(statement)).one_or_none()
    if row is None:
        return None
    return StoredSignal(row.id, row.source, row.kind, row.payload, row.occurred_at, row.received_at, row.attempts)


async def settle(db: Db, id: UUID, *, state: str, note: str = "") -> bool:
    """Ends the work on a signal; False when it was settled already."""
    statement = update(signals).where(signals.c.id == id, signals.c.state == "pending")
    result = await db.execute(statement.values(state=state, note=note, due_at=None))
    return result.rowcount == 1


async def postpone(db: Db, id: UUID, *, until: datetime, note: str) -> None:
    statement = update(signals).where(signals.c.id == id, signals.c.state == "pending")
    await db.execute(statement.values(due_at=until, note=note))
