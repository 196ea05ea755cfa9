"""The product in the test's own process: forms come in, buttons are pressed in the sandbox, the worker runs on demand."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web as aiohttp_web

from bot import app, web, wiring
from bot.services import Services
from bot.settings import Settings
from bot.worker import Worker
from tests.support.clock import HandClock
from tests.support.sandbox import Sandbox

HOLD = timedelta(seconds=30)
OWNER = "U0CASEY"
DM = "D0CASEY"
PREVIEWS = 5


def is_card(message: dict[str, Any]) -> bool:
    """A note has blocks as well, but none that names a move; a digest names several, under a headline."""
    if any(block["type"] == "header" for block in message.get("blocks", [])):
        return False
    return any(block.get("block_id", "").startswith("move:") for block in message.get("blocks", []))


@dataclass
class Product:
    services: Services
    worker: Worker
    sandbox: Sandbox
    clock: HandClock
    url: str
    began: int
    """The ledger's last line before this product started."""

    async def settle(self) -> None:
        """Lets the worker do all that is due by now."""
        await self.worker.settle()

    async def read_mailbox(self) -> None:
        """Lets the watcher read what came into the mailbox, and the worker do what follows."""
        self.clock.advance(timedelta(seconds=self.services.settings.gmail_poll_s))
        await self.worker.watcher.poll()
        await self.settle()

    async def fill_form(self, *, times: int = 1, submission_id: str | None = None, **fields: str) -> dict[str, Any]:
        """Somebody fills in the form; without an address one is invented, so that tests do not meet each other's people."""
        fields = {"email": f"p{secrets.token_hex(4)}@northpier.example", "name": "Dana Whitfield", **fields}
        asked: dict[str, Any] = {"form": "contact", "fields": fields, "times": times}
        if submission_id is not None:
            asked["submission_id"] = submission_id
        answer = await self.sandbox.control("POST", "/control/form", asked)
        return {**answer, "email": fields["email"]}

    async def ledger(self, **filters: str) -> list[dict[str, Any]]:
        return await self.sandbox.ledger(self.began, **filters)

    async def messages(self, user: str = OWNER) -> list[dict[str, Any]]:
        """What this product has posted into the person's direct channel, oldest first, threads left out."""
        seen = await self.sandbox.control("GET", f"/control/slack?user={user}")
        mine = {entry["data"]["ts"] for entry in await self.ledger(service="slack", method="message_posted")}
        return [m for channel in seen["channels"] if channel["is_im"] for m in channel["messages"] if m["ts"] in mine]

    async def notes(self) -> list[str]:
        """What was said in threads, oldest first."""
        posted = [entry["data"]["message"] for entry in await self.ledger(service="slack", method="message_posted")]
        return [message["text"] for message in posted if message.get("thread_ts") not in {None, message["ts"]}]

    async def card(self, about: str = "") -> dict[str, Any]:
        """The newest card whose text has `about` in it."""
        return [message for message in await self.messages() if about in message["text"] and is_card(message)][-1]

    async def press(self, action_id: str, *, on: dict[str, Any], user: str = OWNER, **more: Any) -> dict[str, Any]:
        body = {"user": user, "channel": DM, "ts": on["ts"], "action_id": action_id, **more}
        answer: dict[str, Any] = await self.sandbox.control("POST", "/control/press", body)
        return answer

    async def view(self, user: str = OWNER) -> dict[str, Any]:
        """The modal that is open before the person."""
        view: dict[str, Any] = (await self.sandbox.control("GET", f"/control/slack?user={user}"))["views"][-1]
        return view

    async def submit(self, user: str = OWNER, **values: str) -> dict[str, Any]:
        """Submits the open modal; `values` by block id."""
        body = {
            "user": user,
            "view_id": (await self.view(user))["id"],
            "values": {block: {"input": text} for block, text in values.items()},
        }
        answer: dict[str, Any] = await self.sandbox.control("POST", "/control/submit", body)
        return answer

    async def approve(self, card: dict[str, Any], **values: str) -> dict[str, Any]:
        """Execute, change what `values` say, submit."""
        await self.press("move_execute", on=card)
        return await self.submit(**values)

    async def preview(self, card: dict[str, Any]) -> str:
        """What the dry run of a card says."""
        return await self._until_read(lambda: self.press("move_more", on=card, option="preview"))

    async def rehearse(self, card: dict[str, Any], **values: str) -> str:
        """What is said instead of doing it, while a dry run is on."""
        return await self._until_read(lambda: self.approve(card, **values))

    async def _until_read(self, ask: Callable[[], Awaitable[Any]]) -> str:
        """Asks again, as the modal tells people to, where the services took too long to be read."""
        for _ in range(PREVIEWS):
            await ask()
            if "did not answer in time" not in (shown := texts_of(await self.view())):
                break
        return shown

    async def say(self, text: str, user: str = OWNER) -> str:
        """A `/moves` command; what the person reads in answer."""
        body = {"user": user, "channel": f"D0{user.removeprefix('U0')}", "command": "/moves", "text": text}
        answer = await self.sandbox.control("POST", "/control/command", body)
        said: str = (answer["response"] or {}).get("text", "")
        return said

    async def mails_to(self, email: str) -> list[dict[str, Any]]:
        """Mails that left for this address, as the sandbox's ledger has them."""
        sent = await self.ledger(service="gmail", method="mail_sent")
        return [entry["data"] for entry in sent if email in entry["data"]["to"]]


def texts_of(view: dict[str, Any]) -> str:
    """What the sections of a modal say."""
    return "\n".join(block["text"]["text"] for block in view["blocks"] if block["type"] == "section")


@asynccontextmanager
async def running_product(
    *,
    database_url: str,
    redis_url: str,
    sandbox: Sandbox,
    clock: HandClock,
    signing_secret: str,
    forms_secret: str,
    workspace: str = "test",
    **settings: Any,
) -> AsyncIterator[Product]:
    """A bot in HTTP mode on a free port and a worker beside it, both on this database and this sandbox."""
    chosen = Settings(
        _env_file=None,
        database_url=database_url,
        redis_url=redis_url,
        workspace=workspace,
        default_owner=OWNER,
        voice_name="Casey Morgan",
        voice_company="Pier 7 Marketing",
        slack_bot_token="xoxb-sandbox",
        slack_signing_secret=signing_secret,
        slack_api_url=sandbox.slack_url,
        hubspot_api_url=sandbox.hubspot_url,
        google_access_token="ya29.sandbox",
        gmail_api_url=sandbox.gmail_url,
        calendar_api_url=sandbox.gmail_url,
        forms_secret=forms_secret,
        hold_s=HOLD.total_seconds(),
        port=0,
        **{"digest_at": None, "hubspot_token": "pat-sandbox", **settings},
    )
    began = (await sandbox.control("GET", "/control/ledger?after=1000000000"))["last"]
    async with wiring.services(chosen, clock=clock) as services:
        bolt = app.build(services, wiring.slack_client(chosen), signing_secret=signing_secret)
        runner = aiohttp_web.AppRunner(web.build(services, bolt), access_log=None)
        await runner.setup()
        await aiohttp_web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        await sandbox.control("POST", "/control/bot", {"url": url, "mode": "http"})
        await sandbox.control("POST", "/control/limits", {"on": False})
        await sandbox.control("DELETE", "/control/fault")
        product = Product(services, Worker(services), sandbox, clock, url, began)
        try:
            await product.worker.watcher.poll()  # from here on replies are seen
            yield product
        finally:
            await runner.cleanup()
