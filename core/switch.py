"""The kill switch: one row a workspace, read under lock whenever something is armed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Text, bindparam, select, text, update

from core import audit
from core.audit import Entry, What
from core.database import Db
from core.tables import WORKSPACE_SETTING, switches

SENDING = "sending"
GATE = "the switch"
"""Everybody who arms goes through it before the row is locked; who pauses closes it first.

Row locks alone would let a pause wait for ever: while some arm, others may join them and pass whoever waits to change
the row. An advisory lock is given in the order in which it was asked for.
"""

_GATE_GIVEN = (bindparam("wall", WORKSPACE_SETTING, type_=Text), bindparam("gate", GATE, type_=Text))
_GO_THROUGH = text(
    "select pg_advisory_xact_lock_shared(hashtextextended(current_setting(:wall) || ' ' || :gate, 0))"
).bindparams(*_GATE_GIVEN)
_CLOSE = text("select pg_advisory_xact_lock(hashtextextended(current_setting(:wall) || ' ' || :gate, 0))").bindparams(
    *_GATE_GIVEN
)


@dataclass(frozen=True)
class Switch:
    paused: bool
    by: str
    reason: str
    at: datetime


MISSING = Switch(paused=True, by="nobody", reason="the switch is missing", at=datetime.fromtimestamp(0, UTC))


async def sending(db: Db, *, locked: bool = False) -> Switch:
    """Whether anything may leave. A missing row counts as paused; `locked` keeps it as it is until the commit."""
    if locked:
        await db.execute(_GO_THROUGH)
    statement = select(switches).where(switches.c.name == SENDING)
    row = (await db.execute(statement.with_for_update(read=True) if locked else statement)).one_or_none()
    return Switch(row.paused, row.by, row.reason, row.at) if row else MISSING


async def pause(db: Db, *, by: str, reason: str, now: datetime) -> None:
    """After the commit nothing is armed, in any process. What is held waits and says so."""
    await db.execute(_CLOSE)
    values = {"paused": True, "by": by, "reason": reason, "at": now}
    await db.execute(update(switches).where(switches.c.name == SENDING).values(**values))
    audit.note(db, Entry(what=What.PAUSED, who=by, said=reason), now=now)


async def resume(db: Db, *, by: str, now: datetime) -> None:
    """Lifts the pause. `execution.unblock` lets go on what it blocked."""
    await db.execute(_CLOSE)
    values = {"paused": False, "by": by, "reason": "", "at": now}
    await db.execute(update(switches).where(switches.c.name == SENDING).values(**values))
    audit.note(db, Entry(what=What.RESUMED, who=by), now=now)
