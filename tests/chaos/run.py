"""One chaos run: people live their stories while bot and worker die at one point after the other; then all is judged."""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import asyncpg

from tests.chaos import judge
from tests.chaos.environment import SHORT, Environment, running
from tests.chaos.judge import Verdict
from tests.chaos.judge_mix import judge_effects
from tests.chaos.people import PATIENCE_S, People
from tests.chaos.victim import ROOT, Victim

AT_ONCE = 16
POINT_PATIENCE_S = 100.0
WORKERS = 3
"""What one of them has under way when it dies costs that a try, and after five a person is asked: with one worker
that dies every second, all would come to that."""
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
                for other in victims:
                    other.points.discard(point)
                left = set().union(*(other.points for other in victims))
                print(f"{len(left):4} to go, died at {point}", file=sys.stderr)
            if victim.points and time.monotonic() - victim.last_death > POINT_PATIENCE_S:
                never_met += sorted(victim.points)
                for other in victims:
                    other.points -= set(never_met)
        await asyncio.sleep(0.02)


def play(
    folder: Path,
    *,
    points: list[str] | None = None,
    executions: int = 0,
    tree: Path = ROOT,
    waits: Mapping[str, str] = SHORT,
    faults: bool = True,
    patience_s: float = PATIENCE_S,
) -> Report:
    """Lives at least `executions` stories, and as many as it takes until every point of `points` was died at.

    All servers of the run are its own. Main thread only.
    """
    with running(folder, tree=tree, waits=waits, workers=WORKERS) as environment:
        deaths_at = folder / "deaths"
        deaths_at.write_text("".join(f"{point}\t\n" for point in points or []))
        for victim in environment.victims:
            victim.deaths_at = deaths_at
            victim.points = {point for point in points or [] if point.startswith(f"{victim.role} ")}
        playing = _play(
            environment,
            executions=executions,
            faults=faults,
            patience_s=patience_s,
        )
        return asyncio.run(playing)


async def _play(
    environment: Environment,
    *,
    executions: int,
    faults: bool,
    patience_s: float,
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
        settled_s, due = await _settled(environment, patience_s)
        for task in helpers:
            task.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
    verdict = await judge.judge(sandbox=environment.sandbox, database_url=environment.database_url, people=people.all)
    effects = await judge_effects(sandbox=environment.sandbox, database_url=environment.database_url)
    verdict.lost += effects.lost
    verdict.doubled += effects.doubled
    verdict.unexplained += effects.unexplained
    verdict.asked = effects.asked
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
