"""How long it takes until what a killed process had under way is known again."""

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from tests.chaos.crashes import ArmedKill

OPEN = frozenset({"armed", "unknown", "undo_armed", "undo_unknown"})
LOOK_S = 0.1
FIND_S = 5.0

MATCHING = """
    select e.id, e.fence, e.state, e.horizon_until from effects e
    where e.state in ('armed', 'unknown') and (
        e.key = any($1) or e.params->>'deal_id' = any($1) or 'c' || e.key = any($1)
        or exists (select 1 from effects p where p.approval_id = e.approval_id and p.step < e.step
                   and p.receipt->>'external_id' = any($1)))
"""
LOOKED_AT = "select id, fence, state, updated_at from effects where id = any($1)"


@dataclass
class _Hurt:
    killed_at: float
    fence: int
    horizon: float


@dataclass
class Recoveries:
    """Follows each effect that was under way when its process was killed, until its truth is recorded.

    Where the request turns out not to have happened, the horizon has to pass first; only what came beyond it counts.
    """

    database_url: str
    took_s: list[float] = field(default_factory=list)
    unmatched: int = 0
    """Kills for which no effect was armed: it had been recorded the moment before."""
    _hurt: dict[Any, _Hurt] = field(default_factory=dict)

    async def follow(self, kills: Sequence[ArmedKill]) -> None:
        """Until cancelled; `kills` grows meanwhile."""
        seen = 0
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                connection = await asyncpg.connect(self.database_url, timeout=2)
            except (OSError, TimeoutError, asyncpg.PostgresError):
                continue
            try:
                while True:
                    while seen < len(kills) and await self._matched(connection, kills[seen]):
                        seen += 1
                    await self._look(connection)
                    await asyncio.sleep(LOOK_S)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()
            except asyncio.CancelledError:
                connection.terminate()
                raise

    async def _matched(self, connection: Any, kill: ArmedKill) -> bool:
        rows = await connection.fetch(MATCHING, list(kill.ids))
        for row in rows:
            horizon = row["horizon_until"].timestamp() if row["horizon_until"] else kill.at
            self._hurt[row["id"]] = _Hurt(kill.at, row["fence"], horizon)
        if not rows:
            self.unmatched += 1
        return True

    async def _look(self, connection: Any) -> None:
        if not self._hurt:
            return
        for row in await connection.fetch(LOOKED_AT, list(self._hurt)):
            hurt = self._hurt[row["id"]]
            if row["fence"] == hurt.fence and row["state"] in OPEN:
                continue
            del self._hurt[row["id"]]
            updated: datetime = row["updated_at"]
            known_at = updated.timestamp() if row["fence"] == hurt.fence else time.time()
            absent = row["fence"] != hurt.fence or row["state"] in {"absent", "approved"}
            due = max(hurt.killed_at, hurt.horizon) if absent else hurt.killed_at
            self.took_s.append(max(0.0, known_at - due))

    @property
    def unrecovered(self) -> int:
        return len(self._hurt)


def quantile(values: Iterable[float], share: float) -> float | None:
    """The value below which that share lies; None of nothing."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2) if ordered else None
