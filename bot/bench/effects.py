"""`caseyos bench effects`: mails carried out by the real worker, beside the same requests made bare."""

import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import uvloop
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from rich.console import Console
from sqlalchemy import update

from bot import wiring
from bot.bench import ground, round_trips
from bot.bench.bare_mail import TABLE, BareMail
from bot.bench.ground import MODES, WORKSPACE
from bot.demo import OWNER, SandboxGone, product_settings, sandbox
from bot.embedded import servers
from bot.services import Services
from bot.settings import Settings
from bot.worker import AT_ONCE, Worker
from core import approval, queue
from core.effect_rows import POST_CARD
from core.ports import Mail
from core.tables import effects
from integrations.gmail.compose import compose

STEPS = 2
MAILBOX = "casey@pier7.example"
LOOK_S = 0.01
PATIENCE_S = 120.0
NO_CAP = 1_000_000
BAR = 0.4
_LEFT = "select count(*) from moves where state = 'approved'"
_MAIL = Mail(
    to=("dana@northpier.example",),
    subject="Your message to Pier 7 Marketing",
    body="Hello Dana,\n\nthank you for your message. We would like to exhibit on 14 January.\n\nBest regards\nCasey Morgan\n",
    from_name="Casey Morgan",
)
"""Executions a second, product / bare, at least."""


@dataclass(frozen=True)
class Size:
    """How much is measured in each of the two modes: so many mails a side and round."""

    mails: int
    rounds: int


WHOLE = Size(mails=100, rounds=7)
SHORT = Size(mails=40, rounds=3)


class NotDone(Exception):
    """Mails were not all carried out; the message says how many."""


