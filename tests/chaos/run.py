"""One chaos run: people live their stories while bot and worker die at one point after the other; then all is judged."""

import asyncio
import random
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import asyncpg

from tests.chaos import judge
from tests.chaos.environment import ROOT, SHORT, Environment, Victim, running
from tests.chaos.judge import Verdict
from tests.chaos.people import PATIENCE_S, People

AT_ONCE = 16
POINT_PATIENCE_S = 60.0
KILL_WITHIN_S = 4.0
POINTS = ROOT / "tests" / "chaos" / "points.txt"


def known_points() -> list[str]:
    return POINTS.read_text().splitlines()


@dataclass
class Report:
    verdict: Verdict
    executions: int
    kills: int
    lives: int
    settled_s: float
    passed: set[str]
    died_at: set[str]
    never_met: list[str] = field(default_factory=list)

    @property
    def unknown_points(self) -> list[str]:
        return sorted(self.passed - set(known_points()))

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.verdict.needs_human and not self.never_met and not self.unknown_points

    def as_json(self, seed: int) -> dict[str, object]:
        counted = {
            name: len(value) if isinstance(value, list) else value for name, value in asdict(self.verdict).items()
        }
        return {
            "executions": self.executions,
            **counted,
            "points": len(self.died_at),
            "never_met": self.never_met,
            "unknown_points": self.unknown_points,
            "settled_s": round(self.settled_s, 1),
            "kills": self.kills,
            "lives": self.lives,
            "seed": seed,
        }


async def _end_snooze(database_url: str, move: str) -> None:
    """Two hours pass for one move."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "update moves set snoozed_until = now() where id = $1::uuid and state = 'snoozed'", move
        )
    finally:
        await connection.close()


async def _settled(environment: Environment, patience_s: float) -> tuple[float, int]:
    """Waits until nothing is due any more: how many seconds that took, and how many things are due all the same."""
    began = time.monotonic()
    while True:
        due, waited_s = await judge.unsettled(environment.database_url), time.monotonic() - began
        if not due or waited_s > patience_s:
            return waited_s, due
        await asyncio.sleep(0.2)


async def _keep_alive(victims: list[Victim], never_met: list[str]) -> None:
    """Starts what died; points that nobody meets in time are given up."""
    while True:
        for victim in victims:
            if (point := victim.look()) is not None:
                print(f"{len(victim.points):4} to go, died at {point}", file=sys.stderr)
            if victim.points and time.monotonic() - victim.last_death > POINT_PATIENCE_S:
                never_met += sorted(victim.points)
                victim.points.clear()
        await asyncio.sleep(0.02)


async def _kill_at_random(victims: list[Victim], rng: random.Random, longest_s: float) -> None:
    """Ends a process every now and then, wherever it is, until the last story has ended."""
    while True:
        await asyncio.sleep(rng.uniform(longest_s / 8, longest_s))
        rng.choice(victims).kill()


def play(
    folder: Path,
    *,
    points: list[str] | None = None,
    executions: int = 0,
    seed: int | None = None,
    tree: Path = ROOT,
    waits: Mapping[str, str] = SHORT,
    faults: bool = True,
    patience_s: float = PATIENCE_S,
    kill_within_s: float = KILL_WITHIN_S,
) -> Report:
    """Lives at least `executions` stories, and as many as it takes until every point of `points` was died at.

    With a `seed` processes are killed at random times as well. All servers of the run are its own. Main thread only.
    """
    with running(folder, tree=tree, waits=waits) as environment:
        for victim in environment.victims:
            victim.points = {point for point in points or [] if point.startswith(f"{victim.role} ")}
        playing = _play(
            environment,
            executions=executions,
            seed=seed,
            faults=faults,
            patience_s=patience_s,
            kill_within_s=kill_within_s,
        )
        return asyncio.run(playing)


async def _play(
    environment: Environment,
    *,
    executions: int,
    seed: int | None,
    faults: bool,
    patience_s: float,
    kill_within_s: float,
) -> Report:
    victims = list(environment.victims)
    never_met: list[str] = []

    async def end_snooze(move: str) -> None:
        await _end_snooze(environment.database_url, move)

    async with aiohttp.ClientSession() as http:
        people = People(http, environment.sandbox, end_snooze, faults=faults, patience_s=patience_s)
        people.wanted = lambda: {point for victim in victims for point in victim.points}
        helpers = [
            asyncio.create_task(people.seen.read_forever()),
            asyncio.create_task(_keep_alive(victims, never_met)),
        ]
        killer = None
        if seed is not None:
            killer = asyncio.create_task(_kill_at_random(victims, random.Random(seed), kill_within_s))
        living: set[asyncio.Task[None]] = set()
        while len(people.all) < executions or any(victim.points for victim in victims):
            while len(living) < AT_ONCE:
                living.add(asyncio.create_task(people.live()))
                await asyncio.sleep(0.1)
            ended, living = await asyncio.wait(living, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
            _all_run(ended)
            _all_run(helpers)
        if living:
            ended, _ = await asyncio.wait(living)
            _all_run(ended)
        if killer is not None:
            killer.cancel()
        settled_s, due = await _settled(environment, patience_s)
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    verdict = await judge.judge(sandbox=environment.sandbox, database_url=environment.database_url, people=people.all)
    verdict.logged += [f"the {victim.role} logged {line}" for victim in victims for line in victim.errors()]
    if due:
        verdict.unexplained.append(f"{due} things are still due {patience_s:.0f} s after the last story")
    return Report(
        verdict,
        executions=len(people.all),
        kills=sum(victim.kills for victim in victims),
        lives=sum(victim.lives for victim in victims),
        settled_s=settled_s,
        passed=set().union(*(victim.passed() for victim in victims)),
        died_at=set().union(*(victim.died_at for victim in victims)),
        never_met=never_met,
    )


def _all_run(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Lets the error of a task rise that has ended with one."""
    for task in tasks:
        if task.done():
            task.result()
