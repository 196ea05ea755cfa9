"""The bell: an arq job per thing to look at. It wakes workers; losing a ring delays work until the next sweep, no longer."""

import asyncio
import logging
from collections.abc import Iterable
from uuid import UUID

from arq.connections import ArqRedis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import RedisError

from bot.serial import dumps, loads
from bot.surviving import stop_if_told

log = logging.getLogger(__name__)

QUEUE = "caseyos"
CONNECT_TIMEOUT_S = 1.0
KEPT_RINGS = 1_000
"""Rings that wait for Redis; past this the sweep is quicker than the backlog."""


class _Pipeline(Pipeline):
    async def reset(self) -> None:
        """Gives its connection back where it is cut short as well: redis-py keeps it then, and says so as it goes."""
        connection = self.connection
        try:
            await super().reset()  # type: ignore[no-untyped-call]
        except BaseException:
            if connection is not None and self.connection is connection:
                self.connection = None
                await connection.disconnect(nowait=True)
                await self.connection_pool.release(connection)
            raise


class _Redis(ArqRedis):
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


def redis_at(url: str) -> ArqRedis:
    """Connects when it is first used. arq's `create_pool` leaves a connection open where it is stopped while connecting."""
    pool = ConnectionPool.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_S)
    return _Redis(pool, default_queue_name=QUEUE, job_serializer=dumps, job_deserializer=loads)


async def close(redis: ArqRedis) -> None:
    """With all its connections, those in use as well."""
    await redis.aclose(close_connection_pool=True)


class Bell:
    """Rings in the background, so that nobody who commits something has to wait for Redis."""

    def __init__(self, url: str) -> None:
        self._redis = redis_at(url)
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(KEPT_RINGS)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._ring_forever(), name="bell")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await close(self._redis)

    def ring(self, what: str, ids: Iterable[UUID]) -> None:
        """Something is to be done about these; returns at once."""
        for id in ids:
            try:
                self._waiting.put_nowait((what, str(id)))
            except asyncio.QueueFull:
                return

    async def ping(self) -> None:
        """Raises RedisError, OSError or TimeoutError when Redis does not answer."""
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await self._redis.ping()

    async def _ring_forever(self) -> None:
        while True:
            what, id = await self._waiting.get()
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    await self._redis.enqueue_job("look", what, id, _queue_name=QUEUE)
            except (RedisError, OSError, TimeoutError) as down:
                stop_if_told()
                log.warning(
                    "the bell is silent: workers find the work by sweeping", extra={"error": type(down).__name__}
                )
