"""`caseyos bench ack`: a Snooze press in HTTP mode, the product beside a bare aiohttp handler with the same SQL."""

import asyncio
import itertools
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import uvloop
from aiohttp import web
from rich.console import Console

from bot.bench import ground
from bot.bench.ground import WORKSPACE
from bot.bench.load import BadAnswer, Target, latencies, per_second
from bot.bench.press import USER, Presses
from bot.embedded import servers
from bot.embedded.process import free_port
from bot.process_tree import Process, caseyos
from core import cards, queue
from core.card import Card
from core.database import Database
from core.identity import workspace_id

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 32
MOVES = 128
START_S = 30.0
BARS = {"p50_fsync_on": 2.5, "p50_fsync_off": 2.5, "requests_fsync_on": 0.3, "requests_fsync_off": 0.25}
"""A ratio of p50 is at most its bar, one of requests at least."""


@dataclass(frozen=True)
class Size:
    """How much is measured in each of the two modes."""

    warm_up: int
    latency_rounds: int
    presses: int
    load_rounds: int
    load_s: float
    moves: int = MOVES


WHOLE = Size(warm_up=300, latency_rounds=9, presses=120, load_rounds=5, load_s=1.5)
SHORT = Size(warm_up=100, latency_rounds=3, presses=60, load_rounds=2, load_s=0.7)


@dataclass
class Side:
    """What one server did, round by round."""

    target: Target
    p50_s: list[float]
    requests_s: list[float]
    presses: int = 0

    def figures(self) -> dict[str, float]:
        return {
            "p50_ms": round(median(self.p50_s) * 1000, 3),
            "requests_per_s": round(median(self.requests_s), 1),
            "presses": self.presses,
        }


def run(*, size: Size = WHOLE, quiet: bool = False) -> int:
    """Measures and prints, the report as the last line; 0 when every ratio keeps its bar, 1 when one does not."""
    console = Console(stderr=True, quiet=quiet)
    report: dict[str, Any] = {"bench": "ack", "clients": CLIENTS, "machine": ground.machine(), "bars": BARS}
    ratios: dict[str, float] = {}
    try:
        for name, durable in ground.MODES:
            product, bare, pairs = _measure(size, console, name=name, durable=durable)
            report[name] = {"product": product.figures(), "bare": bare.figures()}
            ratios |= {f"{what}_{name}": round(ratio, 3) for what, ratio in pairs.items()}
    except (BadAnswer, OSError, TimeoutError) as failed:
        print(f"The benchmark failed: {failed}", file=sys.stderr)
        return 1
    report["ratios"] = ratios
    report["ok"] = all(kept(name, ratio) for name, ratio in ratios.items())
    print(json.dumps(report), flush=True)
    return 0 if report["ok"] else 1


def kept(name: str, ratio: float) -> bool:
    return ratio <= BARS[name] if name.startswith("p50") else ratio >= BARS[name]


def _measure(size: Size, console: Console, *, name: str, durable: bool) -> tuple[Side, Side, dict[str, float]]:
    """One mode: both servers on one database, in turn."""
    with ExitStack() as stack:
        with console.status(f"{name}: starting PostgreSQL and Valkey"):
            embedded, data = stack.enter_context(ground.embedded(durable=durable))
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        return runner.run(_compare(size, console, name=name, embedded=embedded, data=data))


async def _compare(
    size: Size, console: Console, *, name: str, embedded: servers.Servers, data: Path
) -> tuple[Side, Side, dict[str, float]]:
    secret = secrets.token_hex(16)
    seeded = await _seed(embedded.app_url, moves=size.moves)
    async with _slack() as slack_url:
        settings = _settings(embedded, slack_url=slack_url, secret=secret)
        product_port, bare_port = free_port(), free_port()
        with (
            _process("product", caseyos("bot"), settings, port=product_port, data=data),
            _process("bare", [sys.executable, "-m", "bot.bench.bare"], settings, port=bare_port, data=data),
        ):
            sides = [
                Side(_target(side, port, seeded, secret=secret), [], [])
                for side, port in (("product", product_port), ("bare", bare_port))
            ]
            with console.status(f"{name}: {len(seeded)} moves wait") as status:
                for side in sides:
                    await _until_listening(side.target)
                    side.presses += len(await latencies(side.target, size.warm_up))
                await _rounds(sides, size, lambda said: status.update(f"{name}: {said}"))
    await _every_press_counted(embedded.owner_url, sum(side.presses for side in sides))
    product, bare = sides
    pairs = {
        "p50": median(ours / theirs for ours, theirs in zip(product.p50_s, bare.p50_s, strict=True)),
        "requests": median(ours / theirs for ours, theirs in zip(product.requests_s, bare.requests_s, strict=True)),
    }
    said = ", ".join(f"{what} {ratio:.2f}" for what, ratio in pairs.items())
    console.print(f"{name}: product {product.figures()}, bare {bare.figures()}; {said}", highlight=False)
    return product, bare, pairs


