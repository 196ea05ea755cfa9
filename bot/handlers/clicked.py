"""What a press was about, read from its payload."""

from typing import Any
from uuid import UUID

from core.queue import NoSuchMove


class NotOffered(ValueError):
    """A choice that this release does not offer: it stands on a card of another one."""


def move_of(body: dict[str, Any]) -> UUID:
    """The move whose button or menu was pressed. Raises NoSuchMove when the payload names none of ours."""
    action = body["actions"][0]
    given = str(action.get("value") or action.get("block_id", "").partition(":")[2])
    return parse(given)


def parse(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise NoSuchMove(given) from None


def choice_of(body: dict[str, Any]) -> str:
    """The value of the chosen option of a menu."""
    return str(body["actions"][0]["selected_option"]["value"])


def delivery_of(body: dict[str, Any]) -> str | None:
    """What tells this press or command from every other: pressing again is a new one, delivering it again is not."""
    trigger = body.get("trigger_id")
    return f"trigger:{trigger}" if trigger else None


def user_of(body: dict[str, Any]) -> str:
    return str(body["user"]["id"])
