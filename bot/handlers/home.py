"""App Home: opened, turned to a tab or a page. The worker draws it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import ids
from bot.handlers.clicked import delivery_of, user_of
from bot.services import Services
from core import homes, inbox
from core.database import Db
from core.home import Tab

Change = Callable[[Db, str, datetime], Awaitable[object]]
"""What a press of this member asks for, in the transaction that commits it."""


def press(services: Services, change: Change) -> Callable[[AsyncAck, dict[str, Any]], Awaitable[None]]:
    """A listener that does it once, and lets the worker draw what follows."""

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        user, now = user_of(body), services.clock()
        async with services.database.begin() as db:
            home = await homes.touch(db, user, now=now)  # first, as whoever draws it locks it before the moves
            if await inbox.take(db, delivery_of(body), workspace=services.workspace, now=now):
                await change(db, user, now)
        services.bell.ring("home", [home] if home else [])
        await ack()

    return listener


async def _turn(db: Db, user: str, now: datetime, *, tab: Tab) -> None:
    await homes.turn(db, user, tab, now=now)


async def _older(db: Db, user: str, now: datetime) -> None:
    await homes.older(db, user, now=now)


async def _newer(db: Db, user: str, now: datetime) -> None:
    await homes.newer(db, user, now=now)


def register(app: AsyncApp, services: Services) -> None:
    async def on_opened(event: dict[str, Any]) -> None:
        if event.get("tab") not in {None, "home"}:
            return
        user, now = str(event["user"]), services.clock()
        async with services.database.begin() as db:
            home = await homes.opened(db, workspace_id=services.workspace, user=user, now=now)
        services.bell.ring("home", [home])

    async def on_message() -> None:
        """People may write to the app; it answers to `/moves` alone."""

    for tab, action in ids.HOME_TABS.items():
        app.action(action)(press(services, partial(_turn, tab=tab)))
    app.action(ids.HOME_OLDER)(press(services, _older))
    app.action(ids.HOME_NEWER)(press(services, _newer))
    app.event("app_home_opened")(on_opened)
    app.event("message")(on_message)
