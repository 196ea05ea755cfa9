"""The web routes: forms, Slack's HTTP mode, unsubscribe links, and how the process is doing."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import text

from bot import api, unsubscribe_page
from bot.services import Services
from core import signal, switch, workspace
from integrations.forms import signals as forms

log = logging.getLogger(__name__)

READY_TIMEOUT_S = 1.5
MAX_BODY_BYTES = 1024 * 1024
MISSHAPEN = (TypeError, AttributeError, ValueError, LookupError)  # what Bolt trips over where a part has another shape

_given_up: set[asyncio.Task[dict[str, Any]]] = set()

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


def error(status: int, code: str, message: str, field: str | None = None) -> web.Response:
    """Every JSON error has a code, a sentence and the field it is about."""
    return web.json_response({"error": {"code": code, "message": message, "field": field}}, status=status)


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return error(413, "too_large", f"the body is larger than {MAX_BODY_BYTES} bytes")
    except web.HTTPException as refused:
        return _refusal(refused)
    except Exception:
        log.exception("a request failed", extra={"method": request.method})
        return error(500, "internal_error", "something went wrong here; nothing was accepted, please try again")


def _refusal(refused: web.HTTPException) -> web.Response:
    """What aiohttp itself refuses: an address, or a method, that is not served."""
    match refused:
        case web.HTTPNotFound():
            return error(404, "not_found", "there is nothing at this address")
        case web.HTTPMethodNotAllowed():
            methods = ", ".join(sorted(refused.allowed_methods))
            answer = error(405, "method_not_allowed", f"this address takes {methods} and nothing else")
            answer.headers["Allow"] = methods
            return answer
        case _:
            return error(refused.status, "http_error", f"the request was refused: {refused.reason}")


def build(services: Services, bolt: AsyncApp | None) -> web.Application:
    """All routes: what a bot serves."""
    app = probes(services)

    async def form(request: web.Request) -> web.Response:
        return await _form(services, request)

    async def today(request: web.Request) -> web.Response:
        try:
            return await api.today(services, request)
        except api.Refused as no:
            return error(no.status, no.code, no.message, no.field)

    async def described(request: web.Request) -> web.Response:
        return api.document(request)

    app.router.add_post("/webhooks/forms/{form}", form)
    app.router.add_get(api.TODAY, today)
    app.router.add_get(api.DESCRIBED, described)
    unsubscribe_page.register(app, services)
    if bolt is not None:
        secret = services.settings.slack_signing_secret
        verifier = SignatureVerifier(secret.get_secret_value() if secret else "unset")

        async def slack(request: web.Request) -> web.Response:
            return await _slack(bolt, verifier, request)

        app.router.add_post("/slack/events", slack)
    return app


def probes(services: Services) -> web.Application:
    """How the process is doing: what a worker serves, where it is given a port."""
    app = web.Application(middlewares=[_errors], client_max_size=MAX_BODY_BYTES)

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def ready(_: web.Request) -> web.Response:
        found = await readiness(services)
        return web.json_response(found, status=200 if found["ready"] else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/health", alive)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", metrics)
    return app


async def _slack(bolt: AsyncApp, verifier: SignatureVerifier, request: web.Request) -> web.Response:
    """Bolt's answer. Nothing is read out of the body before the signature over its bytes has been checked."""
    body = await request.read()
    if not _signed(verifier, body, request):
        return error(401, "bad_signature", "the request is not signed by Slack, or it is older than five minutes")
    content = _read(body, request.content_type)
    try:
        # In the mode that Bolt has for requests that were checked and read before: as they come over a socket.
        asked = AsyncBoltRequest(mode="socket_mode", body=content, headers=dict(request.headers)) if content else None
    except MISSHAPEN:
        asked = None
    if asked is None:
        return error(400, "malformed_request", "the body is not a request of Slack's")
    return await to_aiohttp_response(await bolt.async_dispatch(asked))


def _read(body: bytes, content_type: str) -> dict[str, Any]:
    """What the request says; empty when it cannot be read.

    Bolt's own reader loses every command that has the word "payload" in its text.
    """
    try:
        if content_type == "application/json":
            found = json.loads(body.decode())
        else:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
            found = json.loads(fields["payload"]) if "payload" in fields else fields
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _signed(verifier: SignatureVerifier, body: bytes, request: web.Request) -> bool:
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    signature = request.headers.get("X-Slack-Signature", "")
    if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
        return False
    try:
        return verifier.is_valid(body, timestamp, signature)
    except UnicodeDecodeError:
        return False  # Slack signs text


async def _form(services: Services, request: web.Request) -> web.Response:
    """202 only once the signal is committed; a repeat stores nothing new and is answered alike."""
    if services.settings.forms_secret is None:
        return error(503, "not_configured", "CASEYOS_FORMS_SECRET is not set, so no form can be trusted")
    if request.content_length is not None and request.content_length > forms.MAX_BODY_BYTES:
        return error(413, "too_large", f"the body is larger than {forms.MAX_BODY_BYTES} bytes")
    body = await _limited(request)
    if body is None:
        return error(413, "too_large", f"the body is larger than {forms.MAX_BODY_BYTES} bytes")
    now = services.clock()
    try:
        secret = services.settings.forms_secret.get_secret_value()
        forms.check_signature(body, request.headers, secret=secret, now=now)
        found = forms.parse(request.match_info["form"], body, request.headers, services.forms, now)
    except forms.BadForm as bad:
        return error(bad.status, bad.code, bad.message, bad.field)
    async with services.database.begin() as db:
        stored = await signal.store(db, found, workspace=services.workspace, now=now)
    if stored is not None:
        services.bell.ring("signal", [stored])
    return web.json_response({"status": "accepted", "repeated": stored is None}, status=202)


async def _limited(request: web.Request) -> bytes | None:
    """The body, or None as soon as it is longer than allowed."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > forms.MAX_BODY_BYTES:
            return None
    return bytes(body)


async def readiness(services: Services) -> dict[str, Any]:
    """Each dependency as it is now, asked within READY_TIMEOUT_S."""

    async def database() -> dict[str, Any]:
        async with services.database.begin() as db:
            await db.execute(text("select 1"))
            found = await switch.sending(db)
            by = await workspace.paused_by(db, found) or None
        return {"ok": True, "paused": found.paused, "paused_by": by, "all_paused": found.all_workspaces.paused}

    async def redis() -> dict[str, Any]:
        await services.bell.ping()
        return {"ok": True}

    async def asked(what: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        try:
            return await what()
        except Exception as failed:  # noqa: BLE001  (whatever it is, it is the answer)
            return {"ok": False, "problem": type(failed).__name__}

    async def in_time(what: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        asking = asyncio.create_task(asked(what))
        done, _ = await asyncio.wait([asking], timeout=READY_TIMEOUT_S)
        if done:
            return asking.result()
        # To give up a connection that hangs takes time too, which is not the asker's.
        asking.cancel()
        _given_up.add(asking)
        asking.add_done_callback(_given_up.discard)
        return {"ok": False, "problem": "TimeoutError"}

    postgres, bell = await asyncio.gather(in_time(database), in_time(redis))
    sending = {name: postgres.pop(name, None) for name in ("paused", "paused_by", "all_paused")}  # None: nobody knows
    # Redis is only the bell: without it work is later by a sweep, and the process still does all of it.
    return {"ready": postgres["ok"], **sending, "dependencies": {"postgres": postgres, "redis": bell}}


@asynccontextmanager
async def serving(app: web.Application, *, host: str, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        log.info("listening", extra={"url": f"http://{host}:{runner.addresses[0][1]}"})
        yield
    finally:
        await runner.cleanup()
