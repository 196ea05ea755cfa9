"""Read a Web API call's arguments however they were sent, and refuse those a method does not have."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.slack.people import TEAM_ID

Arguments = dict[str, Any]
Kind = Callable[[str, Any], Any]


def string(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise SlackError("invalid_arguments", f"{name} must be a string", messages=[f"[ERROR] {name} must be a string"])


def boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1, "0", "1", "true", "false", "True", "False"):
        return value in (1, "1", "true", "True")
    raise SlackError("invalid_arguments", f"{name} must be a boolean", messages=[f"[ERROR] {name} must be a boolean"])


def integer(name: str, value: Any) -> int:
    try:
        return int(string(name, value))
    except ValueError:
        message = f"{name} must be an integer"
        raise SlackError("invalid_arguments", message, messages=[f"[ERROR] {message}"]) from None


def document(error: str) -> Kind:
    """A JSON value, or the same as a string, as forms carry it."""

    def read(name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error, f"{name} is not JSON") from None

    return read


def sound_text(value: Any) -> Any:
    """The same JSON with half surrogates, which no database takes, replaced as Slack does."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value


def nothing(name: str, value: Any) -> None:
    """An argument that exists in Slack and that the sandbox takes only when it is empty."""
    if value not in (None, "", [], "[]", False, "false", "0", 0):
        raise SlackError("invalid_arguments", f"{name} is not served by the sandbox")


@dataclass(frozen=True)
class Method:
    """What the arguments of one method are, whether a call changes something, and how it is carried out."""

    takes: Mapping[str, Kind]
    needs: tuple[str, ...] = ()
    changes: bool = True
    app_token: bool = False
    refusal: str = "fatal_error"


async def read(request: web.Request) -> tuple[Arguments, str]:
    """The raw arguments, without the token, and the token; SlackError when the body cannot be read."""
    raw: Arguments = dict(request.query)
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            try:
                body = json.loads(await request.read())
            except ValueError:
                raise SlackError("invalid_json", "the body is not JSON") from None
            if not isinstance(body, dict):
                raise SlackError("json_not_object", "the body is not a JSON object")
            raw |= sound_text(body)
        elif request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            raw |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        else:
            raise SlackError("invalid_post_type", f"{request.content_type} is not read here")
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    in_body = raw.pop("token", "")
    return raw, bearer.strip() if scheme.lower() == "bearer" else str(in_body)


def checked(method: Method, raw: Arguments) -> Arguments:
    """The arguments with their types; SlackError for one that is missing or that the method does not have."""
    # Bolt sends its team along with every call.
    if raw.get("team_id", TEAM_ID) != TEAM_ID:
        raise SlackError("invalid_arguments", f"{raw['team_id']} is not this team")
    raw = {name: value for name, value in raw.items() if name != "team_id"}
    unknown = sorted(set(raw) - set(method.takes))
    if unknown:
        messages = [f"[ERROR] unsupported argument: {name}" for name in unknown]
        raise SlackError("invalid_arguments", f"unknown arguments: {', '.join(unknown)}", messages=messages)
    given = {name: method.takes[name](name, value) for name, value in raw.items() if value is not None}
    missing = [name for name in method.needs if given.get(name) in (None, "")]
    if missing:
        messages = [f"[ERROR] missing required field: {name}" for name in missing]
        raise SlackError("invalid_arguments", f"missing arguments: {', '.join(missing)}", messages=messages)
    return given
