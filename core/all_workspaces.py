"""The kill switch of all workspaces at once: who may turn it, and under what name."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from core import execution, switch, workspace
from core.database import Db
from core.guardrails import KILL_SWITCH
from core.switched import Turned
from core.tables import workspaces


class NotPermitted(Exception):
    """Whoever asked is no operator."""


async def pause(db: Db, *, by: str, operators: Collection[str], reason: str, now: datetime) -> None:
    """After the commit nothing is armed in any workspace. Raises NotPermitted unless `by` is one of the operators."""
    called = await _called(db, by, operators)
    await switch.turn_all(db, paused=True, by=by, called=called, reason=reason, now=now)


async def resume(db: Db, *, by: str, operators: Collection[str], now: datetime) -> int:
    """Lifts it; how many effects go on in this workspace. Those of others go on as soon as their workers see it."""
    called = await _called(db, by, operators)
    await switch.turn_all(db, paused=False, by=by, called=called, reason="", now=now)
    return await execution.unblock(db, KILL_SWITCH, now)


async def let_go_on(db: Db, known: Turned | None, now: datetime) -> Turned:
    """Lets go on what a pause of all had blocked in this workspace, if it was lifted since `known`; how it stands now.

    Who lifts it cannot see into other workspaces, so each looks again and again. With None as `known` that counts as
    well: the process may have begun after the lifting.
    """
    found = await switch.sending(db)
    latest = found.all_workspaces
    turned = latest != known if known is not None else not found.paused
    if turned and not latest.paused:
        await execution.unblock(db, KILL_SWITCH, now)
    return latest


async def _called(db: Db, by: str, operators: Collection[str]) -> str:
    """`Casey Morgan (default)`: as people of another workspace, who do not know the member, read it."""
    if by not in operators:
        raise NotPermitted(by)
    name = (await workspace.member(db, by)).name
    where = (await db.execute(select(workspaces.c.name))).scalar_one_or_none()
    return f"{name} ({where})" if where else name
