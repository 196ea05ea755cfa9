"""All actions. A new one is a file beside this and one line here."""

from typing import Any

from core.actions.send_email import SEND_EMAIL
from core.plan import Action

ACTIONS: dict[str, Action[Any]] = {action.kind: action for action in (SEND_EMAIL,)}
