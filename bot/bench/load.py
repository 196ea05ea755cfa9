"""The load of `bench ack`: keep-alive connections that send requests made beforehand and time the answers."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

ANSWER_TIMEOUT_S = 30.0


class BadAnswer(Exception):
    """A press was not acknowledged with an empty 200; the message is what came instead."""


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[bytes] | None = None
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its class

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0 or len(self._received) < head + 4 + _length(bytes(self._received[:head])):
            return
        whole = bytes(self._received)
        self._received.clear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BadAnswer(f"the connection broke ({type(exc).__name__})"))

    async def ask(self, request: bytes) -> float:
        """Seconds until the answer was there. Raises BadAnswer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._transport.write(request)
        answer = await self._answer
        took = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise BadAnswer(answer[:300].decode("latin-1"))
        return took

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


@dataclass(frozen=True)
class Target:
    """A running server, and where the next press for it comes from; every press is a change of some row."""

    name: str
    port: int
    next_press: Callable[[int], bytes]
    """The next request for the client of this number; no two clients press the same move."""


async def latencies(target: Target, presses: int) -> list[float]:
    """Seconds per press, one client at a time."""
    connection = await connect(target.port)
    requests = [target.next_press(0) for _ in range(presses)]
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S * 2):
            return [await connection.ask(request) for request in requests]
    finally:
        connection.close()


@dataclass
class Count:
    answered: int = 0


async def per_second(target: Target, *, clients: int, seconds: float) -> tuple[float, int]:
    """Requests a second with that many clients at once, each with one press under way; and how many there were."""
    connections = [await connect(target.port) for _ in range(clients)]
    counted = Count()
    began = time.perf_counter()

    async def client(number: int) -> None:
        for request in _ahead(target, number):
            await connections[number].ask(request)
            counted.answered += 1
            if time.perf_counter() - began >= seconds:
                return

    try:
        async with asyncio.timeout(seconds + ANSWER_TIMEOUT_S):
            await asyncio.gather(*map(client, range(clients)))
    finally:
        for connection in connections:
            connection.close()
    return counted.answered / (time.perf_counter() - began), counted.answered


def _ahead(target: Target, client: int) -> Iterator[bytes]:
    while True:
        yield target.next_press(client)
