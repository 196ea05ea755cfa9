"""A server on loopback that counts what reaches it and answers every request in one chosen way, or never."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

NOWHERE = "works"
LOST = (
    "closed unread",
    "closed after reading",
    "reset after reading",
    "amid the head",
    "after the head",
    "amid the body",
    "amid a chunk",
    "garbage",
    "silence",
    "silence amid the body",
    "no JSON",
    "another shape",
)
"""Every way in which an answer can be lost: the service may have done what was asked."""
STATUSES = (302, 307, 429, 500, 503)

_NO_LINGER = struct.pack("ii", 1, 0)


class Answering:
    """`moment` is NOWHERE, one of LOST or one of STATUSES; `answer` is what a success says, None for no body."""

    def __init__(self, moment: str | int, answer: Any) -> None:
        self.moment = moment
        self.body = b"" if answer is None else json.dumps(answer).encode()
        self.connections = 0
        self.requests: list[str] = []
        """The first line of each request that came whole."""
        self.url = ""
        self._came = asyncio.Condition()
        self._over = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
        try:
            if self.moment == "closed unread":
                return
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").lower().split("\r\n")
                length = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
                await reader.readexactly(length)
                async with self._came:
                    self.requests.append(lines[0])
                    self._came.notify_all()
                if not await self._answer(writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        if self.moment == "reset after reading":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            writer.transport.abort()
            return False
        writer.write(self._written())
        await writer.drain()
        if str(self.moment).startswith("silence"):
            await self._over.wait()
        return self.moment == NOWHERE or self.moment in STATUSES or self.moment in ("no JSON", "another shape")

    def _written(self) -> bytes:
        if self.moment in STATUSES:
            return _head(int(self.moment), 2, f"location: {self.url}elsewhere\r\n") + b"{}"
        whole = self.body or b"{}"
        return {
            NOWHERE: _head(200 if self.body else 204, len(self.body)) + self.body,
            "closed after reading": b"",
            "amid the head": _head(200, len(whole))[:20],
            "after the head": _head(200, len(whole)),
            "amid the body": _head(200, len(whole)) + whole[:-1],
            "amid a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{",
            "garbage": b"\x15\x03\x01\x00\x02\x02\x28\r\n\r\n",
            "silence": b"",
            "silence amid the body": _head(200, len(whole)) + whole[:-1],
            "no JSON": _head(200, 6) + b"<html>",
            "another shape": _head(200, 2) + b"[]",
        }[str(self.moment)]

    async def has_read(self, requests: int) -> None:
        """Waits until so many came whole: a client that has given up may be ahead of this server's reading."""
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: len(self.requests) >= requests)

    async def end(self) -> None:
        """Lets go of whoever still waits for an answer, and waits until all connections are over."""
        self._over.set()
        await asyncio.gather(*self._serving)


def _head(status: int, length: int, more: str = "") -> bytes:
    sized = "" if status == 204 else f"content-type: application/json\r\ncontent-length: {length}\r\n"
    return f"HTTP/1.1 {status} X\r\n{sized}{more}\r\n".encode()


@asynccontextmanager
async def answering(moment: str | int, answer: Any) -> AsyncIterator[Answering]:
    counter = Answering(moment, answer)
    server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
    counter.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield counter
    finally:
        server.close()
        await counter.end()
        await server.wait_closed()
