"""The form in which a plan is approved: every editable parameter of any action as an input, and what was typed read back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from slack_sdk.models.blocks import Block, ContextBlock, InputBlock, PlainTextInputElement, SectionBlock
from slack_sdk.models.views import View

from bot import ids
from bot.views.text import CONTEXT_LIMIT, clip, markdown, outside, plain, storable
from core import address
from core.plan import Action, Editable

MOMENT = "%Y-%m-%d %H:%M"
MOMENT_LIKE = "2026-11-26 15:00"
ERROR_LIMIT = 200
SHOWN_OF_LONG_TEXT = 600
REHEARSES = "*A dry run is on*: this shows what would happen, and nothing leaves."
UNSTORABLE = "There is a character in it that cannot be kept: type the text anew"


class Mistyped(Exception):
    """What was typed cannot be approved: a sentence for each input, by block id."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


def form(
    action: Action[Any],
    params: BaseModel,
    *,
    move_id: str,
    hold: timedelta,
    zone: str,
    dry_run: bool = False,
    leaving: Sequence[Block] = (),
) -> View:
    """The plan as it would be carried out, every word open to change. Submitting is the approval, but in a dry run.

    `leaving` are the inputs for when it leaves.
    """
    promise = REHEARSES if dry_run else action.words.promise.format(hold=int(hold.total_seconds()))
    blocks: list[Block] = [_block(name, how, getattr(params, name), zone) for name, how in _inputs(params)]
    for label, value in _fixed(action, params):
        blocks.append(ContextBlock(elements=[markdown(f"*{outside(label, 80)}*: {outside(value, 300)}")]))
    blocks += leaving
    blocks.append(ContextBlock(elements=[markdown(clip(promise, CONTEXT_LIMIT))]))
    return View(
        type="modal",
        callback_id=ids.EXECUTE_VIEW,
        private_metadata=move_id,
        title=action.words.title,
        submit="Dry run" if dry_run else action.words.submit,
        close="Cancel",
        blocks=blocks,
    )


def read(action: Action[Any], proposed: Mapping[str, Any], values: Mapping[str, Any], *, zone: str) -> dict[str, Any]:
    """The parameters as they were submitted, ready to be stored. Raises Mistyped."""
    params = action.params.model_validate(proposed)
    given: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, how in _inputs(params):
        if name not in values:
            continue  # too long for a form: it stays as it was drafted
        typed = str(values[name].get(ids.INPUT, {}).get("value") or "")
        try:
            given[name] = _parsed(typed, how, zone)
        except ValueError as wrong:
            errors[name] = plain(str(wrong), ERROR_LIMIT)
    if errors:
        raise Mistyped(errors)
    try:
        whole = action.params.model_validate({**proposed, **given})
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else ""
        raise Mistyped({where if where in given else first_input(params): plain(first["msg"], ERROR_LIMIT)}) from wrong
    dumped: dict[str, Any] = whole.model_dump(mode="json")
    return dumped


def first_input(params: BaseModel) -> str:
    """Where an error is shown that belongs to no single input."""
    return next(name for name, _ in _inputs(params))


def _inputs(params: BaseModel) -> Iterator[tuple[str, Editable]]:
    for name, field in type(params).model_fields.items():
        how = next((one for one in field.metadata if isinstance(one, Editable)), None)
        if how is not None and getattr(params, name) is not None:
            yield name, how


def _fixed(action: Action[Any], params: BaseModel) -> list[tuple[str, str]]:
    """What leaves as well and cannot be changed here; what an input shows is left out."""
    shown = {_shown(getattr(params, name), how, "UTC") for name, how in _inputs(params)}
    editable = {how.label for _, how in _inputs(params)}
    return [
        (label, value)
        for label, value in action.plan(params).exact
        if label in ("Channel", "contact", "deal", "When", "In reply to")
        and label not in editable
        and value not in shown
    ]


def _block(name: str, how: Editable, value: Any, zone: str) -> Block:
    shown = _shown(value, how, zone)
    if len(shown) > how.limit:
        return SectionBlock(
            text=markdown(
                f"*{how.label}* has {len(shown)} characters, more than a form holds. It goes out as drafted:\n"
                f"{outside(shown, SHOWN_OF_LONG_TEXT)}"
            )
        )
    label = f"{how.label}, {zone} time, like {MOMENT_LIKE}" if how.kind == "moment" else how.label
    element = PlainTextInputElement(
        action_id=ids.INPUT, initial_value=shown or None, multiline=how.kind == "text", max_length=how.limit
    )
    return InputBlock(block_id=name, label=label, element=element, optional=not how.empty)


def _shown(value: Any, how: Editable, zone: str) -> str:
    if how.kind == "addresses":
        return ", ".join(value)
    if how.kind == "moment":
        return f"{value.astimezone(ZoneInfo(zone)):{MOMENT}}"
    return str(value) if how.kind == "text" else plain(str(value), how.limit)


def _parsed(typed: str, how: Editable, zone: str) -> Any:
    if not storable(typed):
        raise ValueError(UNSTORABLE)
    if how.empty and not typed.strip():
        raise ValueError(how.empty)
    match how.kind:
        case "addresses":
            return _addresses(typed, how)
        case "moment":
            return moment(typed, zone).isoformat()
        case "line":
            return typed.strip()
        case "text":
            return typed


def _addresses(typed: str, how: Editable) -> list[str]:
    given = [one.strip() for one in typed.replace(";", ",").split(",") if one.strip()]
    if not given:
        raise ValueError(how.empty)
    for one in given:
        if address.parse(one) is None:
            raise ValueError(f"{one} is not an address that mail can reach")
    return given


def moment(typed: str, zone: str) -> datetime:
    """A day and a time on that zone's clock, in UTC. Raises ValueError with a sentence for who typed it."""
    try:
        local = datetime.strptime(" ".join(typed.replace("T", " ").split()), MOMENT).replace(tzinfo=ZoneInfo(zone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"Write the day and the time like {MOMENT_LIKE}") from None
