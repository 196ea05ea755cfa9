"""Socket Mode: tickets, up to ten connections, envelopes and their acknowledgements."""

import asyncio
import contextlib
import itertools
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from integrations.sandbox.slack.people import APP_ID
from integrations.sandbox.store import Store

MOST_CONNECTIONS = 10
TICKET_LIFE_S = 30.0
PING_EVERY_S = 10.0
_DEBUG = {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060}


@dataclass(frozen=True)
class Ack:
    """What came of one envelope: `error` is None when it was acknowledged in time."""

    error: str | None
    payload: dict[str, Any] | None = None
    #: Why an event is sent again: `timeout`, `connection_failed` or `http_error`.
    cause: str = ""


CLOSED = Ack("the socket closed before the ack", cause="connection_failed")


@dataclass(eq=False)
class _Connection:
    number: int
    socket: web.WebSocketResponse
    request: web.Request
    waiting: dict[str, "asyncio.Future[Ack]"] = field(default_factory=dict)


class Sockets:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._tickets: dict[str, float] = {}
        self._connections: list[_Connection] = []
        self._turn = itertools.count()
        self._number = itertools.count(1)

    def count(self) -> int:
        return len(self._connections)

    def ticket(self) -> str:
        """A word that opens one connection, once."""
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = time.monotonic() + TICKET_LIFE_S
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket end point."""
        until = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if time.monotonic() > until:
            self._store.record(
                "slack", "refused", "socket", {"error": "invalid_ticket", "reason": "a ticket opens once"}
            )
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        socket = web.WebSocketResponse(heartbeat=PING_EVERY_S, max_msg_size=2**20)
        await socket.prepare(request)
        if len(self._connections) >= MOST_CONNECTIONS:
            self._store.record("slack", "refused", "socket", {"error": "too_many_websockets"})
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        connection = _Connection(next(self._number), socket, request)
        self._connections.append(connection)
        self._changed("socket_connected", connection)
        try:
            hello = {"type": "hello", "num_connections": self.count(), "debug_info": _DEBUG}
            await socket.send_json(hello | {"connection_info": {"app_id": APP_ID}})
            await self._listen(connection)
        finally:
            self._forget(connection)
        return socket

    async def deliver(
        self, kind: str, payload: dict[str, Any], *, within_s: float, extra: dict[str, Any], copies: int = 1
    ) -> Ack | None:
        """Send one envelope to the connection whose turn it is and wait for its ack; None when none is connected.

        With more `copies` the same envelope goes out again, on the next connection, and the first good ack counts.
        """
        if not self._connections:
            return None
        envelope = {
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind == "slash_commands" or payload.get("type") == "view_submission",
            **extra,
        }
        chosen = [self._connections[next(self._turn) % len(self._connections)] for _ in range(copies)]
        acks = await asyncio.gather(*(self._send(connection, envelope, within_s) for connection in chosen))
        return next((ack for ack in acks if ack.error is None), acks[0])

    async def disconnect(self, reason: str) -> int:
        """Ask every client to reconnect, as Slack does before it refreshes a connection."""
        told = list(self._connections)
        for connection in told:
            with contextlib.suppress(ConnectionError):
                await connection.socket.send_json(_disconnect(reason))
        return len(told)

    async def drop_all(self) -> int:
        """Cut every connection without a closing frame."""
        dropped = list(self._connections)
        for connection in dropped:
            if connection.request.transport is not None:
                connection.request.transport.abort()
            self._forget(connection)
        return len(dropped)

    async def _send(self, connection: _Connection, envelope: dict[str, Any], within_s: float) -> Ack:
        # A copy of an envelope on the same connection shares the id, so each gets a key of its own.
        key = f"{envelope['envelope_id']} {secrets.token_hex(4)}"
        answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.waiting[key] = answer
        try:
            await connection.socket.send_json(envelope)
            async with asyncio.timeout(within_s):
                return await answer
        except ConnectionError:
            return CLOSED
        except TimeoutError:
            return Ack(f"no ack within {within_s:g} s", cause="timeout")
        finally:
            connection.waiting.pop(key, None)

    async def _listen(self, connection: _Connection) -> None:
        async for frame in connection.socket:
            if frame.type is WSMsgType.TEXT:
                self._answered(connection, frame.data)
            elif frame.type is WSMsgType.BINARY:
                self._store.record("slack", "refused", "socket", {"error": "binary_frame"})

    def _answered(self, connection: _Connection, data: str) -> None:
        try:
            frame = json.loads(data)
            envelope_id, payload = str(frame["envelope_id"]), frame.get("payload")
        except (ValueError, KeyError, TypeError, AttributeError):
            self._store.record("slack", "refused", "socket", {"error": "bad_frame", "frame": data[:500]})
            return
        for key, answer in connection.waiting.items():
            if key.startswith(envelope_id) and not answer.done():
                answer.set_result(Ack(None, payload if isinstance(payload, dict) else None))
                return
        self._store.record("slack", "delivery", "late_ack", {"envelope_id": envelope_id, "socket": connection.number})

    def _forget(self, connection: _Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        for answer in connection.waiting.values():
            if not answer.done():
                answer.set_result(CLOSED)
        self._changed("socket_closed", connection)

    def _changed(self, method: str, connection: _Connection) -> None:
        self._store.record("slack", "effect", method, {"socket": connection.number, "connected": self.count()})


def _disconnect(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": _DEBUG}
