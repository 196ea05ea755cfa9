"""“Hand over” on a card: asks to whom, then the move is theirs."""

from typing import Any
from uuid import UUID

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.handlers.clicked import parse, user_of
from bot.services import Services
from bot.views import modal
from bot.views.text import plain, storable
from core import cards, handing_over, homes

ERROR_LIMIT = 200


async def ask(services: Services, client: AsyncWebClient, *, move: UUID, trigger: str) -> None:
    """Opens the question."""
    async with services.database.begin() as db:
        title = (await cards.card(db, move, services.clock())).title
    await client.views_open(trigger_id=trigger, view=modal.hand_over(title=title, move_id=str(move)))


def register(app: AsyncApp, services: Services) -> None:
    async def on_submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        view, user, now = body["view"], user_of(body), services.clock()
        values = view["state"]["values"]
        to = str(values.get(ids.WHOM, {}).get(ids.INPUT, {}).get("selected_user") or "")
        why = str(values.get(ids.REASON, {}).get(ids.INPUT, {}).get("value") or "").strip()
        if not storable(why):
            await ack(response_action="errors", errors={ids.REASON: "There is a character in it that cannot be kept"})
            return
        try:
            async with services.database.begin() as db:
                told = await handing_over.hand_over(
                    db,
                    workspace_id=services.workspace,
                    move=parse(view["private_metadata"]),
                    to=to,
                    by=user,
                    why=why,
                    now=now,
                )
                await homes.touch(db, user, now=now)
        except handing_over.CannotHandOver as no:
            await ack(response_action="errors", errors={ids.WHOM: plain(str(no), ERROR_LIMIT)})
            return
        services.bell.ring("effect", told)
        await ack()

    app.view(ids.HAND_OVER_VIEW)(on_submit)
