"""“Hand over” on a card: asks to whom, then the move is theirs."""

import asyncio
from typing import Any
from uuid import UUID

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.handlers.clicked import parse, user_of
from bot.services import Services
from bot.views import modal
from bot.views.text import plain, storable
from core import cards, handing_over, homes, workspace
from core.ports import Rejected, Unavailable, Unclear

ERROR_LIMIT = 200
ASKED_WITHIN_S = 1.5
"""Slack wants its answer within three."""


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
            # The one question to Slack in a listener: handed to a bot, the move would be nobody's.
            async with asyncio.timeout(ASKED_WITHIN_S):
                name, zone = await services.ports.messenger.member(to)
        except (TimeoutError, Rejected, Unavailable, Unclear) as no:
            said = str(no) or "Slack did not answer in time"
            await ack(response_action="errors", errors={ids.WHOM: plain(f"{said}; nothing was done", ERROR_LIMIT)})
            return
        try:
            async with services.database.begin() as db:
                await homes.touch(db, user, now=now)
                await workspace.ensure_member(db, workspace=services.workspace, user=to, name=name, zone=zone, now=now)
                told = await handing_over.hand_over(
                    db,
                    workspace_id=services.workspace,
                    move=parse(view["private_metadata"]),
                    to=to,
                    by=user,
                    why=why,
                    now=now,
                )
        except handing_over.CannotHandOver as no:
            await ack(response_action="errors", errors={ids.WHOM: plain(str(no), ERROR_LIMIT)})
            return
        services.bell.ring("effect", told)
        await ack()

    app.view(ids.HAND_OVER_VIEW)(on_submit)
