"""Runs a bot or a worker as a process: signals have one owner, and what has begun comes to its end."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import aiohttp
import uvloop
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError

from bot import app, web, wiring
from bot.reporting import report_errors
from bot.services import Services
from bot.settings import Settings
from bot.surviving import survived
from bot.worker import Worker
from core import workspace
from core.database import is_away
from core.ports import Rejected, Unavailable, Unclear

log = logging.getLogger(__name__)

DRAIN_S = 9.0
SLACK_RETRY_S = 1.0
DATABASE_RETRY_S = 1.0
SOCKET_PING_S = 1.0  # a dropped socket is noticed within a few of these
MEMBER_RETRY = timedelta(seconds=30)


def run(main: Callable[[Settings, asyncio.Event], Awaitable[None]], settings: Settings) -> None:
    """Runs `main` until SIGTERM or SIGINT, which set its event; it then has DRAIN_S to end."""

    report_errors(settings)

    async def until_told() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop.set)
        work = asyncio.ensure_future(main(settings, stop))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        try:
            async with asyncio.timeout(DRAIN_S):
                await work
        except TimeoutError:
            log.warning("did not come to an end in time; what is left is taken up by the next worker")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(until_told())


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[Services]:
    """The services, once the database is there: a process that is started while it is away waits for it."""
    async with AsyncExitStack() as stack:
        while True:
            try:
                services = await stack.enter_async_context(wiring.services(settings))
                break
            except Exception as problem:
                if not is_away(problem):
                    raise
                log.warning("the database is not there yet: trying again", extra={"error": type(problem).__name__})
                await asyncio.sleep(DATABASE_RETRY_S)
        yield services


async def bot(settings: Settings, stop: asyncio.Event) -> None:
    """Slack in Socket Mode where an app token is set, HTTP routes always."""
    async with (
        _services(settings) as services,
        _slack(services, stop) as bolt,
        web.serving(web.build(services, bolt), host=settings.host, port=settings.port),
    ):
        await stop.wait()


@asynccontextmanager
async def _slack(services: Services, stop: asyncio.Event) -> AsyncIterator[AsyncApp | None]:
    """The Bolt app, its socket connected; None where Slack is not set up."""
    settings = services.settings
    if settings.slack_bot_token is None:
        log.warning("no CASEYOS_SLACK_BOT_TOKEN: forms are kept, cards wait")
        yield None
        return
    # Without a signing secret nothing that comes over HTTP can be trusted: the route is then not served.
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    bolt = app.build(services, wiring.slack_client(settings), signing_secret=secret or "unset")
    socket: AsyncSocketModeHandler | None = None
    connecting: asyncio.Task[None] | None = None
    if settings.slack_app_token is not None:
        socket = AsyncSocketModeHandler(bolt, settings.slack_app_token.get_secret_value(), ping_interval=SOCKET_PING_S)
        connecting = asyncio.create_task(_connect(socket), name="socket mode")
    try:
        yield bolt if secret else None
    finally:
        if connecting is not None:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        if socket is not None:
            await socket.close_async()  # type: ignore[no-untyped-call]


async def _connect(socket: AsyncSocketModeHandler) -> None:
    """Connects, however long Slack is away; from then on the handler reconnects by itself."""
    while True:
        try:
            await socket.connect_async()  # type: ignore[no-untyped-call]
        except (aiohttp.ClientError, SlackClientError, OSError, TimeoutError) as down:
            log.warning("Slack's socket is not there yet", extra={"error": type(down).__name__})
            await asyncio.sleep(SLACK_RETRY_S)
        else:
            return


async def worker(settings: Settings, stop: asyncio.Event) -> None:
    """Works; says how it is doing on a port of its own where it is given one."""
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(_services(settings))
        if settings.worker_port is not None:
            said = web.serving(web.probes(services), host=settings.host, port=settings.worker_port)
            await stack.enter_async_context(said)
        knowing = asyncio.create_task(_know_owners(services), name="owners")
        try:
            await Worker(services).run(stop)
        finally:
            knowing.cancel()
            await asyncio.gather(knowing, return_exceptions=True)


async def _know_owners(services: Services) -> None:
    """Asks Slack for the names and time zones of all who get moves: those set to get them, and whoever is handed one."""
    unknown, asked = {services.settings.default_owner or "", *services.forms.owners()} - {""}, set[str]()
    while True:
        asked |= {user for user in sorted(unknown) if await _known(services, user)}
        await asyncio.sleep(MEMBER_RETRY.total_seconds())
        with survived("looking for owners nobody knows"):
            async with services.database.begin() as db:
                unknown = (unknown | set(await workspace.strangers(db))) - asked


async def _known(services: Services, user: str) -> bool:
    with survived(f"asking who {user} is"):
        try:
            name, zone = await services.ports.messenger.member(user)
        except Rejected as no:
            log.warning("Slack knows no such member", extra={"user": user, "slack": str(no)})
            return True
        except (Unavailable, Unclear) as busy:
            log.warning("an owner's time zone is not known yet", extra={"problem": str(busy)[:200]})
            return False
        async with services.database.begin() as db:
            await workspace.ensure_member(
                db, workspace=services.workspace, user=user, name=name, zone=zone, now=services.clock()
            )
        return True
    return False
