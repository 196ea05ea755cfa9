"""The card and carousel blocks."""

from typing import Any

from integrations.sandbox.slack.elements import ELEMENTS, ID
from integrations.sandbox.slack.shapes import Place, by_type, list_of, shape, string, text

MOST_CARDS = 10
_IMAGE = by_type({"image": ELEMENTS["image"]}, "card image")
_ICON = by_type({"icon": shape({"name": string(50)})}, "card icon")


def _card_rule(card: dict[str, Any], place: Place) -> None:
    if not any(card.get(name) for name in ("hero_image", "title", "body", "actions")):
        place.wrong("missing required field: hero_image, title, body or actions")
    if "icon" in card and "slack_icon" in card:
        place.wrong("only one of icon and slack_icon is allowed")


CARD = shape(
    {},
    {
        "hero_image": _IMAGE,
        "icon": _IMAGE,
        "slack_icon": _ICON,
        "title": text("any", 150),
        "subtitle": text("any", 150),
        "body": text("any", 200),
        "subtext": text("any", 200),
        "actions": list_of(by_type({"button": ELEMENTS["button"]}, "card action"), 1, 3),
        "block_id": ID,
    },
    rule=_card_rule,
)
CAROUSEL = shape({"elements": list_of(by_type({"card": CARD}, "carousel"), 1, MOST_CARDS)}, {"block_id": ID})
