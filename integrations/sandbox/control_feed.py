"""The ledger as a list, and a stream that says when it has grown."""

import asyncio
import json

from aiohttp import web

from integrations.sandbox.world import World

KEEP_ALIVE_S = 15.0


def routes(world: World) -> list[web.RouteDef]:
    async def ledger(request: web.Request) -> web.Response:
        return _ledger(world, request)

    async def events(request: web.Request) -> web.StreamResponse:
        return await _events(world, request)

    return [web.get("/control/ledger", ledger), web.get("/control/events", events)]


def _ledger(world: World, request: web.Request) -> web.Response:
    try:
        after = int(request.query.get("after", "0"))
    except ValueError:
        error = {"code": "bad_after", "message": "after is a line's number", "field": "after"}
        return web.json_response({"error": error}, status=400)
    entries = world.store.entries(after, request.query.get("service"))
    return web.json_response({"entries": entries, "last": world.store.last()})


async def _events(world: World, request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await stream.prepare(request)
    with world.store.subscribe() as queue:
        n: int | None = world.store.last()
        try:
            while True:
                line = ": still here\n\n" if n is None else f"data: {json.dumps({'n': n})}\n\n"
                await stream.write(line.encode())
                n = await _newest(queue)
        except ConnectionError:
            return stream


async def _newest(queue: "asyncio.Queue[int]") -> int | None:
    """Wait for a change; many at once become one. None when nothing happened for a while."""
    try:
        async with asyncio.timeout(KEEP_ALIVE_S):
            n = await queue.get()
    except TimeoutError:
        return None
    while not queue.empty():
        n = queue.get_nowait()
    return n
