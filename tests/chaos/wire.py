"""The wire between the product and what it talks to: a proxy that cuts, delays, holds back and delivers twice.

It runs in a thread with a loop of its own, so that nothing the harness does holds a request up.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from tests.chaos.http_wire import HttpLink
from tests.chaos.raw_wire import RawLink

HOST = "127.0.0.1"
Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Wire:
    """Links are opened by whoever lays them, and closed all at once."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._loop = uvloop.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self.http: list[HttpLink] = []
        self.raw: list[RawLink] = []
        self.calm = False
        """No misfortune any more: everything passes as it is."""

    def __enter__(self) -> "Wire":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def rng(self, name: str) -> random.Random:
        return random.Random(f"{self._seed} {name}")

    def lay_http(self, link: HttpLink) -> int:
        """Requests to the returned port go to the link's target."""
        self.http.append(link)
        return self._listen(link.connected)

    def lay_raw(self, link: RawLink) -> int:
        """Bytes to the returned port go to the link's target, and its answers come back."""
        self.raw.append(link)
        port = self._listen(link.connected)
        self._loop.call_soon_threadsafe(self._keep, link.troubled())
        return port

    def be_calm(self) -> None:
        self.calm = True

    def soon(self, what: Callable[[], None]) -> None:
        """Calls it in the wire's thread."""
        self._loop.call_soon_threadsafe(what)

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _listen(self, connected: Connection) -> int:
        async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._keep(connected(reader, writer))

        async def listen() -> int:
            server = await asyncio.start_server(kept, HOST, 0, limit=2**20)
            self._servers.append(server)
            opened: int = server.sockets[0].getsockname()[1]
            return opened

        port: int = self._wait(listen())
        return port

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
