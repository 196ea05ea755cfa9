"""Requests between the product and the services, and from them to the bot: delayed, cut, made unclear, delivered twice.

What may be delivered twice is only what the receiver's own key or rule makes one: a draft is sent once, an event has our
id, a task its unique property, an association and a deal's values are set to the same, a form has its submission's id.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.chaos.raw_wire import pump

EFFECTS = (
    ("POST", re.compile(r"/google/.*/drafts/send(\?.*)?"), "gmail", "drafts.send"),
    ("POST", re.compile(r"/google/.*/drafts(\?.*)?"), "gmail", "drafts.create"),
    ("POST", re.compile(r"/google/calendar/.*/events(\?.*)?"), "calendar", "events.insert"),
    ("POST", re.compile(r"/hubspot/.*/tasks/batch/upsert"), "hubspot", "tasks.batch_upsert"),
    ("PUT", re.compile(r"/hubspot/.*/associations/.*"), "hubspot", "associations.create"),
    ("PATCH", re.compile(r"/hubspot/.*/deals/.*"), "hubspot", "objects.update"),
    ("POST", re.compile(r"/slack/api/chat\.postMessage"), "slack", "chat.postMessage"),
)
TWICE = frozenset(
    {"drafts.send", "events.insert", "tasks.batch_upsert", "associations.create", "objects.update", "form"}
)
FORM = re.compile(r"/webhooks/forms/.*")
UNCLEAR = ("lose_answer", "lose_request", "late", "error", "slow")
READS_CUT_LESS = 10
"""Looking for one draft among many takes a request for each: cut as often as changes, none would ever be found."""
SOCKET_LIFE_S = 30.0
SETTLES_S = 0.02
"""A fault that is armed strikes the next request of its method; so long nobody else asks for that."""
BROKEN = (ConnectionError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


@dataclass(frozen=True)
class Message:
    """A request or an answer; `raw` is all of it, `start` its first line in words."""

    start: tuple[str, ...]
    raw: bytes
    body: bytes

    upgrades: bool = False
    """The connection is to become a web socket."""

    @property
    def path(self) -> str:
        return unquote(self.start[1])


@dataclass
class Chances:
    """How likely each misfortune is for one request."""

    unclear: float = 0.3
    twice: float = 0.03
    cut: float = 0.01
    delayed: float = 0.05
    late_s: float = 1.5
    slow_s: float = 2.5
    kinds: tuple[str, ...] = UNCLEAR


@dataclass(frozen=True)
class Asked:
    """A request that changes something outside."""

    service: str
    method: str
    message: Message

    @property
    def ids(self) -> frozenset[str]:
        """Everything in it that may be the key or the id of something."""
        return frozenset(re.findall(r"[A-Za-z0-9_-]{6,}", f"{self.message.path} {text_of(self.message.body)}"))


def text_of(body: bytes) -> str:
    """The body as text, with what Gmail and Slack encode in it made readable."""
    text = unquote(body.decode("utf-8", "replace"))
    if '"raw"' in text:
        import base64

        with suppress(ValueError, TypeError):
            text += base64.urlsafe_b64decode(json.loads(body)["message"]["raw"] + "==").decode("utf-8", "replace")
    return text


@dataclass
class Strike:
    """The next request for an effect from this link ends the process that makes it."""

    when: str
    """`before` it leaves, `between` request and answer, `after` the answer has come."""
    strike: Callable[[Asked], None]
    of: Callable[[Asked], bool] = lambda _: True
    """Which requests it may strike in."""


@dataclass
class HttpLink:
    """One process's way to the services, or the services' way to the bot."""

    target: int
    rng: random.Random
    chances: Chances
    calm: Callable[[], bool]
    locks: dict[str, asyncio.Lock]
    """By method, shared by all links: a fault strikes the request for which it was armed."""
    chosen_fault: Callable[[Asked], str | None] | None = None
    """Says which fault strikes a request, instead of chance."""
    strike: Strike | None = None
    counts: Counter[str] = field(default_factory=Counter)
    doubled: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """What was delivered twice: method and ids."""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            theirs = await asyncio.open_connection("127.0.0.1", self.target, limit=2**20)
            while (request := await read(reader)) is not None:
                if not await self._pass_on(request, reader, writer, theirs):
                    return
        except BROKEN:
            return
        finally:
            writer.transport.abort()
            if theirs is not None:
                theirs[1].transport.abort()

    async def _socket(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        theirs: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """A web socket: its bytes pass until it ends or is cut."""
        pumps = [asyncio.create_task(pump(reader, theirs[1])), asyncio.create_task(pump(theirs[0], writer))]
        cut_after_s = self.rng.expovariate(1 / SOCKET_LIFE_S) if self.chances.cut else None
        try:
            ended, _ = await asyncio.wait(pumps, timeout=cut_after_s, return_when=asyncio.FIRST_COMPLETED)
            if not ended and self.calm():
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            self.counts["socket cut"] += not ended
        finally:
            for one in pumps:
                one.cancel()

    async def _pass_on(
        self,
        request: Message,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        theirs: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> bool:
        """Whether the connection still stands."""
        if request.upgrades:
            theirs[1].write(request.raw)
            await self._socket(reader, writer, theirs)
            return False
        asked = effect_of(request)
        if asked is not None:
            self.counts["effects asked for"] += 1
        strike = self._taken_strike(asked)
        if asked is not None and strike is not None and strike.when == "before":
            strike.strike(asked)
            return False
        if self._happens(self.chances.delayed):
            self.counts["delayed"] += 1
            await asyncio.sleep(self.rng.uniform(0.01, 0.4))
        cut = self.chances.cut if asked is not None else self.chances.cut / READS_CUT_LESS
        if self._happens(cut):
            self.counts["cut before"] += 1
            return False
        answer = await self._ask(request, asked, theirs, strike)
        if answer is None:
            return False
        if self._happens(cut):
            self.counts["cut after"] += 1
            return False
        if self._may_be_doubled(request, asked) and self._happens(self.chances.twice):
            answer = await self._again(request, asked, theirs, answer)
        writer.write(answer.raw)
        await writer.drain()
        if asked is not None and strike is not None and strike.when == "after":
            strike.strike(asked)
        return True

    async def _ask(
        self,
        request: Message,
        asked: Asked | None,
        theirs: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        strike: Strike | None,
    ) -> Message | None:
        """The service's answer; None when the connection broke."""
        if asked is None:
            theirs[1].write(request.raw)
            return await read(theirs[0])
        async with self.locks.setdefault(asked.method, asyncio.Lock()):
            fault = self._fault(asked)
            if fault is not None:
                self.counts[fault] += 1
                await self._arm(asked, fault)
            theirs[1].write(request.raw)
            if fault is not None:
                await asyncio.sleep(SETTLES_S)
        if strike is not None and strike.when == "between":
            strike.strike(asked)
        return await read(theirs[0])

    def _fault(self, asked: Asked) -> str | None:
        if self.calm():
            return None
        if self.chosen_fault is not None:
            return self.chosen_fault(asked)
        return self.rng.choice(self.chances.kinds) if self.rng.random() < self.chances.unclear else None

    async def _arm(self, asked: Asked, fault: str) -> None:
        seconds = {"late": self.rng.uniform(0.05, self.chances.late_s), "slow": self.chances.slow_s}.get(fault, 0)
        body = json.dumps(
            {"service": asked.service, "method": asked.method, "kind": fault, "seconds": seconds}
        ).encode()
        head = f"POST /control/fault HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        writer.write(head.encode() + body)
        answer = await read(reader)
        writer.transport.abort()
        if answer is None or answer.start[1] != "200":
            raise RuntimeError(f"the sandbox arms no {fault} for {asked.method}: {answer}")

    async def _again(
        self,
        request: Message,
        asked: Asked | None,
        theirs: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        first: Message,
    ) -> Message:
        """Delivered once more; whose answer comes back is a matter of chance."""
        self.counts["twice"] += 1
        if asked is not None:
            self.doubled.append((asked.method, asked.ids))
        theirs[1].write(request.raw)
        second = await read(theirs[0])
        return second if second is not None and self.rng.random() < 0.5 else first

    def _may_be_doubled(self, request: Message, asked: Asked | None) -> bool:
        return (asked is not None and asked.method in TWICE) or FORM.fullmatch(request.path) is not None

    def _happens(self, chance: float) -> bool:
        return not self.calm() and self.rng.random() < chance

    def _taken_strike(self, asked: Asked | None) -> Strike | None:
        if asked is None or self.strike is None or not self.strike.of(asked):
            return None
        strike, self.strike = self.strike, None
        return strike


def effect_of(request: Message) -> Asked | None:
    for verb, path, service, method in EFFECTS:
        if request.start[0] == verb and path.fullmatch(request.path):
            return Asked(service, method, request)
    return None


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next whole message; None when the other side has closed. Raises one of BROKEN in the middle of one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise
        return None
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    start = tuple(lines[0].split(" ", 2))
    if start[0].startswith("HTTP/") and start[1] in {"204", "304"}:
        return Message(start, head, b"")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Message(start, head + body, body, upgrades="upgrade" in headers)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
        body += size + chunk
        if int(size.split(b";")[0], 16) == 0:
            return body
