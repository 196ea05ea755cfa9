"""Hand interactions, commands and events to the bot: over a socket, or signed to its HTTP address."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.slack.sockets import Ack
from integrations.sandbox.world import World

Payload = dict[str, Any]

ACK_WITHIN_S = 3.0
#: Slack tries an event again at once, after a minute and after five.
EVENT_RETRIES_S = (0.0, 60.0, 300.0)
EVENT = "slack_event"
NAMED = ("type", "trigger_id", "command", "event_id", "action_ts", "response_url")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What the person notices of one delivery."""

    acked: bool
    ms: float
    by: str
    response: dict[str, Any] | None
    error: str | None
    cause: str = ""

    def doc(self) -> dict[str, Any]:
        return {"acked": self.acked, "ms": self.ms, "by": self.by, "response": self.response, "error": self.error}


class Delivery:
    def __init__(self, world: World, *, event_retries_s: tuple[float, ...] = EVENT_RETRIES_S) -> None:
        self._world = world
        self._event_retries_s = event_retries_s
        self._tasks: set[asyncio.Task[Any]] = set()

    async def interaction(self, payload: Payload) -> Answer:
        form = urlencode({"payload": json.dumps(payload, ensure_ascii=False)})
        return await self._deliver("interactive", payload, form.encode(), _FORM)

    async def command(self, payload: Payload) -> Answer:
        return await self._deliver("slash_commands", payload, urlencode(payload).encode(), _FORM)

    async def event(self, payload: Payload) -> Answer:
        """The answer to the first attempt; further attempts are made in the background, also after a restart."""
        self._world.store.put(EVENT, payload["event_id"], {"payload": payload, "attempt": 0, "due": 0.0})
        return await self._try_event(payload["event_id"])

    def resume(self) -> None:
        """Take up the events that were not acknowledged when the sandbox stopped."""
        for waiting in self._world.store.all(EVENT):
            self._later(waiting["payload"]["event_id"], max(0.0, waiting["due"] - time.time()))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _try_event(self, event_id: str) -> Answer:
        waiting = self._world.store.get(EVENT, event_id)
        if waiting is None:
            raise LookupError(event_id)
        attempt, reason = waiting["attempt"], waiting.get("reason", "")
        headers, extra = dict(_JSON), {"retry_attempt": attempt, "retry_reason": reason}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        body = json.dumps(waiting["payload"], ensure_ascii=False).encode()
        answer = await self._deliver("events_api", waiting["payload"], body, headers, extra)
        if answer.acked or attempt >= len(self._event_retries_s):
            self._world.store.delete(EVENT, event_id)
            return answer
        wait_s = self._event_retries_s[attempt]
        again = {"payload": waiting["payload"], "attempt": attempt + 1, "due": time.time() + wait_s}
        again["reason"] = "http_timeout" if (answer.by, answer.cause) == ("http", "timeout") else answer.cause
        self._world.store.put(EVENT, event_id, again)
        self._later(event_id, wait_s)
        return answer

    def _later(self, event_id: str, wait_s: float) -> None:
        async def wait_and_try() -> None:
            # Even "at once" leaves a client a moment to connect again.
            await asyncio.sleep(max(wait_s, 0.25))
            await self._try_event(event_id)

        task = asyncio.create_task(wait_and_try())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an event could not be delivered again", exc_info=error)

    async def _deliver(
        self, kind: str, payload: Payload, body: bytes, headers: dict[str, str], extra: dict[str, Any] | None = None
    ) -> Answer:
        copies = 2 if self._world.faults.take_delivery("slack", kind) else 1
        began = time.monotonic()
        ack, by = None, "http"
        if self._world.mode == "socket":
            ack = await self._world.slack.sockets.deliver(
                kind, payload, within_s=ACK_WITHIN_S, extra=extra or {}, copies=copies
            )
            by = "http" if ack is None else "socket"
        if ack is None:
            ack = await self._by_http(kind, body, headers, copies)
        ms = round((time.monotonic() - began) * 1000, 2)
        answer = Answer(ack.error is None, ms, by, ack.payload, ack.error, ack.cause)
        named = {name: payload[name] for name in NAMED if name in payload}
        details = _details(payload) | ({"attempt": extra["retry_attempt"]} if extra else {})
        self._world.slack.record("delivery", kind, {**named, **details, **answer.doc(), "copies": copies})
        return answer

    async def _by_http(self, kind: str, body: bytes, headers: dict[str, str], copies: int) -> Ack:
        if not self._world.bot_url:
            return Ack("no bot is connected and no address of one is known", cause="connection_failed")
        acks = await asyncio.gather(*(self._post(kind, body, headers) for _ in range(copies)))
        return next((ack for ack in acks if ack.error is None), acks[0])

    async def _post(self, kind: str, body: bytes, headers: dict[str, str]) -> Ack:
        url = f"{(self._world.bot_url or '').rstrip('/')}/slack/events"
        signed = headers | signature(self._world.signing_secret, body, int(time.time()))
        answer = await self._world.deliver.post(url, body, signed, timeout_s=ACK_WITHIN_S)
        if answer.status == 0:
            return Ack(answer.body, cause="timeout" if answer.ms >= ACK_WITHIN_S * 1000 else "connection_failed")
        if not answer.ok:
            return Ack(f"the bot answered HTTP {answer.status}", cause="http_error")
        return Ack(None, _spoken(kind, answer.body))


_FORM = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Slackbot 1.0"}
_JSON = {"Content-Type": "application/json", "User-Agent": "Slackbot 1.0"}


def signature(secret: str, body: bytes, at: int) -> dict[str, str]:
    """Slack's signature headers for a body sent at this second."""
    digest = hmac.new(secret.encode(), b"v0:%d:%b" % (at, body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}


def _spoken(kind: str, body: str) -> dict[str, Any] | None:
    """What an HTTP answer says beyond its status: JSON, or plain text after a command."""
    try:
        said = json.loads(body)
    except ValueError:
        return {"text": body} if kind == "slash_commands" and body.strip() else None
    return said if isinstance(said, dict) else None


def _details(payload: Payload) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if "user" in payload:
        details["user"] = payload["user"]["id"]
    if "actions" in payload:
        details["action_ids"] = [one["action_id"] for one in payload["actions"]]
    if "view" in payload:
        details |= {"view_id": payload["view"]["id"], "callback_id": payload["view"]["callback_id"]}
    if "event" in payload:
        details["event"] = payload["event"]["type"]
    return details
