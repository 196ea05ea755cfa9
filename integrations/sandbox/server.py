"""Put the sandbox together: one application with every service, the control routes and the page."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from integrations.sandbox import (
    calendar,
    control_calendar,
    control_crm,
    control_feed,
    control_slack,
    control_world,
    faults,
    gmail,
    hubspot,
)
from integrations.sandbox.faults import Faults
from integrations.sandbox.slack import api, responses
from integrations.sandbox.slack.delivery import EVENT_RETRIES_S, Delivery
from integrations.sandbox.slack.workspace import Workspace
from integrations.sandbox.store import Store
from integrations.sandbox.world import World

HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
MOST_BODY_BYTES = 4 * 2**20
STOP_WITHIN_S = 0.5
LOCAL_NAMES = {"127.0.0.1", "localhost", "::1"}


def make_world(data: Path, *, rate_limits: bool = True) -> World:
    """A world over the files in this folder, which is made if it is missing."""
    data.mkdir(parents=True, exist_ok=True)
    store = Store(data / "sandbox.sqlite3")
    return World(store=store, faults=Faults(), slack=Workspace(store, rate_limits=rate_limits))


def make_app(world: World, *, event_retries_s: tuple[float, ...] = EVENT_RETRIES_S) -> web.Application:
    app = web.Application(client_max_size=MOST_BODY_BYTES, middlewares=[_from_this_machine])
    delivery = Delivery(world, event_retries_s=event_retries_s)
    app.add_routes(api.routes(world))
    app.add_routes(responses.routes(world))
    app.add_routes(control_slack.routes(world, delivery))
    app.add_routes(control_feed.routes(world))
    app.add_routes(control_calendar.routes(world))
    app.add_routes(control_crm.routes(world))
    app.add_routes(control_world.routes(world))
    app.add_routes(calendar.routes(world))
    app.add_routes(gmail.routes(world))
    app.add_routes(hubspot.routes(world))
    app.add_routes([web.get("/", _page), web.get("/page/{path:.+}", _page_file)])

    async def running(_app: web.Application) -> AsyncIterator[None]:
        await world.deliver.open()
        delivery.resume()
        yield
        await delivery.stop()
        await faults.cancel_late()
        await world.deliver.close()

    app.cleanup_ctx.append(running)
    return app


@contextlib.asynccontextmanager
async def serving(
    world: World, *, port: int = 0, event_retries_s: tuple[float, ...] = EVENT_RETRIES_S
) -> AsyncIterator[str]:
    """Serve the world on loopback while the block runs; the address comes back."""
    runner = web.AppRunner(
        make_app(world, event_retries_s=event_retries_s), access_log=None, shutdown_timeout=STOP_WITHIN_S
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        world.public_url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield world.public_url
    finally:
        await runner.cleanup()
        world.store.close()


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description=sys.modules[__name__].__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds sandbox.sqlite3")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--bot", help="where the bot listens for HTTP, such as http://127.0.0.1:8080")
    parser.add_argument("--mode", choices=("socket", "http"), default="socket", help="how the bot is told of presses")
    parser.add_argument("--signing-secret", default="sandbox-signing-secret")
    parser.add_argument("--forms-secret", default="sandbox-forms-secret")
    parser.add_argument("--no-rate-limits", action="store_true", help="let the bot post as fast as it likes")
    return parser.parse_args(given)


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    world = make_world(options.data, rate_limits=not options.no_rate_limits)
    world.bot_url, world.mode = options.bot, options.mode
    world.signing_secret, world.forms_secret = options.signing_secret, options.forms_secret
    stopped = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    async with serving(world, port=options.port) as url:
        sys.stdout.write(json.dumps({"url": url}) + "\n")
        sys.stdout.flush()
        await stopped.wait()


@web.middleware
async def _from_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a web page of somebody else could make a browser send here."""
    origin = request.headers.get("Origin")
    name = urlsplit(f"//{request.host}").hostname
    if name not in LOCAL_NAMES or (origin is not None and urlsplit(origin).netloc != request.host):
        error = {"code": "not_local", "message": "only pages of this sandbox may use it", "field": None}
        return web.json_response({"error": error}, status=403)
    return await handler(request)


async def _page(_request: web.Request) -> web.StreamResponse:
    return _file(PAGE / "index.html")


async def _page_file(request: web.Request) -> web.StreamResponse:
    path = (PAGE / request.match_info["path"]).resolve()
    if not path.is_relative_to(PAGE.resolve()):
        raise web.HTTPNotFound
    return _file(path)


def _file(path: Path) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
