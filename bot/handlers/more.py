"""The three dots on a card: why its score is what it is, what would happen, and never again for this person."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.handlers import handing_over, never, rehearsing
from bot.handlers.clicked import NotOffered, choice_of, move_of
from bot.services import Services
from bot.views import modal
from core import cards, explaining, telemetry
from core.telemetry import Event, Happened


def register(app: AsyncApp, services: Services) -> None:
    async def on_more(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        if choice_of(body) == "why":
            move = move_of(body)
            async with services.database.begin() as db:
                card = await cards.card(db, move, services.clock())
                changes = await explaining.what_would_change(db, move, services.clock())
                telemetry.note(db, Happened(Event.RECOMMENDATION_VIEWED, move, "why"))
            view = modal.why(title=card.title, move_id=str(move), score=card.score, changes=changes)
            await client.views_open(trigger_id=body["trigger_id"], view=view)
        elif choice_of(body) == "preview":
            await rehearsing.show(services, client, move=move_of(body), trigger=body["trigger_id"])
        elif choice_of(body) == "hand_over":
            await handing_over.ask(services, client, move=move_of(body), trigger=body["trigger_id"])
        elif choice_of(body) == "never":
            await never.ask(services, client, move=move_of(body), trigger=body["trigger_id"])
        else:
            raise NotOffered(choice_of(body))
        await ack()

    app.action(ids.MORE)(on_more)