async def _rounds(sides: Sequence[Side], size: Size, say: Callable[[str], None]) -> None:
    """A B A B: whatever slows the machine for a while slows both."""
    for number in range(size.latency_rounds):
        say(f"one client, round {number + 1} of {size.latency_rounds}")
        for side in sides:
            took = await latencies(side.target, size.presses)
            side.p50_s.append(median(took))
            side.presses += len(took)
    for number in range(-1, size.load_rounds):
        say(f"{CLIENTS} clients, round {number + 1} of {size.load_rounds}")
        for side in sides:
            # The first round only opens the connections to the database.
            rate, answered = await per_second(side.target, clients=CLIENTS, seconds=size.load_s if number >= 0 else 0.3)
            side.presses += answered
            if number >= 0:
                side.requests_s.append(rate)


def _target(name: str, port: int, seeded: Sequence[Card], *, secret: str) -> Target:
    """Client n presses the moves n, n + CLIENTS, ... in turn, so that no press waits for another one's row."""
    mine = [[Presses(card, secret=secret, port=port) for card in seeded[n::CLIENTS]] for n in range(CLIENTS)]
    turns = [itertools.cycle(presses) for presses in mine]
    return Target(name, port, lambda client: next(turns[client]).next())


async def _seed(url: str, *, moves: int) -> list[Card]:
    """Open moves from forms, made as the product makes them."""
    here, now = workspace_id(WORKSPACE), datetime.now(UTC)
    database = Database(url, workspace=here)
    try:
        await ground.furnish(database, owner=USER, daily_mail_cap=40, now=now)
        async with database.begin() as db:
            for number in range(moves):
                email = f"dana{number}@northpier.example"
                await ground.fill_in_form(db, number, email=email, here=here, now=now)
            rows = await queue.today(db, USER, limit=moves)
            return [await cards.card(db, row.id, now) for row in rows]
    finally:
        await database.close()


async def _every_press_counted(url: str, presses: int) -> None:
    """Raises BadAnswer when an acknowledged press left no line in the history."""
    connection = await asyncpg.connect(url)
    try:
        lines = await connection.fetchval("select count(*) from move_events where what = 'snoozed'")
    finally:
        await connection.close()
    if lines != presses:
        raise BadAnswer(f"{presses} presses were acknowledged, {lines} changed a move")


@asynccontextmanager
async def _slack() -> Any:
    """The one method that Bolt asks when the first press arrives; its address."""

    async def who(_: web.Request) -> web.Response:
        return web.json_response(
            {"ok": True, "team_id": "T0BENCH", "team": "bench", "user_id": "U0BOT", "bot_id": "B0BENCH", "user": "bot"}
        )

    app = web.Application()
    app.router.add_post("/api/auth.test", who)
    runner = web.AppRunner(app, handle_signals=False, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


def _settings(embedded: servers.Servers, *, slack_url: str, secret: str) -> dict[str, str]:
    """HTTP mode, and otherwise as in production; nothing of the caller's own settings gets in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CASEYOS_")}
    return {
        **own,
        **embedded.settings(),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", "")))),
        "CASEYOS_WORKSPACE": WORKSPACE,
        "CASEYOS_DEFAULT_OWNER": USER,
        "CASEYOS_SLACK_API_URL": slack_url,
        "CASEYOS_SLACK_BOT_TOKEN": "xoxb-bench",
        "CASEYOS_SLACK_SIGNING_SECRET": secret,
        "CASEYOS_LOG_LEVEL": "warning",
    }


@contextmanager
def _process(
    name: str, command: Sequence[str], settings: Mapping[str, str], *, port: int, data: Path
) -> Iterator[Process]:
    """A server as a process of its own, in an empty folder, so that no `.env` speaks to it."""
    process = Process(name, command, {**settings, "CASEYOS_PORT": str(port)})
    before = Path.cwd()
    os.chdir(data)
    try:
        process.start()
    finally:
        os.chdir(before)
    try:
        yield process
    finally:
        if process.popen is not None:
            process.popen.terminate()
            try:
                process.popen.wait(10)
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait()


async def _until_listening(target: Target) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(START_S):
        while True:
            try:
                with socket.create_connection(("127.0.0.1", target.port), 1):
                    return
            except OSError:
                await asyncio.sleep(0.05)
