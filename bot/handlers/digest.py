"""Presses on the day's list itself: show more of it, or the headlines alone."""

from typing import Any
from uuid import UUID

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import ids
from bot.handlers.clicked import delivery_of, user_of
from bot.services import Services
from core import digest_updates, inbox


def digest_of(body: dict[str, Any]) -> UUID:
    """The list whose button was pressed. Raises NoSuchDigest when the payload names none of ours."""
    given = str(body["actions"][0].get("value"))
    try:
        return UUID(given)
    except ValueError:
        raise digest_updates.NoSuchDigest(given) from None


def register(app: AsyncApp, services: Services) -> None:
    async def on_more(ack: AsyncAck, body: dict[str, Any]) -> None:
        digest, now = digest_of(body), services.clock()
        async with services.database.begin() as db:
            if await inbox.take(db, delivery_of(body), workspace=services.workspace, now=now):
                await digest_updates.expand(db, digest, by=user_of(body), now=now)
        services.bell.ring("digest", [digest])
        await ack()

    app.action(ids.DIGEST_MORE)(on_more)
