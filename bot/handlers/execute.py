"""Execute: open the plan for editing; submitting it is the approval."""

from datetime import timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Row

from bot import ids
from bot.handlers import rehearsing
from bot.handlers.clicked import move_of, parse, user_of
from bot.services import Services
from bot.views import editing, leaving
from bot.views.text import plain
from core import approval, person, queue, switch, telemetry, workspace
from core.actions.registry import ACTIONS
from core.database import Db
from core.telemetry import Event, Happened


async def _read_in(db: Db, row: Row[Any]) -> dict[str, Any]:
    """Where and on which days the person reads, for when a mail leaves: the owner's zone where theirs is unknown."""
    zone = await person.zone_of(db, row.person_id) or (await workspace.member(db, row.owner)).zone
    return {"zone": zone, "days": (await workspace.settings(db)).guardrails.contact.working_days}


def register(app: AsyncApp, services: Services) -> None:
    hold = timedelta(seconds=services.settings.hold_s)

    async def on_execute(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        move = move_of(body)
        async with services.database.begin() as db:
            row = await queue.get(db, move)
            name, proposed = await approval.proposed(db, move)
            zone = (await workspace.member(db, row.owner)).zone
            read_in = await _read_in(db, row)
            dry_run = (await switch.sending(db)).dry_run_by([row.owner, user_of(body)]) is not None
            telemetry.note(db, Happened(Event.RECOMMENDATION_VIEWED, move, "opened"))
        if row.state not in queue.UNDECIDED:
            raise queue.AlreadyDecided(row.state, row.decided_by)
        action = ACTIONS[name]
        params = action.params.model_validate(proposed)
        asked = leaving.inputs(hold=hold, now=services.clock(), **read_in) if action.may_wait and not dry_run else []
        view = editing.form(action, params, move_id=str(move), hold=hold, zone=zone, dry_run=dry_run, leaving=asked)
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    async def on_submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        move, values = parse(body["view"]["private_metadata"]), body["view"]["state"]["values"]
        now = services.clock()
        try:
            async with services.database.begin() as db:
                row = await queue.get(db, move)
                name, proposed = await approval.proposed(db, move)
                zone = (await workspace.member(db, row.owner)).zone
                params = editing.read(ACTIONS[name], proposed, values, zone=zone)
                leaves_at = leaving.read(values, hold=hold, now=now, **(await _read_in(db, row)))
                effects = await approval.approve(
                    db, move=move, params=params, by=user_of(body), hold=leaves_at - now, now=now
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
