"""Serve one request of a stand-in service: fault, work, answer and ledger lines, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from integrations.sandbox.faults import NOT_CARRIED_OUT, STATUS, Fault, apply

if TYPE_CHECKING:
    from integrations.sandbox.store import Store
    from integrations.sandbox.world import World

BODY_LIMIT = 50 * 1024 * 1024
SHOWN_LIMIT = 2000


class Refusal(Exception):
    """The service says no: `body` is its own error shape, `reason` is for the ledger."""

    def __init__(
        self, status: int, body: dict[str, Any], *, reason: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.body = body
        self.reason = reason
        self.headers = headers or {}


class Unserved(Exception):
    """The real service would serve this and the sandbox does not: a test must notice."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


@dataclass
class Call:
    """What was asked, and what it changed so far."""

    store: Store
    service: str
    method: str
    path: dict[str, str]
    query: list[tuple[str, str]]
    body: bytes
    changes: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    recorded: bool = False
    effects: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def effect(self, name: str, data: dict[str, Any]) -> None:
        """Something is different now; written to the ledger with the change, after the line of the request."""
        self.effects.append((name, data))

    def asked(self) -> dict[str, Any]:
        """The request as the ledger shows it."""
        shown: dict[str, Any] = {**self.path}
        if self.query:
            shown["query"] = [list(pair) for pair in self.query]
        if self.body:
            try:
                shown["body"] = shorten(json.loads(self.body))
            except ValueError:
                shown["body"] = shorten(self.body.decode("utf-8", "replace"))
        return shown


@dataclass(frozen=True)
class Partial:
    """An answer with status 207: some of it could not be done."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Created:
    """An answer with status 201."""

    body: dict[str, Any]


Answer = dict[str, Any] | Partial | Created | None
Method = Callable[[Call], Answer]


@dataclass(frozen=True)
class Manners:
    """How one service answers: its errors, its refusals under a fault, and who may call."""

    service: str
    check: Callable[[web.Request], Refusal | None]
    faulty: Callable[[Fault], Refusal]


async def serve(
    world: World, request: web.Request, manners: Manners, name: str, method: Method, *, changes: bool
) -> web.StreamResponse:
    """Answer one request; `None` from the method is an empty 204."""
    call = Call(
        store=world.store,
        service=manners.service,
        method=name,
        path=dict(request.match_info),
        query=list(request.query.items()),
        body=await _read(request),
        changes=changes,
        headers=request.headers,
    )
    refusal = manners.check(request)
    if refusal is not None:
        _record_refusal(call, refusal)
        return respond(refusal)
    call.fault = world.faults.take(manners.service, name)
    if call.fault is not None and (call.fault.kind in NOT_CARRIED_OUT or call.fault.kind == "late"):
        _record_request(call, None)
    return await apply(
        request, call.fault, lambda: _carry_out(call, method), refuse=lambda fault: respond(manners.faulty(fault))
    )


def respond(refusal: Refusal) -> web.Response:
    return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)


def shorten(value: Any) -> Any:
    """The same JSON with long texts cut."""
    if isinstance(value, str) and len(value) > SHOWN_LIMIT:
        return f"{value[:SHOWN_LIMIT]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {key: shorten(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shorten(inner) for inner in value]
    return value


def _carry_out(call: Call, method: Method) -> web.Response:
    try:
        with call.store.transaction():
            answer = method(call)
            status = {type(None): 204, Partial: 207, Created: 201}.get(type(answer), 200)
            _record_request(call, status)
            for effect, data in call.effects:
                call.store.record(call.service, "effect", effect, data)
    except Refusal as refusal:
        _record_refusal(call, refusal)
        return respond(refusal)
    except Unserved as unserved:
        call.store.record(call.service, "unknown_method", call.method, {**call.asked(), "reason": str(unserved)})
        return respond(unserved.refusal)
    if answer is None:
        return web.Response(status=status)
    return web.json_response(answer.body if isinstance(answer, Partial | Created) else answer, status=status)


def _record_refusal(call: Call, refusal: Refusal) -> None:
    with call.store.transaction():
        _record_request(call, refusal.status)
        # Reading what is not there is an ordinary question.
        if call.changes or refusal.status != 404:
            data = {**call.asked(), "status": refusal.status, "reason": refusal.reason}
            call.store.record(call.service, "refused", call.method, data)


def _record_request(call: Call, status: int | None) -> None:
    """Write the line of a changing request once, with the status that its client gets (null: the connection broke)."""
    if not call.changes or call.recorded:
        return
    seen = status
    if call.fault is not None and call.fault.kind != "slow":
        seen = STATUS.get(call.fault.kind)
    data = {**call.asked(), "status": seen, "fault": None if call.fault is None else call.fault.kind}
    call.store.record(call.service, "request", call.method, data)
    call.recorded = True


async def _read(request: web.Request) -> bytes:
    # Not `request.read()`: mails are larger than the application's limit for everything else.
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=len(body))
    return bytes(body)
