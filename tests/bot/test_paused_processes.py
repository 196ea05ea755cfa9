"""The kill switch as whole processes see it: bots and workers say within a second that they are paused, and go on running."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.embedded.process import free_port
from core import switch
from tests.bot.starting import Starter, starter
from tests.support import factories
from tests.support.factories import OWNER

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("bot", "worker", "bot", "worker")
START_WITHIN_S = 60.0
WITHIN_S = 1.0
ASK_EVERY_S = 0.02


@dataclass
class Running:
    """`url` is where this process says how it is doing."""

    kind: str
    url: str
    process: "subprocess.Popen[bytes]"


def start(kind: str, environment: dict[str, str], folder: Path) -> Running:
    port = free_port()
    name = "CASEYOS_PORT" if kind == "bot" else "CASEYOS_WORKER_PORT"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CASEYOS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", kind],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment, name: str(port)},
        stderr=subprocess.DEVNULL,
    )
    return Running(kind, f"http://127.0.0.1:{port}/ready", process)


@pytest.fixture
def bell() -> Iterator[Starter]:
    """A Valkey that can be killed."""
    with starter("valkey", "server.url", None) as apart:
        yield apart


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        yield client


@asynccontextmanager
async def ended(running: list[Running]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for one in running:
            one.process.terminate()
        for one in running:
            await asyncio.to_thread(one.process.wait, 20)


async def says(http: httpx.AsyncClient, one: Running, paused: bool, *, within_s: float) -> float:
    """How long it took until this process said so. Fails when it ends, or says nothing else for so long."""
    began = time.monotonic()
    answer = None
    while time.monotonic() - began < within_s:
        assert one.process.poll() is None, f"the {one.kind} has ended"
        with contextlib.suppress(httpx.TransportError):
            answer = (await http.get(one.url)).json()
            if answer["ready"] and answer["paused"] is paused:
                return time.monotonic() - began
        await asyncio.sleep(ASK_EVERY_S)
    raise AssertionError(f"the {one.kind} did not say within {within_s} s that paused is {paused}: {answer}")


async def without_redis(http: httpx.AsyncClient, one: Running) -> None:
    """Returns once it misses Redis, whose server ends a moment after its starter."""
    began = time.monotonic()
    while time.monotonic() - began < START_WITHIN_S:
        if not (await http.get(one.url)).json()["dependencies"]["redis"]["ok"]:
            return
        await asyncio.sleep(ASK_EVERY_S)
    raise AssertionError(f"the {one.kind} still has its Redis")


async def turn(database, clock, *, paused: bool) -> None:
    async with database.begin() as db:
        if paused:
            await switch.pause(db, by=OWNER, reason="stop", now=clock.now)
        else:
            await switch.resume(db, by=OWNER, now=clock.now)


async def test_every_process_says_that_it_is_paused_and_keeps_running(urls, database, clock, bell, http, tmp_path):
    await factories.furnished(database, now=clock.now)
    environment = {"CASEYOS_DATABASE_URL": urls.app, "CASEYOS_REDIS_URL": bell.url, "CASEYOS_WORKSPACE": "test"}
    running = [start(kind, environment, tmp_path) for kind in KINDS]
    async with ended(running):
        for one in running:
            await says(http, one, False, within_s=START_WITHIN_S)
        took_s = []
        for redis_is_there in (True, False):
            if not redis_is_there:
                bell.kill()
            for paused in (True, False):
                await turn(database, clock, paused=paused)
                took_s += await asyncio.gather(*(says(http, one, paused, within_s=WITHIN_S) for one in running))
        await without_redis(http, running[1])
        await turn(database, clock, paused=True)
        running[0].process.kill()
        running[0].process.wait()
        running[0] = start("bot", environment, tmp_path)
        for one in running:
            await says(http, one, True, within_s=START_WITHIN_S)
        assert [one.process.poll() for one in running] == [None] * len(KINDS)
    print(
        f"{len(KINDS)} processes, 4 turns of the switch, with Redis and without: said after {max(took_s):.3f} s at most"
    )
    assert [one.process.returncode for one in running] == [0] * len(KINDS)
