"""The other side of `bench ack`: one aiohttp handler and asyncpg, with the product's signature check and its very SQL."""

import asyncio
import hmac
import json
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import asyncpg
import uvloop
from aiohttp import web

from bot.bench.press import PATH, signature
from bot.settings import Settings, needed
from core import audit
from core.audit_chain import digest, unlinked
from core.audit_entry import Entry, What
from core.database import in_workspace
from core.identity import new_id, workspace_id
from core.tables import APP_ROLE

WINDOW_S = 300
POOL = 20  # as many connections as the product may open

APPEND = str(audit.APPEND).replace(":key", "$1").replace(":rows", "$2").replace(":count", "$3")
TAKE = (
    "INSERT INTO inbox (workspace_id, key, at) VALUES ($1::UUID, $2::VARCHAR, $3::TIMESTAMP WITH TIME ZONE)"
    " ON CONFLICT DO NOTHING RETURNING inbox.key"
)
MEMBER = "SELECT members.name, members.zone FROM members WHERE members.slack_user_id = $1::VARCHAR"
SNOOZE = (
    "WITH changed AS (UPDATE moves SET state=$6::VARCHAR, decided_by=$3::VARCHAR,"
    " decided_at=$5::TIMESTAMP WITH TIME ZONE, snoozed_until=$7::TIMESTAMP WITH TIME ZONE,"
    " revision=(moves.revision + $8::INTEGER), card_due_at=$5::TIMESTAMP WITH TIME ZONE,"
    " updated_at=$5::TIMESTAMP WITH TIME ZONE, wakes_on_reply=false WHERE moves.id = $9::UUID"
    " AND (moves.state = $10::VARCHAR OR moves.state = $11::VARCHAR) RETURNING moves.workspace_id, moves.id)"
    " INSERT INTO move_events (workspace_id, id, move_id, what, by, detail, at)"
    " SELECT changed.workspace_id, $1::UUID AS anon_1, changed.id, $2::VARCHAR AS anon_2, $3::VARCHAR AS anon_3,"
    " $4::VARCHAR AS anon_4, $5::TIMESTAMP WITH TIME ZONE AS anon_5 FROM changed RETURNING move_events.move_id"
)


async def snooze(connection: Any, *, workspace: str, press: dict[str, Any], now: datetime) -> None:
    """What the product does with the press, statement by statement."""
    action, user = press["actions"][0], press["user"]["id"]
    move = UUID(action["block_id"].partition(":")[2])
    async with connection.transaction():
        first = await connection.fetch(TAKE, UUID(workspace), f"trigger:{press['trigger_id']}", now)
        if not first:
            return
        await connection.fetch(MEMBER, user)
        if action["selected_option"]["value"] != "two_hours":
            raise web.HTTPBadRequest
        until = now + timedelta(hours=2)
        detail = f"{until:%Y-%m-%dT%H:%MZ}"
        changed = await connection.fetch(
            SNOOZE, new_id(), "snoozed", user, detail, now, "snoozed", until, 1, move, "open", "snoozed"
        )
        if not changed:
            raise web.HTTPConflict
        await _note(connection, workspace=UUID(workspace), user=user, move=move, said=detail, now=now)


async def _note(connection: Any, *, workspace: UUID, user: str, move: UUID, said: str, now: datetime) -> None:
    """The audit's line of a snooze, written by the product's own statement."""
    key = _KEYS.get(workspace)
    if key is None:
        key = _KEYS[workspace] = str(await connection.fetchval("select key from audit_keys"))
    made = unlinked(Entry(what=What.SNOOZED, who=user, move=move, said=said), now, workspace=workspace, key=key)
    rows = json.dumps([{**made._asdict(), "n": 1, "digest": digest(made)}], default=str)
    await connection.fetch(APPEND, key, rows, 1)


_KEYS: dict[UUID, str] = {}


def application(pool: Any, *, workspace: str, secret: str) -> web.Application:
    async def pressed(request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers.get("X-Slack-Request-Timestamp", "0")
        fresh = stamp.isdigit() and abs(time.time() - int(stamp)) <= WINDOW_S
        if not fresh or not hmac.compare_digest(
            signature(secret, stamp, body), request.headers.get("X-Slack-Signature", "")
        ):
            raise web.HTTPUnauthorized
        press = json.loads(parse_qs(body.decode())["payload"][0])
        async with pool.acquire() as connection:
            await snooze(connection, workspace=workspace, press=press, now=datetime.now(UTC))
        return web.Response()

    app = web.Application()
    app.router.add_post(PATH, pressed)
    return app


async def _keep_session(_: Any) -> None:
    """SQLAlchemy's pool sends nothing when a connection comes back after a commit; neither does this one."""


async def main(settings: Settings) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with asyncpg.create_pool(
        needed(settings.database_url, "database_url", "the bare side needs it"),
        min_size=1,
        max_size=POOL,
        reset=_keep_session,
        connection_class=in_workspace(workspace_id(settings.workspace)),
        server_settings={"role": APP_ROLE, "timezone": "UTC"},
    ) as pool:
        secret = needed(settings.slack_signing_secret, "slack_signing_secret", "presses are signed")
        app = application(pool, workspace=str(workspace_id(settings.workspace)), secret=secret)
        runner = web.AppRunner(app, handle_signals=False, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        await stop.wait()
        await runner.cleanup()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as running:
        running.run(main(Settings()))
