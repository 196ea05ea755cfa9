"""The kill switch: one row a workspace, read under lock whenever something is armed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update

from core.database import Db
from core.tables import switches

SENDING = "sending"


@dataclass(frozen=True)
class Switch:
    paused: bool
    by: str
    reason: str
    at: datetime


MISSING = Switch(paused=True, by="nobody", reason="the switch is missing", at=datetime.fromtimestamp(0, UTC))


async def sending(db: Db, *, locked: bool = False) -> Switch:
    """Whether anything may leave. A missing row counts as paused; `locked` keeps it as it is until the commit."""
    statement = select(switches).where(switches.c.name == SENDING)
    row = (await db.execute(statement.with_for_update(read=True) if locked else statement)).one_or_none()
    return Switch(row.paused, row.by, row.reason, row.at) if row else MISSING


async def pause(db: Db, *, by: str, reason: str, now: datetime) -> None:
    """After the commit nothing is armed, in any process. What is held waits and says so."""
    values = {"paused": True, "by": by, "reason": reason, "at": now}
    await db.execute(update(switches).where(switches.c.name == SENDING).values(**values))


async def resume(db: Db, *, by: str, now: datetime) -> None:
    """Lifts the pause. `execution.unblock_paused` lets go on what it blocked."""
    values = {"paused": False, "by": by, "reason": "", "at": now}
    await db.execute(update(switches).where(switches.c.name == SENDING).values(**values))
