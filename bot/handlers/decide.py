"""The other presses on a card: snooze, dismiss, undo, and a person's word on what could not be read back."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import ids
from bot.handlers.clicked import NotOffered, choice_of, delivery_of, move_of, user_of
from bot.services import Services
from bot.views.card import DISMISSALS, UNTIL_REPLY
from core import approval, inbox, queue, undoing, workspace
from core.database import Db

MORNING = time(9)
IN_TWO_HOURS = "two_hours"
REPLY_AT_THE_LATEST = timedelta(days=14)
"""So long a move waits for a reply; then it comes back without one."""


def snoozed_until(choice: str, *, zone: str, now: datetime, morning: time = MORNING) -> datetime:
    """When a snooze ends, in the owner's zone; `morning` is when their list comes. Raises NotOffered."""
    if choice == IN_TWO_HOURS:
        return now + timedelta(hours=2)
    if choice == UNTIL_REPLY:
        return now + REPLY_AT_THE_LATEST
    today = now.astimezone(ZoneInfo(zone)).date()
    days = {"tomorrow": 1, "next_week": 7 - today.weekday()}
    if choice not in days:
        raise NotOffered(f"no such snooze: {choice}")
    begins = datetime.combine(today + timedelta(days=days[choice]), morning, tzinfo=ZoneInfo(zone))
    return begins.astimezone(UTC)


async def snooze_ends(db: Db, choice: str, *, user: str, now: datetime) -> datetime:
    """The same for a member, whose morning begins with their list, so that what was put off until then is on it."""
    zone, morning = (await workspace.member(db, user)).zone, None
    if choice not in {IN_TWO_HOURS, UNTIL_REPLY}:
        morning = (await workspace.digest_of(db, user))[0].at
    return snoozed_until(choice, zone=zone, now=now, morning=morning or MORNING)


def register(app: AsyncApp, services: Services) -> None:
    async def _first(db: Db, body: dict[str, Any]) -> bool:
        return await inbox.take(db, delivery_of(body), workspace=services.workspace, now=services.clock())

    async def on_snooze(ack: AsyncAck, body: dict[str, Any]) -> Any:
        user, now, move = user_of(body), services.clock(), move_of(body)
        async with services.database.begin() as db:
            if not await _first(db, body):
                return await ack()
            choice = choice_of(body)
            until = await snooze_ends(db, choice, user=user, now=now)
            await queue.snooze(db, move, until=until, by=user, now=now, wakes_on_reply=choice == UNTIL_REPLY)
        services.bell.ring("card", [move])
        await ack()

    async def on_dismiss(ack: AsyncAck, body: dict[str, Any]) -> Any:
        reason, move = choice_of(body), move_of(body)
        if reason not in DISMISSALS:
            raise NotOffered(f"no such reason: {reason}")
        async with services.database.begin() as db:
            if not await _first(db, body):
                return await ack()
            await queue.dismiss(db, move, reason=reason, by=user_of(body), now=services.clock())
        services.bell.ring("card", [move])
        await ack()

    async def on_undo(ack: AsyncAck, body: dict[str, Any]) -> Any:
        move = move_of(body)
        async with services.database.begin() as db:
            if not await _first(db, body):
                return await ack()
            await undoing.undo(db, move=move, by=user_of(body), now=services.clock())
        services.bell.ring("card", [move])
        await ack()

    async def on_word(ack: AsyncAck, body: dict[str, Any]) -> Any:
        choice = {ids.SAYS_SENT: "sent", ids.SAYS_AGAIN: "again", ids.SAYS_DROP: "drop"}[
            body["actions"][0]["action_id"]
        ]
        move = move_of(body)
        async with services.database.begin() as db:
            if not await _first(db, body):
                return await ack()
            await approval.decide(db, move=move, choice=choice, by=user_of(body), now=services.clock())
        services.bell.ring("card", [move])
        await ack()

    app.action(ids.SNOOZE)(on_snooze)
    app.action(ids.DISMISS)(on_dismiss)
    app.action(ids.UNDO)(on_undo)
    for word in (ids.SAYS_SENT, ids.SAYS_AGAIN, ids.SAYS_DROP):
        app.action(word)(on_word)
