"""The values of inputs: what they are initially, what a person may enter, and how a payload says it."""

import math
import re
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.slack.blocks import interactive, nested
from integrations.sandbox.slack.errors import NotThere
from integrations.sandbox.slack.people import BOT_USER, PEOPLE

Element = dict[str, Any]
Typed = dict[str, dict[str, Any]]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://[^\s/]+\S*")
_MOMENTS = {
    "datepicker": ("selected_date", "%Y-%m-%d", "a date as YYYY-MM-DD"),
    "timepicker": ("selected_time", "%H:%M", "a time as HH:mm"),
}
_TEXT = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}


class Invalid(Exception):
    """Slack shows this beside the field and sends nothing."""


def fields(blocks: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[dict[str, Any], Element]]:
    """Every interactive element by (block_id, action_id), with its block."""
    shown = [one for block in blocks for one in nested(block)]
    return {(block["block_id"], one["action_id"]): (block, one) for block in shown for one in interactive(block)}


def state(blocks: list[dict[str, Any]], typed: Typed) -> dict[str, dict[str, Any]]:
    """`state.values`: every element that has a value, with what was typed or chosen, else its initial one."""
    values: dict[str, dict[str, Any]] = {}
    for (block_id, action_id), (_, element) in fields(blocks).items():
        if element["type"] in {"button", "overflow"}:
            continue
        given = typed.get(block_id, {})
        value = entered(element, given[action_id]) if action_id in given else initial(element)
        values.setdefault(block_id, {})[action_id] = {"type": element["type"], **value}
    return values


def initial(element: Element) -> dict[str, Any]:
    kind = element["type"]
    if kind in _TEXT:
        return {"value": element.get("initial_value")}
    if kind == "checkboxes":
        return {"selected_options": element.get("initial_options", [])}
    name = {"datepicker": "date", "timepicker": "time", "users_select": "user"}.get(kind, "option")
    return {f"selected_{name}": element.get(f"initial_{name}")}


def entered(element: Element, value: Any) -> dict[str, Any]:
    """The value as payloads carry it; Invalid when Slack's own fields would not take it."""
    kind = element["type"]
    if value in (None, "", []):
        return {name: [] if name == "selected_options" else None for name in initial(element)}
    if kind in _TEXT:
        return {"value": _text(element, value)}
    if kind == "checkboxes":
        if not isinstance(value, list):
            value = [value]
        return {"selected_options": [option(element, one) for one in value]}
    if kind in _MOMENTS:
        return _moment(kind, str(value))
    if kind == "users_select":
        if value not in PEOPLE and value != BOT_USER:
            raise Invalid(f"There is no user {value}.")
        return {"selected_user": value}
    return {"selected_option": option(element, value)}


def option(element: Element, value: Any) -> dict[str, Any]:
    """The option with this value; Invalid when it is not offered."""
    groups = element.get("option_groups", [])
    offered = [*element.get("options", []), *(one for group in groups for one in group["options"])]
    found: dict[str, Any] | None = next((one for one in offered if one["value"] == value), None)
    if found is None:
        raise Invalid(f"{value} is not one of {', '.join(one['value'] for one in offered)}.")
    return found


def is_empty(value: dict[str, Any]) -> bool:
    return all(inner in (None, "", []) for name, inner in value.items() if name != "type")


def complaints(blocks: list[dict[str, Any]], typed: Typed) -> dict[str, str]:
    """What Slack itself would say beside each input block before it sends anything; empty when all may go."""
    known = fields(blocks)
    found: dict[str, str] = {}
    for (block_id, action_id), (block, element) in known.items():
        given = typed.get(block_id, {})
        try:
            value = entered(element, given[action_id]) if action_id in given else initial(element)
        except Invalid as invalid:
            found[block_id] = str(invalid)
            continue
        if block["type"] == "input" and not block.get("optional") and is_empty(value):
            found[block_id] = "Please complete this required field."
    return found


def still_valid(blocks: list[dict[str, Any]], typed: Typed) -> Typed:
    """Those of the typed values that fit the fields of these blocks."""
    kept: Typed = {}
    for (block_id, action_id), (_, element) in fields(blocks).items():
        if action_id not in typed.get(block_id, {}):
            continue
        try:
            entered(element, typed[block_id][action_id])
        except Invalid:
            continue
        kept.setdefault(block_id, {})[action_id] = typed[block_id][action_id]
    return kept


def refuse_unknown(blocks: list[dict[str, Any]], typed: Any) -> Typed:
    """The typed values; NotThere when one names a field that the view does not have."""
    if not isinstance(typed, dict) or not all(isinstance(one, dict) for one in typed.values()):
        raise NotThere("bad_values", "values is {block_id: {action_id: value}}", field="values", status=400)
    known = fields(blocks)
    for block_id, inner in typed.items():
        for action_id in inner:
            if (block_id, action_id) not in known:
                raise NotThere("no_such_field", f"there is no field {block_id}/{action_id} in the view", field=block_id)
    return typed


def _text(element: Element, value: Any) -> str:
    text = str(value)
    if element["type"] == "email_text_input" and not _EMAIL.fullmatch(text):
        raise Invalid("Enter an email address.")
    if element["type"] == "url_text_input" and not _URL.fullmatch(text):
        raise Invalid("Enter a web address.")
    if element["type"] == "number_input":
        return _number(element, text)
    if len(text) < element.get("min_length", 0):
        raise Invalid(f"Enter at least {element['min_length']} characters.")
    if len(text) > element.get("max_length", 3000):
        raise Invalid(f"Enter at most {element.get('max_length', 3000)} characters.")
    return text


def _number(element: Element, text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        raise Invalid("Enter a number.") from None
    if not math.isfinite(number) or (not element["is_decimal_allowed"] and not number.is_integer()):
        raise Invalid("Enter a whole number.")
    if number < float(element.get("min_value", "-inf")) or number > float(element.get("max_value", "inf")):
        raise Invalid(f"Enter a number from {element.get('min_value', '')} to {element.get('max_value', '')}.")
    return text


def _moment(kind: str, text: str) -> dict[str, Any]:
    name, form, wanted = _MOMENTS[kind]
    try:
        same = datetime.strptime(text, form).replace(tzinfo=UTC).strftime(form) == text
    except ValueError:
        same = False
    if not same:
        raise Invalid(f"Enter {wanted}.")
    return {name: text}
