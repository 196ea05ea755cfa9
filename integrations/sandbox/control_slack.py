"""What a person or a test may do in the sandbox's Slack, over HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from integrations.sandbox.slack.arguments import sound_text
from integrations.sandbox.slack.delivery import Delivery
from integrations.sandbox.slack.errors import NotThere
from integrations.sandbox.slack.interaction import Person
from integrations.sandbox.slack.people import DIRECT_OF, PUBLIC_CHANNELS
from integrations.sandbox.world import World

Asked = dict[str, Any]
Done = dict[str, Any]
Control = Callable[[Asked], Awaitable[Done]]

MOST_TIMES = 200
DISCONNECT_REASONS = ("warning", "refresh_requested")


def routes(world: World, delivery: Delivery) -> list[web.RouteDef]:
    control = SlackControl(world, delivery)
    posts: dict[str, Control] = {
        "press": control.press,
        "submit": control.submit,
        "submit_many": control.submit_many,
        "close": control.close,
        "command": control.command,
        "message": control.message,
        "open_home": control.open_home,
        "read": control.read,
        "bot": control.bot,
        "member": control.member,
        "limits": control.limits,
        "blocks": control.blocks,
        "disconnect": control.disconnect,
    }

    async def screen(request: web.Request) -> web.Response:
        try:
            return web.json_response(control.screen(request.query.get("user", "U0CASEY")))
        except NotThere as refusal:
            return web.json_response(refusal.body(), status=refusal.status)

    return [
        web.get("/control/slack", screen),
        *(web.post(f"/control/{name}", _handler(handle)) for name, handle in posts.items()),
    ]


def _handler(handle: Control) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handle(_asked(await request.read())))
        except NotThere as refusal:
            return web.json_response(refusal.body(), status=refusal.status)

    return handler


class SlackControl:
    def __init__(self, world: World, delivery: Delivery) -> None:
        self._world = world
        self._slack = world.slack
        self._delivery = delivery

    def screen(self, user: str) -> Done:
        if user not in DIRECT_OF:
            raise NotThere("no_such_user", f"there is no person {user}", field="user")
        return self._slack.seen_by(user)

    async def press(self, asked: Asked) -> Done:
        person, times = self._person(asked), _times(asked)
        action_id, block_id, option = _text(asked, "action_id"), _optional_text(asked, "block_id"), asked.get("option")
        if asked.get("home") or "view_id" in asked:
            opened = person.home() if asked.get("home") else person.view(_text(asked, "view_id"))
            typed = asked.get("values")
            presses = [person.press_view(opened, action_id, block_id, option, typed) for _ in range(times)]
        else:
            message = person.message(_text(asked, "channel"), _text(asked, "ts"))
            presses = [person.press_message(message, action_id, block_id, option) for _ in range(times)]
        answers = await asyncio.gather(*presses)
        return answers[0].doc() if times == 1 else {"answers": [one.doc() for one in answers]}

    async def submit(self, asked: Asked) -> Done:
        person, times = self._person(asked), _times(asked)
        opened = person.filled_in(_text(asked, "view_id"), asked.get("values"))
        answers = await asyncio.gather(*(person.submit(opened) for _ in range(times)))
        return answers[0].doc() if times == 1 else {"answers": [one.doc() for one in answers]}

    async def submit_many(self, asked: Asked) -> Done:
        """Several people's submissions, all at the same instant."""
        several = asked.get("submissions")
        if not isinstance(several, list) or not several or not all(isinstance(one, dict) for one in several):
            raise NotThere("bad_submissions", "submissions is a list of objects", field="submissions", status=400)
        ready = []
        for one in several:
            person = self._person(one)
            ready.append((person, person.filled_in(_text(one, "view_id"), one.get("values"))))
        answers = await asyncio.gather(*(person.submit(opened) for person, opened in ready))
        return {"answers": [one.doc() for one in answers]}

    async def close(self, asked: Asked) -> Done:
        return (await self._person(asked).close(_text(asked, "view_id"))).doc()

    async def command(self, asked: Asked) -> Done:
        person, word = self._person(asked), _text(asked, "command")
        if not word.startswith("/") or " " in word:
            raise NotThere("bad_command", "a command is one word that begins with /", field="command", status=400)
        text = _optional_text(asked, "text") or ""
        return (await person.command(_text(asked, "channel"), word, text)).doc()

    async def message(self, asked: Asked) -> Done:
        person, text = self._person(asked), _text(asked, "text")
        message, answer = await person.say(_text(asked, "channel"), text, _optional_text(asked, "thread_ts"))
        came = {"acked": None, "ms": 0.0, "by": None, "response": None, "error": None}
        return {"ts": message["ts"], **(came if answer is None else answer.doc())}

    async def open_home(self, asked: Asked) -> Done:
        return (await self._person(asked).open_home()).doc()

    async def read(self, asked: Asked) -> Done:
        """The person has looked at the channel: nothing in it is unread any more."""
        self._person(asked)
        channel = _text(asked, "channel")
        if not self._slack.messages.exists(channel):
            raise NotThere("no_such_channel", f"there is no channel {channel}", field="channel")
        self._slack.messages.mark_read(asked["user"], channel)
        return {"ok": True}

    async def bot(self, asked: Asked) -> Done:
        mode, url = asked.get("mode", self._world.mode), asked.get("url", self._world.bot_url)
        if mode not in ("socket", "http"):
            raise NotThere("bad_mode", "mode is socket or http", field="mode", status=400)
        if url is not None and (not isinstance(url, str) or not url.startswith(("http://", "https://"))):
            raise NotThere("bad_url", "url is an HTTP address", field="url", status=400)
        self._world.mode, self._world.bot_url = mode, url
        return {"url": url, "mode": mode}

    async def member(self, asked: Asked) -> Done:
        """Take the bot out of a public channel, or back into it."""
        channel, member = _text(asked, "channel"), asked.get("member")
        if channel not in PUBLIC_CHANNELS or not isinstance(member, bool):
            raise NotThere("bad_member", "channel is a public channel and member true or false", status=400)
        self._slack.messages.set_member(channel, member)
        self._slack.record("act", "member", {"channel": channel, "member": member})
        return {"channel": channel, "member": member}

    async def limits(self, asked: Asked) -> Done:
        if not isinstance(asked.get("on"), bool):
            raise NotThere("bad_on", "on is true or false", field="on", status=400)
        self._slack.posting_limit.on = asked["on"]
        return {"on": asked["on"]}

    async def blocks(self, asked: Asked) -> Done:
        """Whether the workspace has this year's blocks."""
        if not isinstance(asked.get("newest"), bool):
            raise NotThere("bad_newest", "newest is true or false", field="newest", status=400)
        self._slack.newest_blocks = asked["newest"]
        return {"newest": asked["newest"]}

    async def disconnect(self, asked: Asked) -> Done:
        """Ask every Socket Mode client to reconnect."""
        reason = asked.get("reason", "refresh_requested")
        if reason not in DISCONNECT_REASONS:
            raise NotThere(
                "bad_reason", f"reason is one of {', '.join(DISCONNECT_REASONS)}", field="reason", status=400
            )
        return {"told": await self._slack.sockets.disconnect(reason)}

    def _person(self, asked: Asked) -> Person:
        return Person(self._world, self._delivery, _text(asked, "user"))


def _asked(body: bytes) -> Asked:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise NotThere("bad_json", "the body is not a JSON object", status=400)
    return {**sound_text(asked)}


def _text(asked: Asked, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise NotThere("missing", f"{name} is missing", field=name, status=400)
    return value


def _optional_text(asked: Asked, name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise NotThere("not_text", f"{name} must be text", field=name, status=400)
    return value


def _times(asked: Asked) -> int:
    times = asked.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
        raise NotThere("bad_times", f"times is a whole number from 1 to {MOST_TIMES}", field="times", status=400)
    return times
