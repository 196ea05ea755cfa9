"""What a member chooses on the settings tab of App Home: when their list comes, a dry run, and the kill switch."""

from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.handlers.clicked import user_of
from bot.handlers.home import press
from bot.services import Services
from bot.views import digest_settings
from core import dry_run, execution, homes, switch, workspace
from core.database import Db
from core.guardrails import KILL_SWITCH


async def _begin_dry_run(db: Db, user: str, now: datetime) -> None:
    await dry_run.begin(db, whose=user, by=user, now=now)


async def _end_dry_run(db: Db, user: str, now: datetime) -> None:
    await dry_run.end(db, whose=user, by=user, now=now)


async def _pause(db: Db, user: str, now: datetime) -> None:
    await switch.pause(db, by=user, reason="from App Home", now=now)


async def _resume(db: Db, user: str, now: datetime) -> None:
    await switch.resume(db, by=user, now=now)
    await execution.unblock(db, KILL_SWITCH, now)


def register(app: AsyncApp, services: Services) -> None:
    async def on_digest(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        async with services.database.begin() as db:
            chosen, _ = await workspace.digest_of(db, user_of(body))
            zone = (await workspace.member(db, user_of(body))).zone
        await client.views_open(trigger_id=body["trigger_id"], view=digest_settings.form(chosen, zone))
        await ack()

    async def on_chosen(ack: AsyncAck, body: dict[str, Any]) -> None:
        user, now = user_of(body), services.clock()
        try:
            chosen = digest_settings.read(body["view"]["state"]["values"])
        except digest_settings.Mistyped as mistyped:
            await ack(response_action="errors", errors=mistyped.errors)
            return
        async with services.database.begin() as db:
            await workspace.choose_digest(db, user, chosen, now=now)
            home = await homes.touch(db, user, now=now)
        services.bell.ring("home", [home] if home else [])
        await ack()

    presses = {
        ids.HOME_DRY_RUN_ON: _begin_dry_run,
        ids.HOME_DRY_RUN_OFF: _end_dry_run,
        ids.HOME_PAUSE: _pause,
        ids.HOME_RESUME: _resume,
    }
    for action, change in presses.items():
        app.action(action)(press(services, change))
    app.action(ids.HOME_DIGEST)(on_digest)
    app.view(ids.DIGEST_VIEW)(on_chosen)
