"""The form in which a member chooses when their list comes, and what was chosen read back."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from pydantic import ValidationError
from slack_sdk.models.blocks import (
    CheckboxesElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    TimePickerElement,
)
from slack_sdk.models.views import View

from bot import ids
from bot.views.home import DAYS
from bot.views.text import plain
from core.digest_settings import DigestSettings

AT, WEEKDAYS, HOLIDAYS = "digest_at", "digest_days", "digest_holidays"
REGION_LIMIT = 20


class Mistyped(Exception):
    """What was chosen cannot be: a sentence for each input, by block id."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def form(chosen: DigestSettings, zone: str) -> View:
    options = {day: Option(value=str(day), text=name) for day, name in DAYS.items()}
    at = TimePickerElement(action_id=ids.INPUT, initial_time=f"{chosen.at:%H:%M}" if chosen.at else None)
    days = CheckboxesElement(
        action_id=ids.INPUT,
        options=list(options.values()),
        initial_options=[options[day] for day in sorted(chosen.days)] or None,
    )
    region = PlainTextInputElement(
        action_id=ids.INPUT, initial_value=chosen.holidays or None, max_length=REGION_LIMIT, placeholder="GB, or DE-BY"
    )
    hint = f"On your clock, {plain(zone, 60)} time. Empty: only when you ask for it."
    return View(
        type="modal",
        callback_id=ids.DIGEST_VIEW,
        title="Today's Moves",
        submit="Save",
        close="Cancel",
        blocks=[
            InputBlock(block_id=AT, label="When your list comes", element=at, hint=hint, optional=True),
            InputBlock(block_id=WEEKDAYS, label="On which days", element=days, optional=True),
            InputBlock(
                block_id=HOLIDAYS,
                label="Whose public holidays are days off",
                element=region,
                hint="A country, or a part of one. Empty: none.",
                optional=True,
            ),
        ],
    )


def read(values: Mapping[str, Any]) -> DigestSettings:
    """Raises Mistyped."""
    given = {name: values.get(name, {}).get(ids.INPUT, {}) for name in (AT, WEEKDAYS, HOLIDAYS)}
    at = given[AT].get("selected_time")
    days = frozenset(int(one["value"]) for one in given[WEEKDAYS].get("selected_options") or ())
    region = str(given[HOLIDAYS].get("value") or "").strip().upper()
    try:
        return DigestSettings(at=time.fromisoformat(at) if at else None, days=days, holidays=region)
    except ValidationError as wrong:
        said = str(wrong.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Mistyped({HOLIDAYS: plain(said, 200)}) from None
