"""Execute: open the plan for editing; submitting it is the approval."""

from datetime import timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.handlers import rehearsing
from bot.handlers.clicked import move_of, parse, user_of
from bot.services import Services
from bot.views import editing
from bot.views.text import plain
from core import approval, queue, switch, telemetry, workspace
from core.actions.registry import ACTIONS
from core.telemetry import Event, Happened


def register(app: AsyncApp, services: Services) -> None:
    hold = timedelta(seconds=services.settings.hold_s)

    async def on_execute(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        move = move_of(body)
        async with services.database.begin() as db:
            row = await queue.get(db, move)
            name, proposed = await approval.proposed(db, move)
            zone = (await workspace.member(db, row.owner)).zone
            dry_run = (await switch.sending(db)).dry_run_by([row.owner, user_of(body)]) is not None
            telemetry.note(db, Happened(Event.RECOMMENDATION_VIEWED, move, "opened"))
        if row.state not in queue.UNDECIDED:
            raise queue.AlreadyDecided(row.state, row.decided_by)
        action = ACTIONS[name]
        params = action.params.model_validate(proposed)
        view = editing.form(action, params, move_id=str(move), hold=hold, zone=zone, dry_run=dry_run)
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    async def on_submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        move, values = parse(body["view"]["private_metadata"]), body["view"]["state"]["values"]
        try:
            async with services.database.begin() as db:
                row = await queue.get(db, move)
                name, proposed = await approval.proposed(db, move)
                zone = (await workspace.member(db, row.owner)).zone
                params = editing.read(ACTIONS[name], proposed, values, zone=zone)
                effects = await approval.approve(
                    db, move=move, params=params, by=user_of(body), hold=hold, now=services.clock()
                )
        except editing.Mistyped as mistyped:
            await ack(response_action="errors", errors=mistyped.errors)
            return
        except approval.PlanBlocked as blocked:
            first = next(iter(values), ids.TO)
            await ack(response_action="errors", errors={first: plain(str(blocked), editing.ERROR_LIMIT)})
            return
        except approval.OnlyRehearsed:
            await ack(response_action="update", view=await rehearsing.view_of(services, move=move, executed=params))
            return
        services.bell.ring("effect", effects[:1])
        await ack()

    app.action(ids.EXECUTE)(on_execute)
    app.view(ids.EXECUTE_VIEW)(on_submit)
