"""Caps and the kill switch hold when several processes arm at once; CASEYOS_LONG=1 does it a hundred thousand times."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import func, select

from bot.embedded import valkey
from core import all_workspaces, dry_run, switch, workspace
from core.database import Database
from core.guardrails import GuardrailSettings
from core.guardrails.settings import Caps
from core.identity import workspace_id
from core.switched import EVERYBODY
from core.tables import caps, effects, reservations
from core.workspace import WorkspaceSettings
from tests.bot.arming_process import DOMAINS, EFFECTS, NOON, attempt, make_effects
from tests.support import factories
from tests.support.factories import OWNER

ROOT = Path(__file__).resolve().parents[2]
LONG = os.environ.get("CASEYOS_LONG") == "1"
PROCESSES, AT_ONCE = 3, 6
ARMING_AT_ONCE = 2
ATTEMPTS = 100_000 if LONG else 2_000
FLUSH_EVERY_S = 0.02
TRIALS = 1_000 if LONG else 20


async def process(urls, database, **options: int | str) -> asyncio.subprocess.Process:
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bot.arming_process",
        urls.app,
        str(database.workspace),
        *words,
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.fixture
def bells() -> Iterator[str]:
    """A Valkey of its own, to be flushed."""
    with valkey.running(None) as running:
        yield running.url


@dataclass
class Flushed:
    times: int = 0
    lost: int = 0
    """Keys that were there and are gone: rings that nobody has heard."""


@asynccontextmanager
async def flushed_meanwhile(url: str) -> AsyncIterator[Flushed]:
    seen = Flushed()
    async with Redis.from_url(url) as redis:

        async def flush() -> None:
            while True:
                async with redis.pipeline(transaction=True) as both:
                    keys, _ = await both.dbsize().flushall().execute()
                seen.times, seen.lost = seen.times + 1, seen.lost + keys
                await asyncio.sleep(FLUSH_EVERY_S)

        flushing = asyncio.create_task(flush())
        try:
            yield seen
            assert not flushing.done(), flushing
        finally:
            flushing.cancel()
            await asyncio.gather(flushing, return_exceptions=True)


async def furnish(database) -> WorkspaceSettings:
    """Five caps that are all within reach of so many attempts, and the rest out of it."""
    limits = Caps(
        mailbox_per_hour=ATTEMPTS // 12,
        mailbox_per_minute=ATTEMPTS,
        workspace_per_day=ATTEMPTS // 12 + 3,
        workspace_per_hour=ATTEMPTS,
        workspace_per_minute=ATTEMPTS,
        domain_per_day=ATTEMPTS // 30,
        domain_per_hour=ATTEMPTS // 30 + 1,
        domain_per_minute=ATTEMPTS,
    )
    settings = WorkspaceSettings(
        default_owner=OWNER, daily_mail_cap=ATTEMPTS // 12 + 1, guardrails=GuardrailSettings(caps=limits)
    )
    async with database.begin() as db:
        await workspace.ensure(db, id=database.workspace, name="test", settings=settings, now=NOON)
    return settings


async def counted(database) -> dict[tuple[str, str], tuple[int, int]]:
    """(scope, subject) to what the caps say is used, and how many effects hold it."""
    held = (
        select(func.count())
        .where(reservations.c.scope == caps.c.scope, reservations.c.subject == caps.c.subject)
        .scalar_subquery()
    )
    async with database.begin() as db:
        rows = (await db.execute(select(caps.c.scope, caps.c.subject, caps.c.used, held))).all()
    return {(scope, subject): (used, holding) for scope, subject, used, holding in rows}


async def test_no_cap_is_overrun_and_no_room_is_lost_while_valkey_is_flushed(urls, database, bells):
    settings = await furnish(database)
    await make_effects(database, ATTEMPTS)
    each = ATTEMPTS // PROCESSES
    began = time.perf_counter()
    async with flushed_meanwhile(bells) as flushed:
        running = [
            await process(urls, database, seed=n, redis=bells, first=n * each, number=each, at_once=AT_ONCE)
            for n in range(PROCESSES)
        ]
        said = await asyncio.gather(*(one.communicate() for one in running))
    assert [one.returncode for one in running] == [0] * PROCESSES, said[0][1].decode()[-3000:]
    took_s = time.perf_counter() - began

    async with database.begin() as db:
        holding = set((await db.execute(select(reservations.c.effect_id).distinct())).scalars())
        waiting = [id for id in (await db.execute(EFFECTS)).scalars() if id not in holding]
    # What was blocked comes back when its time has come, and takes what is left, to the last of it.
    came_back = 0
    for company in DOMAINS:
        while await attempt(database, settings, waiting.pop(), company):
            came_back += 1

    given, limits = settings.guardrails.caps, await counted(database)
    allowed = {"mailbox_day": settings.daily_mail_cap, "workspace_day": given.workspace_per_day}
    allowed |= {f"{whose}_hour": getattr(given, f"{whose}_per_hour") for whose in ("mailbox", "workspace", "domain")}
    allowed |= {f"{whose}_minute": ATTEMPTS for whose in ("mailbox", "workspace", "domain")}
    allowed["domain_day"] = given.domain_per_day
    overshoot = {key: used - allowed[key[0]] for key, (used, _) in limits.items()}
    lost = f"Valkey flushed {flushed.times} times with {flushed.lost} keys"
    room = {company: _room_left(overshoot, company) for company in DOMAINS}
    print(f"{ATTEMPTS} attempts by {PROCESSES} processes in {took_s:.1f} s, {lost}, {came_back} came back:")
    print(f"overshoot {max(0, *overshoot.values())}, room left unused {sum(room.values())}, {limits}")
    assert flushed.lost > 0
    assert max(overshoot.values()) == 0
    assert {key: used for key, (used, _) in limits.items()} == {key: held for key, (_, held) in limits.items()}
    assert room == dict.fromkeys(DOMAINS, 0)
    assert overshoot["mailbox_hour", "me"] == 0
    assert overshoot["domain_day", DOMAINS[0]] == 0


def _room_left(overshoot: dict[tuple[str, str], int], company: str) -> int:
    """How many mails to this company could still leave under all caps that bind it."""
    return min(-over for (_, subject), over in overshoot.items() if subject in {"me", "", company})


@asynccontextmanager
async def arming_without_end(urls, database) -> AsyncIterator[None]:
    running = [await process(urls, database, seed=n, at_once=ARMING_AT_ONCE) for n in range(PROCESSES)]
    try:
        yield
        assert [one.returncode for one in running] == [None] * PROCESSES, "one of them broke"
    finally:
        for one in running:
            if one.returncode is None:
                one.kill()
            await one.communicate()


async def looked(database) -> dict[str, int]:
    async with database.begin() as db:
        rows = await db.execute(select(caps.c.subject, caps.c.used).where(caps.c.scope == "looked"))
        return dict(tuple(row) for row in rows.all())


async def armed(database) -> int:
    async with database.begin() as db:
        return (await db.execute(select(func.sum(effects.c.fence)))).scalar_one()


async def everybody_looks(database, *, times: int) -> None:
    """Returns when every worker in every process has looked at the switch so often since."""
    before = await looked(database)
    while True:
        now = await looked(database)
        if len(now) == PROCESSES * ARMING_AT_ONCE and all(now[one] >= before.get(one, 0) + times for one in now):
            return
        await asyncio.sleep(0.005)


async def turn_here(database, *, paused: bool) -> None:
    async with database.begin() as db:
        if paused:
            await switch.pause(db, by=OWNER, reason="stop", now=NOON)
        else:
            await switch.resume(db, by=OWNER, now=NOON)


async def turn_all(database, *, paused: bool) -> None:
    async with database.begin() as db:
        if paused:
            await all_workspaces.pause(db, by=OWNER, operators={OWNER}, reason="stop", now=NOON)
        else:
            await all_workspaces.resume(db, by=OWNER, operators={OWNER}, now=NOON)


async def turn_dry_run(database, *, paused: bool) -> None:
    async with database.begin() as db:
        if paused:
            await dry_run.begin(db, whose=EVERYBODY, by=OWNER, now=NOON)
        else:
            await dry_run.end(db, whose=EVERYBODY, by=OWNER, now=NOON)


@pytest.mark.parametrize("turn", [turn_here, turn_all, turn_dry_run], ids=lambda turn: turn.__name__)
async def test_once_a_pause_is_committed_nothing_is_armed_in_any_process(urls, database, turn):
    """A pause of this workspace; of all, said in another; and a dry run, which stops as much."""
    elsewhere = Database(urls.app, workspace=workspace_id("elsewhere"))
    await factories.furnished(database, now=NOON)
    await factories.furnished(elsewhere, now=NOON)
    said_in = elsewhere if turn is turn_all else database
    await make_effects(database, PROCESSES * ARMING_AT_ONCE)
    after_commit, waited_s = 0, []
    async with arming_without_end(urls, database):
        for _ in range(TRIALS):
            before = await armed(database)
            async with asyncio.timeout(60):
                await everybody_looks(database, times=1)
            assert await armed(database) > before
            began = time.perf_counter()
            await turn(said_in, paused=True)
            waited_s.append(time.perf_counter() - began)
            at_commit = await armed(database)
            async with asyncio.timeout(60):
                await everybody_looks(database, times=2)
            after_commit += await armed(database) - at_commit
            await turn(said_in, paused=False)
    await elsewhere.close()
    print(f"{TRIALS} pauses, {after_commit} armed after the commit; a pause took {max(waited_s):.3f} s at most")
    assert after_commit == 0
