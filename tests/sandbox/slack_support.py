"""A sandbox in this process on a free port, the SDK's client to it, and a person's hands."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from integrations.sandbox.server import make_world, serving
from integrations.sandbox.world import World


@dataclass
class Sandbox:
    url: str
    world: World
    http: aiohttp.ClientSession
    client: AsyncWebClient

    def new_client(self, token: str | None = "xoxb-sandbox") -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=f"{self.url}/slack/api/", retry_handlers=[], session=self.http)

    async def do(self, what: str, expect: int = 200, **asked: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/control/{what}", json=asked) as answer:
            said = await answer.json()
            assert answer.status == expect, said
            return said

    async def screen(self, user: str = "U0CASEY") -> dict[str, Any]:
        async with self.http.get(f"{self.url}/control/slack", params={"user": user}) as answer:
            return await answer.json()

    async def messages(self, channel: str, user: str = "U0CASEY") -> list[dict[str, Any]]:
        return next(one["messages"] for one in (await self.screen(user))["channels"] if one["id"] == channel)

    async def ledger(self, kind: str, method: str | None = None) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.url}/control/ledger", params={"service": "slack"}) as answer:
            entries = (await answer.json())["entries"]
        return [one["data"] for one in entries if one["kind"] == kind and method in (None, one["method"])]

    @contextlib.asynccontextmanager
    async def bot(self, register: Callable[[AsyncApp], None], connections: int = 1) -> AsyncIterator[AsyncApp]:
        """A Bolt app over Socket Mode while the block runs."""
        app = AsyncApp(client=self.new_client(), process_before_response=True)
        register(app)
        handlers = [
            AsyncSocketModeHandler(app, app_token="xapp-sandbox", ping_interval=0.5) for _ in range(connections)
        ]
        for handler in handlers:
            await handler.connect_async()
        try:
            yield app
        finally:
            for handler in handlers:
                await handler.close_async()


@contextlib.asynccontextmanager
async def sandbox(data: Path, **options: Any) -> AsyncIterator[Sandbox]:
    retries = options.pop("event_retries_s", (0.0, 0.1))
    world = make_world(data, **options)
    async with serving(world, event_retries_s=retries) as url, aiohttp.ClientSession() as http:
        running = Sandbox(url, world, http, client=AsyncWebClient())
        running.client = running.new_client()
        yield running


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, value: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": "Press"},
        "value": value,
        **more,
    }


def text_field(block_id: str, **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "text", **more}
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": block_id},
        "element": element,
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Edit"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": list(blocks),
        **more,
    }
