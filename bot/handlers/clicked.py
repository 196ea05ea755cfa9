"""What a press was about, read from its payload."""

from typing import Any
from uuid import UUID

from core.queue import NoSuchMove


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


def press_of(body: dict[str, Any]) -> str:
    """What tells this press from every other: pressing again is a new one, delivering it again is not."""
    return f"press:{body.get('trigger_id') or body['actions'][0].get('action_ts', '')}"


def user_of(body: dict[str, Any]) -> str:
    return str(body["user"]["id"])
