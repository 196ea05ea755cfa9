"""Execute: open the mail for editing; submitting it is the approval."""

from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import ids
from bot.handlers.clicked import move_of, parse, user_of
from bot.services import Services
from bot.views import modal
from bot.views.text import plain, storable
from core import address, approval, queue
from core.actions.send_email import SendEmail

UNSTORABLE = "There is a character in it that no mail can carry: type the text anew"


def register(app: AsyncApp, services: Services) -> None:
    hold = timedelta(seconds=services.settings.hold_s)

    async def on_execute(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        move = move_of(body)
        async with services.database.begin() as db:
            row = await queue.get(db, move)
            _, params = await approval.proposed(db, move)
        if row.state not in queue.UNDECIDED:
            raise queue.AlreadyDecided(row.state, row.decided_by)
        view = modal.edit_mail(move_id=str(move), mail=SendEmail.model_validate(params), hold=hold)
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    async def on_submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        move, values = parse(body["view"]["private_metadata"]), body["view"]["state"]["values"]
        given = {block: _text(values, block) for block in (ids.TO, ids.SUBJECT, ids.BODY)}
        if errors := _errors(given):
            await ack(response_action="errors", errors=errors)
            return
        try:
            async with services.database.begin() as db:
                _, proposed = await approval.proposed(db, move)
                params = {
                    **proposed,
                    "to": _addresses(given[ids.TO]),
                    "subject": given[ids.SUBJECT].strip(),
                    "body": given[ids.BODY],
                }
                effects = await approval.approve(
                    db, move=move, params=params, by=user_of(body), hold=hold, now=services.clock()
                )
        except approval.PlanBlocked as blocked:
            await ack(response_action="errors", errors={ids.TO: plain(str(blocked), 200)})
            return
        except ValidationError as wrong:
            field = {"to": ids.TO, "subject": ids.SUBJECT}.get(str(wrong.errors()[0]["loc"][0]), ids.BODY)
            await ack(response_action="errors", errors={field: wrong.errors()[0]["msg"]})
            return
        services.bell.ring("effect", effects[:1])
        await ack()

    app.action(ids.EXECUTE)(on_execute)
    app.view(ids.EXECUTE_VIEW)(on_submit)


def _text(values: dict[str, Any], block: str) -> str:
    return str(values.get(block, {}).get(ids.INPUT, {}).get("value") or "")


def _addresses(given: str) -> list[str]:
    return [one.strip() for one in given.replace(";", ",").split(",") if one.strip()]


def _errors(given: dict[str, str]) -> dict[str, str]:
    """Block by block, what keeps this mail from leaving."""
    errors = {}
    wrong = [one for one in _addresses(given[ids.TO]) if address.parse(one) is None]
    if wrong:
        errors[ids.TO] = plain(f"{wrong[0]} is not an address that mail can reach", 200)
    elif not _addresses(given[ids.TO]):
        errors[ids.TO] = "Give at least one address"
    if not given[ids.SUBJECT].strip():
        errors[ids.SUBJECT] = "A mail without a subject looks like spam: give it one"
    if not given[ids.BODY].strip():
        errors[ids.BODY] = "There is nothing to send yet"
    return errors | {block: UNSTORABLE for block, text in given.items() if not storable(text)}
