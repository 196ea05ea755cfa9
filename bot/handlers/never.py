"""“Never for this person” on a card: asks once more, then nobody here writes to them."""

from typing import Any
from uuid import UUID

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.handlers.clicked import parse, user_of
from bot.services import Services
from bot.views import modal
from bot.views.text import storable
from core import never_again


async def ask(services: Services, client: AsyncWebClient, *, move: UUID, trigger: str) -> None:
    """Opens the question."""
    async with services.database.begin() as db:
        whom = await never_again.whom(db, move)
    await client.views_open(trigger_id=trigger, view=modal.never(name=whom.name, email=whom.email, move_id=str(move)))


def register(app: AsyncApp, services: Services) -> None:
    async def on_submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        view = body["view"]
        move = parse(view["private_metadata"])
        why = str(view["state"]["values"].get(ids.REASON, {}).get(ids.INPUT, {}).get("value") or "").strip()
        if not storable(why):
            await ack(response_action="errors", errors={ids.REASON: "There is a character in it that cannot be kept"})
            return
        async with services.database.begin() as db:
            await never_again.never_again(
                db, workspace_id=services.workspace, move=move, by=user_of(body), why=why, now=services.clock()
            )
        services.bell.ring("card", [move])
        await ack()

    app.view(ids.NEVER_VIEW)(on_submit)