class _Chosen(Settings):
    """Settings as they are given here alone: nothing of the caller's own gets in."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass
class Side:
    """What one side did, round by round."""

    per_s: list[float] = field(default_factory=list)
    trips: Counter[str] = field(default_factory=Counter)

    def take(self, per_s: float, trips: Counter[str]) -> None:
        self.per_s.append(per_s)
        self.trips += trips


def run(*, size: Size = WHOLE, quiet: bool = False) -> int:
    """Measures and prints, the report as the last line; 0 when the ratios keep their bar, 1 when one does not."""
    console = Console(stderr=True, quiet=quiet)
    report: dict[str, Any] = {"bench": "effects", "at_once": AT_ONCE, "machine": ground.machine(), "bar": BAR}
    ratios: dict[str, float] = {}
    trips: dict[str, float] = {}
    try:
        for name, durable in MODES:
            product, bare = _measure(size, console, name=name, durable=durable)
            steps = size.mails * size.rounds * STEPS
            report[name] = {
                "product_per_s": round(median(product.per_s), 1),
                "bare_per_s": round(median(bare.per_s), 1),
                "round_trips_per_step": round(product.trips["effect"] / steps, 2),
                "round_trips_per_step_bare": round(bare.trips["bare"] / steps, 2),
                "round_trips_beside": round((product.trips.total() - product.trips["effect"]) / steps, 2),
            }
            trips[name] = report[name]["round_trips_per_step"]
            pairs = zip(product.per_s, bare.per_s, strict=True)
            ratios[f"executions_{name}"] = round(median(ours / theirs for ours, theirs in pairs), 3)
            console.print(f"{name}: {report[name]}; {ratios[f'executions_{name}']:.2f}", highlight=False)
    except (NotDone, SandboxGone, httpx.HTTPError, OSError, TimeoutError) as failed:
        print(f"The benchmark failed: {failed}", file=sys.stderr)
        return 1
    report |= {"ratios": ratios, "round_trips_per_step": max(trips.values())}
    report["ok"] = all(ratio >= BAR for ratio in ratios.values())
    print(json.dumps(report), flush=True)
    return 0 if report["ok"] else 1


def _measure(size: Size, console: Console, *, name: str, durable: bool) -> tuple[Side, Side]:
    """One mode: both sides on one database and one sandbox, in turn."""
    with ExitStack() as stack:
        status = stack.enter_context(console.status(f"{name}: starting PostgreSQL, Valkey and the sandbox"))
        embedded, data = stack.enter_context(ground.embedded(durable=durable))
        url = stack.enter_context(sandbox(data / "sandbox", port=0, arguments=[]))
        status.update(f"{name}: {size.rounds} rounds of {size.mails} mails a side")
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        return runner.run(compared(size, embedded=embedded, sandbox_url=url))


async def compared(size: Size, *, embedded: servers.Servers, sandbox_url: str) -> tuple[Side, Side]:
    """A B A B, after a round of each that counts for nothing: whatever slows the machine for a while slows both."""
    product, bare = Side(), Side()
    this = asyncio.current_task()
    own = this.get_name() if this else ""
    async with AsyncExitStack() as stack:
        trips = stack.enter_context(round_trips.counted())
        watch = await asyncpg.connect(embedded.owner_url)
        stack.push_async_callback(watch.close)
        chosen = settings(embedded, sandbox_url=sandbox_url)
        services = await stack.enter_async_context(working(chosen))
        bare_mail = await stack.enter_async_context(bare_side(embedded, watch, sandbox_url=sandbox_url))
        for number in range(-1, size.rounds):
            trips.clear()
            per_s = await carried_out(services, watch, size.mails, first=(number + 1) * size.mails)
            trips.pop(own, None)  # the approvals, and looking whether all have left
            product.take(per_s, trips)
            trips.clear()
            bare.take(await made_bare(bare_mail, size.mails), trips)
            if number < 0:
                product, bare = Side(), Side()
    return product, bare


def settings(embedded: servers.Servers, *, sandbox_url: str) -> Settings:
    """As in production, but for the caps, the hold, and the mailbox that is not read meanwhile."""
    told = product_settings(sandbox_url=sandbox_url, port=0, forms_secret="", signing_secret="")
    own: dict[str, Any] = {
        "workspace": WORKSPACE,
        "daily_mail_cap": NO_CAP,
        "hold_s": 0,
        "sweep_s": 1,
        "gmail_poll_s": 3600,
    }
    named = {name.removeprefix("CASEYOS_").lower(): value for name, value in (told | embedded.settings()).items()}
    return _Chosen(**(named | own))


@asynccontextmanager
async def working(chosen: Settings) -> AsyncIterator[Services]:
    """The worker at its work, as `caseyos worker` runs it."""
    stop = asyncio.Event()
    async with wiring.services(chosen) as services:
        await ground.furnish(services.database, owner=OWNER, daily_mail_cap=NO_CAP, now=services.clock())
        work = asyncio.create_task(Worker(services).run(stop), name="worker")
        try:
            yield services
        finally:
            stop.set()
            await work


async def carried_out(services: Services, watch: asyncpg.Connection, mails: int, *, first: int) -> float:
    """Mails a second, from the commit of their approvals until the last one has left. Raises NotDone."""
    plans = await _approved(services, mails, first=first)
    began = time.perf_counter()
    services.bell.ring("effect", plans)
    for _ in range(int(PATIENCE_S / LOOK_S)):
        if not (waiting := await watch.fetchval(_LEFT)):
            return mails / (time.perf_counter() - began)
        await asyncio.sleep(LOOK_S)
    raise NotDone(f"{waiting} of {mails} mails have not left after {PATIENCE_S:.0f} s")


async def _approved(services: Services, mails: int, *, first: int) -> list[UUID]:
    """So many moves from forms, each with its mail approved and not held; the effects that are to run next."""
    now = services.clock()
    async with services.database.begin() as db:
        for number in range(first, first + mails):
            email = f"dana@pier{number}.example"
            await ground.fill_in_form(db, number, email=email, here=services.workspace, now=now)
        # A card is told by an effect of its own; what is measured here are mails.
        await db.execute(update(effects).where(effects.c.action == POST_CARD).values(due_at=None))
        plans = []
        for move in await queue.today(db, OWNER, limit=mails):
            _, params = await approval.proposed(db, move.id)
            steps = await approval.approve(db, move=move.id, params=params, by=OWNER, hold=timedelta(0), now=now)
            plans.append(steps[0])
        return plans


@asynccontextmanager
async def bare_side(
    embedded: servers.Servers, owner: asyncpg.Connection, *, sandbox_url: str
) -> AsyncIterator[BareMail]:
    await owner.execute(TABLE)
    async with (
        asyncpg.create_pool(embedded.owner_url, min_size=1, max_size=AT_ONCE, reset=_keep_session) as pool,
        httpx.AsyncClient(timeout=20.0, follow_redirects=False, trust_env=False) as http,
    ):
        yield BareMail(pool, http, f"{sandbox_url}/google/gmail/v1/users/me", "ya29.sandbox")


async def _keep_session(_: Any) -> None:
    """SQLAlchemy's pool sends nothing when a connection comes back after a commit; neither does this one."""


async def made_bare(bare: BareMail, mails: int) -> float:
    """Mails a second, as many at once as the worker takes."""
    waiting = [secrets.token_hex(16) for _ in range(mails)]
    composed = {key: compose(_MAIL, key=f"{key}0", sender=MAILBOX) for key in waiting}
    began = time.perf_counter()

    async def work() -> None:
        while waiting:
            key = waiting.pop()
            await bare.execute(key, composed[key], to=_MAIL.to[0])

    await asyncio.gather(*(asyncio.create_task(work(), name=f"bare {n}") for n in range(AT_ONCE)))
    return mails / (time.perf_counter() - began)
