"""A worker that is told to stop comes to its end, whatever wakes it at that very moment."""

import asyncio

import pytest

from bot.worker import Worker
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
