"""Bytes between the product and PostgreSQL or Valkey: stalled for a while, or cut in the middle of a message."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

CHUNK = 2**16
DOWN = (ConnectionError, OSError, asyncio.IncompleteReadError)


class RawLink:
    """Every `calm_s` on average the link stalls for at most `longest_s`, or all its connections are cut.

    A stream of bytes is never repeated: TCP does not do that either.
    """

    def __init__(
        self, target: int, rng: random.Random, *, calm: Callable[[], bool], calm_s: float = 25.0, longest_s: float = 1.5
    ) -> None:
        self._target = target
        self._rng = rng
        self._calm = calm
        self._calm_s = calm_s
        self._longest_s = longest_s
        self._open = asyncio.Event()
        self._open.set()
        self._cutting: set[asyncio.StreamWriter] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.cuts = 0
        self.stalls = 0

    async def troubled(self) -> None:
        """The link's bad moments, as long as the run lasts."""
        while True:
            await asyncio.sleep(self._rng.uniform(self._calm_s / 2, self._calm_s * 3 / 2))
            if self._calm():
                continue
            if self._rng.random() < 0.5:
                self.stalls += 1
                self._open.clear()
                await asyncio.sleep(self._rng.uniform(0.05, self._longest_s))
                self._open.set()
            else:
                self.cuts += 1
                # Those that speak next lose half of what they say; those that are silent are cut a little later.
                self._cutting |= self._writers
                await asyncio.sleep(0.1)
                for writer in list(self._cutting):
                    _abort(writer)
                self._cutting.clear()

    def stall(self) -> None:
        """Nothing passes until `go_on`. Both are called in the wire's thread."""
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _abort(writer)
            return
        self._writers |= {writer, ours}
        pumps = [asyncio.create_task(self._pump(reader, ours)), asyncio.create_task(self._pump(theirs, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            self._writers -= {writer, ours}
            _abort(writer)
            _abort(ours)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*DOWN):
            while chunk := await reader.read(CHUNK):
                await self._open.wait()
                if writer in self._cutting:
                    writer.write(chunk[: len(chunk) // 2])
                    return
                writer.write(chunk)
                await writer.drain()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes everything on until one of the two has ended."""
    with suppress(*DOWN):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
