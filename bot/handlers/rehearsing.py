"""A dry run on demand: the modal opens at once and says what would happen as soon as that has been read."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.services import Services
from bot.views import modal
from core import rehearsal

READ_WITHIN_S = 1.5
"""Slack waits 3 s for the press to be acknowledged, and both the opening and the filling of the modal need some."""


async def show(services: Services, client: AsyncWebClient, *, move: UUID, trigger: str) -> None:
    opened = await client.views_open(trigger_id=trigger, view=modal.preparing())
    await client.views_update(view_id=opened["view"]["id"], view=await view_of(services, move=move))


async def view_of(services: Services, *, move: UUID, executed: Mapping[str, Any] | None = None) -> View:
    """`executed`: what was submitted instead of being approved, because a dry run is on."""
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            found = await rehearsal.rehearse(
                services.database, services.ports, move=move, params=executed, now=services.clock()
            )
    except TimeoutError:
        return modal.word("Dry run", "The services did not answer in time. Nothing was done; try again.")
    return modal.rehearsal(found, executed=executed is not None)
