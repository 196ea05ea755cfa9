"""The elements of Block Kit: buttons, menus and inputs with Slack's limits."""

from typing import Any

from integrations.sandbox.slack.shapes import (
    Check,
    Place,
    boolean,
    integer,
    list_of,
    matching,
    number_text,
    one_of,
    shape,
    string,
    text,
)

ID = string(255)
DATE = matching(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date as YYYY-MM-DD")
TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:mm")
URL = matching(r"[a-z][a-z0-9+.-]*:[^\s]{1,2990}", "a URL")
USER = matching(r"[UW][A-Z0-9]{2,20}", "a user id")

CONFIRM = shape(
    {"title": text("plain_text", 100), "text": text("any", 300), "confirm": text("plain_text", 30)},
    {"deny": text("plain_text", 30), "style": one_of("primary", "danger")},
)
PLACEHOLDER = text("plain_text", 150)
DISPATCH = shape(
    {"trigger_actions_on": list_of(one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
)


def option(kind: str, *, url: bool = False) -> Check:
    extra = {"description": text(kind, 75), **({"url": URL} if url else {})}
    return shape({"text": text(kind, 75), "value": string(150)}, extra)


def _all_options(element: dict[str, Any]) -> list[Any]:
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(one for group in groups for one in group["options"])]


def _options_rule(element: dict[str, Any], place: Place) -> None:
    if ("options" in element) == ("option_groups" in element):
        place.wrong("exactly one of options and option_groups is required")
        return
    offered = _all_options(element)
    values = [one["value"] for one in offered]
    if len(set(values)) != len(values):
        place.wrong("option values must be unique")
    chosen = element.get("initial_options") or [one for one in [element.get("initial_option")] if one]
    for one in chosen:
        if one not in offered:
            place.wrong("initial option is not one of the options")


def _length_rule(element: dict[str, Any], place: Place) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if least > most:
        place.wrong("min_length is greater than max_length")
    if not least <= len(element.get("initial_value", "x" * least)) <= most:
        place.wrong("initial_value does not fit min_length and max_length")


def _number_rule(element: dict[str, Any], place: Place) -> None:
    if "min_value" in element and "max_value" in element and float(element["min_value"]) > float(element["max_value"]):
        place.wrong("min_value is greater than max_value")


def _focus(value: Any, place: Place) -> None:
    boolean(value, place)
    if value is True:
        place.problems.focused += 1
        if place.problems.focused > 1:
            place.wrong("only one element can have focus_on_load")


_GROUP = shape({"label": text("plain_text", 75), "options": list_of(option("plain_text"), 1, 100)})
_COMMON: dict[str, Check] = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": _focus}
_FIELD: dict[str, Check] = {
    "action_id": ID,
    "placeholder": PLACEHOLDER,
    "focus_on_load": _focus,
    "dispatch_action_config": DISPATCH,
}

ELEMENTS: dict[str, Check] = {
    "button": shape(
        {"text": text("plain_text", 75)},
        {
            "action_id": ID,
            "url": URL,
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
    ),
    "static_select": shape(
        {},
        {
            **_COMMON,
            "placeholder": PLACEHOLDER,
            "options": list_of(option("plain_text"), 1, 100),
            "option_groups": list_of(_GROUP, 1, 100),
            "initial_option": option("plain_text"),
        },
        rule=_options_rule,
    ),
    "overflow": shape(
        {"options": list_of(option("plain_text", url=True), 1, 5)},
        {"action_id": ID, "confirm": CONFIRM},
        rule=_options_rule,
    ),
    "checkboxes": shape(
        {"options": list_of(option("any"), 1, 10)},
        {**_COMMON, "initial_options": list_of(option("any"), 1, 10)},
        rule=_options_rule,
    ),
    "radio_buttons": shape(
        {"options": list_of(option("any"), 1, 10)}, {**_COMMON, "initial_option": option("any")}, rule=_options_rule
    ),
    "datepicker": shape({}, {**_COMMON, "placeholder": PLACEHOLDER, "initial_date": DATE}),
    "timepicker": shape({}, {**_COMMON, "placeholder": PLACEHOLDER, "initial_time": TIME, "timezone": string(100)}),
    "users_select": shape({}, {**_COMMON, "placeholder": PLACEHOLDER, "initial_user": USER}),
    "plain_text_input": shape(
        {},
        {
            **_FIELD,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        rule=_length_rule,
    ),
    "email_text_input": shape({}, {**_FIELD, "initial_value": string(3000)}),
    "url_text_input": shape({}, {**_FIELD, "initial_value": string(3000)}),
    "number_input": shape(
        {"is_decimal_allowed": boolean},
        {**_FIELD, "initial_value": number_text, "min_value": number_text, "max_value": number_text},
        rule=_number_rule,
    ),
    "image": shape({"image_url": URL, "alt_text": string(2000)}),
}

_PICKS = {"static_select", "checkboxes", "radio_buttons", "datepicker", "timepicker", "users_select"}
IN_ACTIONS = _PICKS | {"button", "overflow"}
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = _PICKS | {"plain_text_input", "email_text_input", "url_text_input", "number_input"}


def elements(names: set[str]) -> dict[str, Check]:
    return {name: ELEMENTS[name] for name in names}
