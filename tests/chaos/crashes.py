"""How a mixed run is beset: processes killed and stopped, PostgreSQL crashed, Valkey flushed or killed, all by seed."""

import asyncio
import math
import random
import signal
import time
from dataclasses import dataclass, field
from functools import partial

from tests.chaos.environment import Wired
from tests.chaos.http_wire import Asked, Strike
from tests.chaos.victim import Victim

LIFE_S = (10.0, 30.0)
"""A process lives for so long, each length as likely as the others: 20 s at the median."""
POSTGRES_S = (20.0, 40.0)
VALKEY_S = (10.0, 30.0)
STOP_EVERY_S = (8.0, 20.0)
SHORT_STOP = (0.1, 0.9)
LONG_STOP = (1.6, 3.0)
"""In horizons of a Slack post."""
LONG_STOPS = 0.1
MOMENT_S = 4.0
"""So long a kill waits for a request to strike in; then it strikes wherever the process is."""


@dataclass(frozen=True)
class Stop:
    """A process stood still; times are Unix seconds."""

    who: str
    began: float
    ended: float
    long: bool


@dataclass(frozen=True)
class ArmedKill:
    """A process was killed while its request for an effect was under way."""

    at: float
    who: str
    when: str
    method: str
    ids: frozenset[str]


@dataclass
class Crashes:
    environment: Wired
    seed: int
    slack_horizon_s: float
    armed: list[ArmedKill] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    lived_s: list[float] = field(default_factory=list)
    last_fault: float = 0.0

    def tasks(self) -> list["asyncio.Task[None]"]:
        """Everything that goes wrong by itself, until these are cancelled."""
        self.last_fault = time.monotonic()
        victims = self.environment.victims
        workers = [victim for victim in victims if victim.role == "worker"]
        besetting = [
            *(self._end_life_after_life(victim) for victim in victims),
            *(self._keep_alive(victim) for victim in victims),
            *(self._stand_still(victim) for victim in workers),
            self._crash_postgres(),
            self._empty_valkey(),
        ]
        return [asyncio.create_task(each) for each in besetting]

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")

    async def _keep_alive(self, victim: Victim) -> None:
        while True:
            victim.look()
            await asyncio.sleep(0.02)

    async def _end_life_after_life(self, victim: Victim) -> None:
        rng = self._rng(f"kill {victim.name}")
        link = self.environment.links[victim.name]
        while True:
            life, began = victim.lives, time.monotonic()
            await asyncio.sleep(rng.uniform(*LIFE_S) - MOMENT_S / 4)
            if victim.role == "worker":
                when = rng.choice(("before", "between", "between", "after"))
                link.strike = Strike(when, partial(self._strike, victim, when))
                await self._another_life(victim, life, wait_s=MOMENT_S)
                link.strike = None
            if victim.lives == life:
                victim.kill()
            await self._another_life(victim, life)
            self.lived_s.append(time.monotonic() - began)
            self.last_fault = time.monotonic()

    async def _another_life(self, victim: Victim, life: int, *, wait_s: float = math.inf) -> None:
        began = time.monotonic()
        while time.monotonic() - began < wait_s:
            if victim.lives != life:
                return
            await asyncio.sleep(0.02)

    def _strike(self, victim: Victim, when: str, asked: Asked) -> None:
        """In the wire's thread: the request is under way now."""
        victim.kill()
        self.armed.append(ArmedKill(time.time(), victim.name, when, asked.method, asked.ids))

    async def _stand_still(self, victim: Victim) -> None:
        rng = self._rng(f"stop {victim.name}")
        while True:
            await asyncio.sleep(rng.uniform(*STOP_EVERY_S))
            long = rng.random() < LONG_STOPS
            life, began = victim.pid, time.time()
            victim.signal(signal.SIGSTOP)
            try:
                await asyncio.sleep(rng.uniform(*(LONG_STOP if long else SHORT_STOP)) * self.slack_horizon_s)
            finally:
                if victim.pid == life:
                    victim.signal(signal.SIGCONT)
            self.stops.append(Stop(victim.name, began, time.time(), long))
            self.last_fault = time.monotonic()

    async def _crash_postgres(self) -> None:
        rng = self._rng("postgres")
        while True:
            await asyncio.sleep(rng.uniform(*POSTGRES_S))
            self.environment.postgres.crash()
            try:
                await asyncio.sleep(rng.uniform(0, 1.5))
            finally:
                self.environment.postgres.start()
            self.last_fault = time.monotonic()

    async def _empty_valkey(self) -> None:
        rng = self._rng("valkey")
        while True:
            await asyncio.sleep(rng.uniform(*VALKEY_S))
            if rng.random() < 0.5:
                self.environment.valkey.flush()
            else:
                self.environment.valkey.crash()
                try:
                    await asyncio.sleep(rng.uniform(0, 2.0))
                finally:
                    self.environment.valkey.start()
            self.last_fault = time.monotonic()
