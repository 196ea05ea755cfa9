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
    """`zone` is the reader's, or the owner's where nobody knows that.

    The morning is offered as the instant that is shown: a form that is submitted after midnight means no other one.
    """
    morning = leaves_at(When.NEXT_MORNING, hold=hold, zone=zone, days=days, now=now)
    shown = f"{morning.astimezone(ZoneInfo(zone)):%A at %H:%M}"
    offered = {
        When.AFTER_HOLD: f"{int(hold.total_seconds())} s from now, with Undo until then",
        When.TWO_HOURS: "in two hours",
        morning.isoformat(): f"{shown}, {zone} time",
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
            hint="What is written here counts, whatever is chosen above.",
            optional=True,
        ),
    ]


def read(values: Mapping[str, Any], *, hold: timedelta, zone: str, days: Collection[int], now: datetime) -> datetime:
    """When it leaves, in UTC; after the hold where the form did not ask. Raises Mistyped."""
    chosen = (values.get(ids.LEAVES, {}).get(ids.INPUT, {}).get("selected_option") or {}).get("value")
    typed = str(values.get(ids.LEAVES_AT, {}).get(ids.INPUT, {}).get("value") or "").strip()
    try:
        when, own = _chosen(chosen or When.AFTER_HOLD, typed, zone)
        return leaves_at(when, hold=hold, zone=zone, days=days, now=now, own=own)
    except ValueError as wrong:
        raise Mistyped({ids.LEAVES_AT: str(wrong)}) from None


def _chosen(chosen: str, typed: str, zone: str) -> tuple[When, datetime | None]:
    """What was chosen, and the instant where it names one. Raises ValueError."""
    if typed:
        return When.OWN_TIME, moment(typed, zone)
    if chosen in set(When):
        return When(chosen), None
    return When.OWN_TIME, datetime.fromisoformat(chosen)
