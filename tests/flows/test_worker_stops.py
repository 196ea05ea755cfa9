"""A worker that is told to stop comes to its end, whatever wakes it at that very moment."""

import asyncio
import gc
import random
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from bot.bell import QUEUE, close, redis_at
from bot.surviving import survived
from bot.worker import Worker
from tests.chaos.raw_wire import RawLink
from tests.conftest import NewProduct
from tests.support.product import Product

STOPS_WITHIN_S = 5


@pytest.mark.parametrize("turns", range(8))
async def test_a_ring_while_it_is_stopped_does_not_keep_a_worker_alive(product: Product, turns: int) -> None:
    worker, stop = Worker(product.services), asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await asyncio.sleep(0.3)  # it has swept, and waits
    stop.set()
    for _ in range(turns):
        await asyncio.sleep(0)  # so many turns of the loop later
    worker.wake()
    _, still = await asyncio.wait([running], timeout=STOPS_WITHIN_S)
    running.cancel()
    assert not still


async def test_a_worker_stopped_as_it_connects_or_takes_rings_leaves_nothing_open(
    product: Product, redis_url: str
) -> None:
    bell = redis_at(redis_url)
    for turns in range(0, 320, 4):  # from before it has connected until the rings are taken
        for _ in range(5):
            await bell.enqueue_job("look", "effect", str(uuid4()), _queue_name=QUEUE)
        worker, stop = Worker(product.services), asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        for _ in range(turns):
            await asyncio.sleep(0)
        stop.set()
        _, still = await asyncio.wait([running], timeout=STOPS_WITHIN_S)
        running.cancel()
        assert not still
    await close(bell)
    gc.collect()  # what is open still warns as it goes, and a warning is an error


async def test_redis_that_goes_away_while_a_worker_is_stopped_does_not_keep_it_alive(
    new_product: NewProduct, redis_url: str
) -> None:
    valkey = urlsplit(redis_url)
    link = RawLink(valkey.port or 0, random.Random(1), calm=lambda: True)
    door = await asyncio.start_server(link.connected, "127.0.0.1", 0)
    through = f"redis://:{valkey.password}@127.0.0.1:{door.sockets[0].getsockname()[1]}"
    async with new_product(redis_url=through) as product:
        worker, stop = Worker(product.services), asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        await asyncio.sleep(0.5)  # it listens for rings
        link.stall()  # whatever it has asked stays unanswered
        await asyncio.sleep(0.2)
        door.close()  # and nobody gets in any more
        stop.set()
        _, still = await asyncio.wait([running], timeout=STOPS_WITHIN_S)
        running.cancel()
        link.go_on()
        assert not still
    await door.wait_closed()


async def test_what_a_library_makes_of_being_stopped_is_not_survived() -> None:
    async def look() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("connection closed in the middle of a reply") from None

    async def for_ever() -> None:
        while True:
            with survived("looking"):
                await look()

    task = asyncio.create_task(for_ever())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=STOPS_WITHIN_S)
    assert task.cancelled()
