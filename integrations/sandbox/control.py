"""Read what the control routes are asked, and refuse it in their own shape."""

import json
import math
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from aiohttp import web

EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+\Z")

Asked = dict[str, Any]
Control = Callable[[Asked], Awaitable[dict[str, Any]]]


class ControlError(Exception):
    """What was asked cannot be done; `field` names the culprit if there is one."""

    def __init__(self, code: str, message: str, field: str | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.status = status

    def answer(self) -> web.Response:
        error = {"code": self.code, "message": self.message, "field": self.field}
        return web.json_response({"error": error}, status=self.status)


def handler(control: Control) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A route that takes a JSON object and answers with one."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await control(await _body(request)))
        except ControlError as error:
            return error.answer()

    return handle


def text(asked: Asked, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ControlError("invalid", f"{name} is a text", name)
    return value


def optional_text(asked: Asked, name: str) -> str | None:
    return None if asked.get(name) is None else text(asked, name)


def whole(asked: Asked, name: str, default: int, *, least: int, most: int) -> int:
    value = asked.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ControlError("invalid", f"{name} is a whole number from {least} to {most}", name)
    return value


def seconds(asked: Asked, name: str, default: float, *, most: float) -> float:
    value = asked.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most or math.isnan(value):
        raise ControlError("invalid", f"{name} is a number of seconds from 0 to {most:g}", name)
    return float(value)


def truth(asked: Asked, name: str) -> bool:
    value = asked.get(name, False)
    if not isinstance(value, bool):
        raise ControlError("invalid", f"{name} is true or false", name)
    return value


def moment(asked: Asked, name: str) -> datetime | None:
    """A moment with its offset, such as 2026-11-26T15:00:00+00:00; None when nothing was said."""
    said = optional_text(asked, name)
    if said is None:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError as error:
        raise ControlError("invalid", f"{name} is a moment such as 2026-11-26T15:00:00Z", name) from error
    if found.tzinfo is None:
        raise ControlError("invalid", f"{name} needs a zone, such as Z", name)
    return found


def email(asked: Asked, name: str) -> str:
    address = text(asked, name).strip().lower()
    if not EMAIL.match(address):
        raise ControlError("invalid", f"{name} is a mail address", name)
    return address


def only(asked: Asked, *names: str) -> None:
    """Refuse a misspelt field instead of leaving it out quietly."""
    for name in asked:
        if name not in names:
            raise ControlError("unknown_field", f"there is no field {name} here; known are {', '.join(names)}", name)


async def _body(request: web.Request) -> Asked:
    try:
        asked = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise ControlError("bad_json", "the body is not JSON") from error
    if not isinstance(asked, dict):
        raise ControlError("bad_json", "the body is not a JSON object")
    return asked
