"""The kill switches, one for each workspace and one for all, and the dry runs: read under lock whenever something is armed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Text, bindparam, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from core import audit
from core.audit import Entry, What
from core.database import Db
from core.switched import MISSING, Switch, Turned
from core.tables import ALL_WORKSPACES_SETTING, WORKSPACE_SETTING, global_switches, switches

SENDING = "sending"
GATE = "the switch"
GATE_OF_ALL = "the switch of all workspaces"
"""Everybody who arms goes through both before the rows are locked, this one first; who turns a switch closes its gate.

Row locks alone would let a pause wait for ever: while some arm, others may join them and pass whoever waits to change
the row. An advisory lock is given in the order in which it was asked for.
"""
ALL_WORKSPACES = "all workspaces"

_GATE_GIVEN = (bindparam("wall", WORKSPACE_SETTING, type_=Text), bindparam("gate", GATE, type_=Text))
_GO_THROUGH = text(
    "select pg_advisory_xact_lock_shared(hashtextextended(current_setting(:wall) || ' ' || :gate, 0))"
).bindparams(*_GATE_GIVEN)
_CLOSE = text("select pg_advisory_xact_lock(hashtextextended(current_setting(:wall) || ' ' || :gate, 0))").bindparams(
    *_GATE_GIVEN
)
_GO_THROUGH_ALL = text("select pg_advisory_xact_lock_shared(hashtextextended(:gate, 0))").bindparams(
    bindparam("gate", GATE_OF_ALL, type_=Text)
)
_CLOSE_ALL = text("select pg_advisory_xact_lock(hashtextextended(:gate, 0))").bindparams(
    bindparam("gate", GATE_OF_ALL, type_=Text)
)


class NoSwitch(Exception):
    """There is no switch to turn: the workspace has not been made yet."""


_BOTH = (
    select(global_switches).where(global_switches.c.name == SENDING),
    select(switches).where(switches.c.name == SENDING),
)


async def sending(db: Db, *, locked: bool = False) -> Switch:
    """Whether anything may leave. A missing row counts as paused; `locked` keeps all of it as it is until the commit."""
    if locked:
        await db.execute(_GO_THROUGH_ALL)
        await db.execute(_GO_THROUGH)
    found = []
    for statement in _BOTH:
        found.append((await db.execute(statement.with_for_update(read=True) if locked else statement)).one_or_none())
    everywhere, here = found
    return Switch(turned(here), turned(everywhere), here.dry_runs if here else {})


def turned(row: Row[Any] | None) -> Turned:
    return Turned(row.paused, row.by, row.reason, row.at) if row else MISSING


async def pause(db: Db, *, by: str, reason: str, now: datetime) -> None:
    """After the commit nothing is armed in this workspace, in any process. What is held waits and says so."""
    await _change(db, {"paused": True, "by": by, "reason": reason, "at": now})
    audit.note(db, Entry(what=What.PAUSED, who=by, said=reason), now=now)


async def resume(db: Db, *, by: str, now: datetime) -> None:
    """Lifts the pause. `execution.unblock` lets go on what it blocked."""
    await _change(db, {"paused": False, "by": by, "reason": "", "at": now})
    audit.note(db, Entry(what=What.RESUMED, who=by), now=now)


async def set_dry_run(db: Db, *, whose: str, on: bool, by: str, now: datetime) -> None:
    """After the commit nothing of theirs is armed; `core.dry_run` does what follows. Raises NoSwitch."""
    begun = switches.c.dry_runs.op("||")(func.jsonb_build_object(cast(whose, Text), cast(by, Text)))
    ended = switches.c.dry_runs.op("-", return_type=JSONB)(cast(whose, Text))
    await _change(db, {"dry_runs": begun if on else ended})
    said = f"for {whose}" if whose else "for the whole workspace"
    audit.note(db, Entry(what=What.DRY_RUN_ON if on else What.DRY_RUN_OFF, who=by, said=said), now=now)


async def _change(db: Db, values: Mapping[str, Any]) -> None:
    await db.execute(_CLOSE)
    if (await db.execute(update(switches).where(switches.c.name == SENDING).values(**values))).rowcount == 0:
        raise NoSwitch


async def turn_all(db: Db, *, paused: bool, by: str, called: str, reason: str, now: datetime) -> None:
    """After the commit nothing is armed in any workspace, or no more than each says itself. Raises NoSwitch.

    Who may do this is asked in `core.all_workspaces`; `called` is the name by which the other workspaces are told.
    """
    await db.execute(_CLOSE_ALL)
    await db.execute(select(func.set_config(ALL_WORKSPACES_SETTING, "on", True)))
    values = {"paused": paused, "by": called, "reason": reason, "at": now}
    changed = await db.execute(update(global_switches).where(global_switches.c.name == SENDING).values(**values))
    if changed.rowcount == 0:
        raise NoSwitch
    word = What.PAUSED if paused else What.RESUMED
    audit.note(db, Entry(what=word, who=by, grounds=ALL_WORKSPACES, said=reason), now=now)
