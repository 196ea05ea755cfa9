"""App Home: what waits for the person who opens it."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.services import Services
from bot.views import modal, switch_line
from bot.views.text import outside
from core import scoring, switch

log = logging.getLogger(__name__)


def register(app: AsyncApp, services: Services) -> None:
    async def on_opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event.get("tab") not in {None, "home"}:
            return
        async with services.database.begin() as db:
            rows = await scoring.ranked(db, services.clock(), owner=event["user"])
            found = await switch.sending(db)
        lines = ["*Today*"] if rows else ["*Today*\nNothing is worth your time right now. Enjoy it."]
        if dry := switch_line.dry_run(found, event["user"]):
            lines.insert(0, f"*{dry}*")
        if found.paused:
            lines.insert(0, f"*Nothing leaves*: {switch_line.paused(found)}")
        lines += [f"{n}  {outside(row.title, 150)}   `{row.score.aps}`" for n, row in enumerate(rows, start=1)]
        try:
            await client.views_publish(user_id=event["user"], view=modal.home(lines))
        except SlackApiError as refused:
            # Drawn anew whenever somebody opens it: nothing is gained by letting Slack repeat the event.
            log.warning("App Home was not shown", extra={"slack": refused.response["error"]})

    async def on_message() -> None:
        """People may write to the app; it answers to `/moves` alone."""

    app.event("app_home_opened")(on_opened)
    app.event("message")(on_message)
