"""A dry run as a setting: while it is on, Execute rehearses, what was approved before waits, and cards say so."""

from datetime import datetime

from sqlalchemy import select, union_all

from core import execution, queue, switch
from core.database import Db
from core.guardrails import DRY_RUN
from core.switched import EVERYBODY
from core.tables import members, moves


class Unknown(Exception):
    """Nobody is known by this id, so a dry run for it would protect nobody."""


async def begin(db: Db, *, whose: str, by: str, now: datetime) -> None:
    """After the commit nothing of theirs (EVERYBODY: of the workspace) is armed. Raises Unknown, switch.NoSwitch."""
    if whose not in {EVERYBODY, by} and not await _known(db, whose):
        raise Unknown(whose)
    await switch.set_dry_run(db, whose=whose, on=True, by=by, now=now)
    await queue.touch_undecided(db, owner=whose or None, now=now)


async def end(db: Db, *, whose: str, by: str, now: datetime) -> int:
    """What waited for this goes on, unless another dry run is still on for it; how many effects that are."""
    await switch.set_dry_run(db, whose=whose, on=False, by=by, now=now)
    await queue.touch_undecided(db, owner=whose or None, now=now)
    return await execution.unblock(db, DRY_RUN, now)


async def _known(db: Db, user: str) -> bool:
    found = union_all(
        select(members.c.slack_user_id).where(members.c.slack_user_id == user),
        select(moves.c.owner).where(moves.c.owner == user),
    )
    return (await db.execute(found.limit(1))).first() is not None
