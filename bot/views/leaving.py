"""The part of the approval form in which its approver says when it leaves, and what was chosen read back."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block, InputBlock, Option, PlainTextInputElement, StaticSelectElement

from bot import ids
from bot.views.editing import MOMENT_LIKE, Mistyped, moment
from bot.views.text import plain
from core.leaving import When, leaves_at

MOMENT_LIMIT = 40


def inputs(*, hold: timedelta, zone: str, days: Collection[int], now: datetime) -> list[Block]:
    """`zone` is the reader's, or the owner's where nobody knows that."""
    morning = leaves_at(When.NEXT_MORNING, hold=hold, zone=zone, days=days, now=now).astimezone(ZoneInfo(zone))
    offered = {
        When.AFTER_HOLD: f"{int(hold.total_seconds())} s from now, with Undo until then",
        When.TWO_HOURS: "in two hours",
        When.NEXT_MORNING: f"{morning:%A} at {morning:%H:%M} where they are",
        When.OWN_TIME: "at the time below",
    }
    options = [Option(value=value, text=plain(words, 75)) for value, words in offered.items()]
    when = StaticSelectElement(action_id=ids.INPUT, options=options, initial_option=options[0])
    own = PlainTextInputElement(action_id=ids.INPUT, max_length=MOMENT_LIMIT, placeholder=MOMENT_LIKE)
    return [
        InputBlock(block_id=ids.LEAVES, label="When it leaves", element=when),
        InputBlock(
            block_id=ids.LEAVES_AT,
            label=f"A time of your own, {plain(zone, 60)} time, like {MOMENT_LIKE}",
            element=own,
            optional=True,
        ),
    ]


def read(values: Mapping[str, Any], *, hold: timedelta, zone: str, days: Collection[int], now: datetime) -> datetime:
    """When it leaves, in UTC; after the hold where the form did not ask. Raises Mistyped."""
    chosen = (values.get(ids.LEAVES, {}).get(ids.INPUT, {}).get("selected_option") or {}).get("value")
    typed = str(values.get(ids.LEAVES_AT, {}).get(ids.INPUT, {}).get("value") or "").strip()
    when = When.OWN_TIME if typed else When(chosen or When.AFTER_HOLD)
    try:
        own = moment(typed, zone) if typed else None
        return leaves_at(when, hold=hold, zone=zone, days=days, now=now, own=own)
    except ValueError as wrong:
        raise Mistyped({ids.LEAVES_AT: str(wrong)}) from None
