"""A mixed run: many executions at once, a bot and three workers, and everything around them failing by seed."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import asyncpg

from tests.chaos import judge
from tests.chaos.crashes import Crashes
from tests.chaos.crowd import Crowd, Execution
from tests.chaos.environment import QUICK, Pace, Wired, wired
from tests.chaos.http_wire import Chances
from tests.chaos.judge_mix import MixVerdict, judge_mix
from tests.chaos.recovery import Recoveries, quantile
from tests.chaos.victim import ROOT

SETTLE_S = 60.0
SEEN_S = 0.5
AT_ONCE = 24


@dataclass
class MixReport:
    verdict: MixVerdict
    executions: list[Execution]
    crashes: Crashes
    recoveries: Recoveries
    seed: int
    seconds: float
    settled_s: float
    audit: Mapping[str, object]
    wire: Counter[str]
    lives: int
    kills: int
    gave_up_at_start: int
    logged: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.verdict.clean and bool(self.audit.get("sound"))

    def as_json(self) -> dict[str, object]:
        verdict, crashes = self.verdict, self.crashes
        unclear = sum(self.wire[kind] for kind in ("lose_answer", "lose_request", "late", "error", "slow"))
        asked = self.wire["effects asked for"]
        return {
            "executions": sum(one.approved for one in self.executions),
            "lost": len(verdict.lost),
            "doubled": len(verdict.doubled),
            "unexplained": len(verdict.unexplained),
            "needs_human": verdict.needs_human,
            "needs_human_readable": verdict.needs_human_readable,
            "leftover_drafts": verdict.leftover_drafts,
            "doubled_after_long_stop": verdict.doubled_after_long_stop,
            "reopened": verdict.reopened,
            "ended_late": sum(one.late for one in self.executions),
            "settled_s": round(self.settled_s, 1),
            "kills": self.kills,
            "kills_while_armed": len(crashes.armed) - self.recoveries.unmatched,
            "lives": self.lives,
            "gave_up_at_start": self.gave_up_at_start,
            "life_p50_s": quantile(crashes.lived_s, 0.5),
            "effective_per_life": round(verdict.applied / max(self.lives, 1), 1),
            "effects": verdict.applied,
            "unclear_share": round(unclear / asked, 3) if asked else 0,
            "wire": dict(sorted(self.wire.items())),
            "stops": sum(not stop.long for stop in crashes.stops),
            "long_stops": sum(stop.long for stop in crashes.stops),
            "postgres_crashes": crashes.environment.postgres.crashes,
            "valkey_flushes": crashes.environment.valkey.flushes,
            "valkey_kills": crashes.environment.valkey.crashes,
            "recovery_p50_s": quantile(self.recoveries.took_s, 0.5),
            "recovery_p99_s": quantile(self.recoveries.took_s, 0.99),
            "unrecovered": self.recoveries.unrecovered,
            "audit": dict(self.audit),
            "by_kind": dict(Counter(one.kind for one in self.executions if one.approved)),
            "stages_p50_s": {
                stage: quantile((one.stages_s[stage] for one in self.executions if stage in one.stages_s), 0.5)
                for stage in ("accepted", "card", "approved", "ended")
            },
            "seconds": round(self.seconds, 1),
            "executions_per_s": round(len(self.executions) / self.seconds, 2),
            "logged": len(self.logged),
            "seed": self.seed,
        }


def play_mixed(
    folder: Path,
    *,
    executions: int,
    seed: int,
    workers: int = 3,
    tree: Path = ROOT,
    pace: Pace = QUICK,
    chances: Chances | None = None,
    beset: bool = True,
    patience_s: float | None = None,
    at_once: int = AT_ONCE,
) -> MixReport:
    """At least so many executions. All servers of the run are its own. Main thread only.

    Without `beset` no process is ended or stopped: what goes wrong, goes wrong on the wire.
    """
    pace = pace if patience_s is None else replace(pace, patience_s=patience_s)
    chances = chances or Chances(late_s=pace.late_s, slow_s=pace.slow_s)
    with wired(folder, seed=seed, workers=workers, tree=tree, waits=pace.waits, chances=chances) as environment:
        return asyncio.run(
            _play(environment, executions=executions, seed=seed, beset=beset, pace=pace, at_once=at_once)
        )


async def _play(environment: Wired, *, executions: int, seed: int, beset: bool, pace: Pace, at_once: int) -> MixReport:
    crashes, recoveries = Crashes(environment, seed, pace.slack_horizon_s), Recoveries(environment.database_url)
    for victim in environment.victims:
        victim.start()
    environment.ask("member", {"channel": "C0WINS", "member": True})
    began = time.monotonic()
    async with aiohttp.ClientSession() as http:
        crowd = Crowd(http, environment.sandbox, seed, patience_s=pace.patience_s)
        reading = asyncio.create_task(crowd.seen.read_forever())
        following = asyncio.create_task(recoveries.follow(crashes.armed))
        besetting = crashes.tasks() if beset else [asyncio.create_task(start_again(environment))]
        await _lives(crowd, [reading, following, *besetting], executions, at_once)
        seconds = time.monotonic() - began
        for task in besetting:
            task.cancel()
        await asyncio.gather(*besetting, return_exceptions=True)
        environment.wire.be_calm()
        environment.postgres.ensure()
        environment.valkey.ensure()
        again = asyncio.create_task(start_again(environment))
        settled_s, due = await settled(environment, crashes.last_fault or time.monotonic(), pace)
        await asyncio.sleep(SEEN_S)
        crowd.look_again()
        for task in (reading, following, again):
            task.cancel()
        await asyncio.gather(reading, following, again, return_exceptions=True)
    long_stops = [(stop.began, stop.ended) for stop in crashes.stops if stop.long]
    links = environment.wire.http
    verdict = await judge_mix(
        sandbox=environment.sandbox,
        database_url=environment.database_url,
        executions=crowd.all,
        doubled_on_the_wire=[one for link in links for one in link.doubled],
        long_stops=long_stops,
    )
    if due:
        verdict.unexplained.append(f"{due} things are still due {SETTLE_S:.0f} s after the longest horizon")
    logged = [f"the {victim.name} logged {line}" for victim in environment.victims for line in victim.errors()]
    return MixReport(
        verdict,
        crowd.all,
        crashes,
        recoveries,
        seed,
        seconds,
        settled_s,
        _audit(environment),
        sum((link.counts for link in links), Counter[str]()),
        lives=sum(victim.lives for victim in environment.victims),
        kills=sum(victim.kills for victim in environment.victims),
        gave_up_at_start=sum(victim.gave_up for victim in environment.victims),
        logged=logged,
    )


async def _lives(crowd: Crowd, helpers: list["asyncio.Task[None]"], executions: int, at_once: int) -> None:
    living: set[asyncio.Task[None]] = set()
    while len(crowd.all) < executions or living:
        while len(crowd.all) < executions and len(living) < at_once:
            living.add(asyncio.create_task(crowd.live()))
            await asyncio.sleep(0.02)
        ended, living = await asyncio.wait([*living], timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
        for task in (*ended, *helpers):
            if task.done():
                task.result()  # lets its error rise


async def start_again(environment: Wired) -> None:
    while True:
        for victim in environment.victims:
            victim.look()
        await asyncio.sleep(0.05)


async def settled(environment: Wired, last_fault: float, pace: Pace = QUICK) -> tuple[float, int]:
    """Seconds beyond the longest horizon since the last fault, and how many things are due all the same."""
    while True:
        beyond_s = time.monotonic() - last_fault - pace.longest_horizon_s
        due = -1
        with suppress(OSError, asyncpg.PostgresError):
            due = await judge.unsettled(environment.database_url)
        if due == 0 or beyond_s > SETTLE_S:
            return max(0.0, beyond_s), due
        await asyncio.sleep(0.1)


def _audit(environment: Wired) -> Mapping[str, object]:
    """What `caseyos audit verify` says, compared with the heads that the workers kept outside the database."""
    command = [sys.executable, "-m", "bot", "audit", "verify", "--json"]
    said = subprocess.run(
        command,
        cwd=environment.victims[0].tree,
        env=dict(environment.settings),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(said.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return {"sound": False, "said": (said.stdout + said.stderr)[-500:]}
    return {name: found[name] for name in ("sound", "entries", "heads_outside")} | {"broken": len(found["broken"])}
