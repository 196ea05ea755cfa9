"""What Slack delivers is taken once: a press, a command or an event that comes again changes nothing again."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects.postgresql import insert

from core.database import Db
from core.tables import inbox

KEPT_FOR = timedelta(days=2)
"""Slack repeats an event for some minutes, and a press not at all."""

_TAKEN = (
    insert(inbox)
    .values(workspace_id=bindparam("workspace"), key=bindparam("key"), at=bindparam("at"))
    .on_conflict_do_nothing()
    .returning(inbox.c.key)
)


async def take(db: Db, key: str | None, *, workspace: UUID, now: datetime) -> bool:
    """Whether this delivery is the first of its kind; False for every repeat, once the first has committed.

    What carries nothing to know it by (None) is always taken.
    """
    if key is None:
        return True
    return (await db.execute(_TAKEN, {"workspace": workspace, "key": key, "at": now})).first() is not None


async def forget_old(db: Db, now: datetime) -> None:
    await db.execute(delete(inbox).where(inbox.c.at < now - KEPT_FOR))
