"""A Slack on loopback that knows Socket Mode and nothing else: it sends the frames it is given and keeps the answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

WITHIN_S = 10.0


class SocketSlack:
    def __init__(self, frames: tuple[list[dict[str, Any]], ...], hello: dict[str, Any]) -> None:
        self._frames = list(frames)
        self._hello = hello
        self._came = asyncio.Condition()
        self._open: set[web.WebSocketResponse] = set()
        self.url = ""
        self.connections = 0
        self.acks: list[dict[str, Any]] = []
        self.calls: list[str] = []

    async def until(self, *, acks: int = 0, connections: int = 0) -> None:
        """Raises TimeoutError when that many have not come in time."""
        async with asyncio.timeout(WITHIN_S), self._came:
            await self._came.wait_for(lambda: len(self.acks) >= acks and self.connections >= connections)

    async def method(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        self.calls.append(name)
        if name == "apps.connections.open":
            return web.json_response({"ok": True, "url": f"{self.url.replace('http', 'ws', 1)}/link"})
        return web.json_response({"ok": False, "error": "user_not_found"})

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._open.add(socket)
        async with self._came:
            self.connections += 1
            self._came.notify_all()
        await socket.send_json(self._hello)
        for frame in self._frames.pop(0) if self._frames else ():
            await socket.send_json(frame)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                async with self._came:
                    self.acks.append(json.loads(message.data))
                    self._came.notify_all()
        self._open.discard(socket)
        return socket

    async def hang_up(self, _: web.Application) -> None:
        for socket in list(self._open):
            await socket.close()


@asynccontextmanager
async def socket_slack(*frames: list[dict[str, Any]], hello: dict[str, Any]) -> AsyncIterator[SocketSlack]:
    """The first frames go to the first connection, the next to the next."""
    slack = SocketSlack(frames, hello)
    application = web.Application()
    application.router.add_post("/api/{method}", slack.method)
    application.router.add_get("/link", slack.link)
    application.on_shutdown.append(slack.hang_up)
    runner = web.AppRunner(application, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield slack
    finally:
        await runner.cleanup()
