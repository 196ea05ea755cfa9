"""Refuse the blocks that Slack would refuse, and fill in what Slack fills in."""

import copy
import json
import secrets
from typing import Any

from integrations.sandbox.slack.cards import CARD, CAROUSEL
from integrations.sandbox.slack.charts import DATA_VISUALIZATION
from integrations.sandbox.slack.elements import ELEMENTS, ID, IN_ACTIONS, IN_INPUT, IN_SECTION, URL, elements
from integrations.sandbox.slack.rich_text import RICH_TEXT_PARTS
from integrations.sandbox.slack.shapes import Check, Place, Problems, boolean, by_type, list_of, shape, string, text
from integrations.sandbox.slack.tables import DATA_TABLE, TABLE

Block = dict[str, Any]

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_IN_ALL = 12_000
VIEW_BYTES = 250_000

_EVERYWHERE = {"section", "actions", "context", "header", "divider", "image", "rich_text", "card"}
_WIDE = {"table", "data_table", "data_visualization", "carousel"}
ON_SURFACE = {
    "message": _EVERYWHERE | _WIDE | {"markdown"},
    "modal": _EVERYWHERE | {"input"},
    "home": _EVERYWHERE | _WIDE | {"input"},
}
NEWEST = {"card", "carousel", "data_table", "data_visualization"}
"""New in 2026; a workspace may not have them yet."""
MOST_OF_A_KIND = {"table": 1, "data_visualization": 2}


def _section_rule(block: Block, place: Place) -> None:
    if "text" not in block and "fields" not in block:
        place.wrong("missing required field: text or fields")


def _input_rule(block: Block, place: Place) -> None:
    dispatching = block.get("dispatch_action") is True
    if not dispatching and "dispatch_action_config" in block["element"]:
        place.at("element").wrong("dispatch_action_config needs dispatch_action on the block")


BLOCKS: dict[str, Check] = {
    "section": shape(
        {},
        {
            "block_id": ID,
            "text": text("any", 3000),
            "fields": list_of(text("any", 2000), 1, 10),
            "accessory": by_type(elements(IN_SECTION), "accessory"),
            "expand": boolean,
        },
        rule=_section_rule,
    ),
    "actions": shape({"elements": list_of(by_type(elements(IN_ACTIONS), "actions"), 1, 25)}, {"block_id": ID}),
    "context": shape(
        {
            "elements": list_of(
                by_type(
                    {
                        "image": ELEMENTS["image"],
                        "plain_text": text("any", 3000),
                        "mrkdwn": text("any", 3000),
                    },
                    "context",
                ),
                1,
                10,
            )
        },
        {"block_id": ID},
    ),
    "header": shape({"text": text("plain_text", 150)}, {"block_id": ID}),
    "divider": shape({}, {"block_id": ID}),
    "image": shape({"image_url": URL, "alt_text": string(2000)}, {"title": text("plain_text", 2000), "block_id": ID}),
    "input": shape(
        {"label": text("plain_text", 2000), "element": by_type(elements(IN_INPUT), "input")},
        {"block_id": ID, "hint": text("plain_text", 2000), "optional": boolean, "dispatch_action": boolean},
        rule=_input_rule,
    ),
    "rich_text": shape({"elements": list_of(by_type(RICH_TEXT_PARTS, "rich_text"), 1, 100)}, {"block_id": ID}),
    "markdown": shape({"text": string(MARKDOWN_IN_ALL)}, {"block_id": ID}),
    "table": TABLE,
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "card": CARD,
    "carousel": CAROUSEL,
}


def problems(blocks: Any, surface: str, pointer: str = "/blocks", *, newest: bool = True) -> list[str]:
    """Everything wrong with these blocks on a `message`, `modal` or `home`, in Slack's words; empty when sound.

    `newest` is whether the workspace has the blocks of this year.
    """
    found = Problems()
    place = Place(pointer, found)
    known = {name: BLOCKS[name] for name in ON_SURFACE[surface] if newest or name not in NEWEST}
    list_of(by_type(known, f"not allowed on a {surface}"), 0, MOST_BLOCKS[surface])(blocks, place)
    if not found.messages:
        _across(blocks, place)
    return found.messages


def interactive(block: Block) -> list[dict[str, Any]]:
    """The elements of a block that carry an action_id."""
    candidates = [
        *block.get("elements", []),
        *block.get("actions", []),
        block.get("accessory"),
        block.get("element"),
    ]
    names = IN_ACTIONS | IN_INPUT
    return [one for one in candidates if isinstance(one, dict) and one.get("type") in names]


def nested(block: Block) -> list[Block]:
    """The block, and the cards of a carousel with it: each has an id and buttons of its own."""
    return [block, *block["elements"]] if block["type"] == "carousel" else [block]


def _across(blocks: list[Block], place: Place) -> None:
    placed = [(index, each) for index, block in enumerate(blocks) for each in nested(block)]
    block_ids = [each["block_id"] for _, each in placed if "block_id" in each]
    for index, block in placed:
        if block_ids.count(block.get("block_id", "")) > 1:
            place.at(index).wrong(f"block_id already exists: {block['block_id']}")
        action_ids = [one["action_id"] for one in interactive(block) if "action_id" in one]
        for action_id in sorted({one for one in action_ids if action_ids.count(one) > 1}):
            place.at(index).wrong(f"action_id already exists: {action_id}")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_IN_ALL:
        place.wrong(f"markdown blocks must be less than {MARKDOWN_IN_ALL + 1} characters in all")
    for kind, most in MOST_OF_A_KIND.items():
        if sum(block["type"] == kind for block in blocks) > most:
            place.wrong(f"no more than {most} {kind} allowed")


_MODAL_FIELDS: dict[str, Check] = {
    "submit": text("plain_text", 24),
    "close": text("plain_text", 24),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
    "submit_disabled": boolean,
}
_VIEW_FIELDS: dict[str, Check] = {
    "blocks": lambda _value, _place: None,
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_MODAL = shape({"title": text("plain_text", 24), "blocks": _VIEW_FIELDS["blocks"]}, {**_VIEW_FIELDS, **_MODAL_FIELDS})
_HOME = shape({"blocks": _VIEW_FIELDS["blocks"]}, _VIEW_FIELDS)


def view_problems(view: Any, kind: str, *, newest: bool = True) -> list[str]:
    """Everything wrong with a view that must be of this kind, `modal` or `home`."""
    found = Problems()
    place = Place("/view", found)
    by_type({kind: _MODAL if kind == "modal" else _HOME}, f"a {kind} is needed")(view, place)
    if found.messages:
        return found.messages
    messages = problems(view["blocks"], kind, "/view/blocks", newest=newest)
    if messages:
        return messages
    if kind == "modal" and "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        place.at("submit").wrong("missing required field: submit, as there are input blocks")
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        place.wrong("view is too large")
    return found.messages


def completed(blocks: list[Block]) -> list[Block]:
    """A copy with what Slack adds: ids where none were given, `emoji` and `verbatim` on text objects."""
    copied = copy.deepcopy(blocks)
    for block in [each for outer in copied for each in nested(outer)]:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in interactive(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
        if block["type"] == "input":
            block.setdefault("optional", False)
            block.setdefault("dispatch_action", False)
        if block["type"] not in {"rich_text", "markdown", "table", "data_table", "data_visualization", "carousel"}:
            _complete_texts(block)
    return copied


def _complete_texts(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _complete_texts(one)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text" and isinstance(value.get("text"), str):
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        else:
            for one in value.values():
                _complete_texts(one)
