"""Read a request as strictly as Google does: no unknown parameter, no unknown field, no wrong type."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from integrations.sandbox.google.errors import invalid

if TYPE_CHECKING:
    from integrations.sandbox.calls import Call

STANDARD_PARAMETERS = frozenset(
    {
        "$.xgafv",
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadType",
        "upload_protocol",
        "userIp",
    }
)
#: The kind of a field that holds texts by names of the caller's choice.
TEXTS = "texts"


def parameters(call: Call, *allowed: str, repeated: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """The query by name, Google's standard parameters left out."""
    found: dict[str, list[str]] = {}
    for name, value in call.query:
        if name in STANDARD_PARAMETERS:
            if name == "alt" and value != "json":
                raise invalid(f"Invalid value at 'alt', \"{value}\": the sandbox answers in JSON", "invalid")
            continue
        if name not in allowed and name not in repeated:
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
                f" Field '{name}' could not be found in request message.",
                "invalid",
            )
        if name in found and name not in repeated:
            raise invalid(f"Invalid value at '{name}': the parameter is not repeated", "invalid")
        found.setdefault(name, []).append(value)
    return found


def one(found: dict[str, list[str]], name: str) -> str | None:
    values = found.get(name)
    return values[0] if values else None


def choice(found: dict[str, list[str]], name: str, choices: tuple[str, ...], default: str) -> str:
    value = one(found, name) or default
    if value not in choices:
        raise invalid(f"Invalid value at '{name}' (type.googleapis.com/enum), \"{value}\"", "invalid")
    return value


def flag(found: dict[str, list[str]], name: str) -> bool:
    value = one(found, name) or "false"
    if value not in ("true", "false"):
        raise invalid(f"Invalid value at '{name}' (TYPE_BOOL), \"{value}\"", "invalid")
    return value == "true"


def page_size(found: dict[str, list[str]], *, default: int = 100, limit: int = 500) -> int:
    text = one(found, "maxResults")
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise invalid(f"Invalid value at 'max_results' (TYPE_UINT32), \"{text}\"", "invalid")
    return min(int(text), limit)


def whole_number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise invalid(f"Invalid value at '{name}' (TYPE_UINT64), \"{text}\"", "invalid")
    return int(text)


def json_body(call: Call, root: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The body, checked against `fields`: per name a type, `TEXTS`, the fields of an object inside, or a list of one
    of these for many of them."""
    try:
        body = json.loads(call.body or b"{}")
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}", "parseError") from error
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received. Unexpected type of the root", "parseError")
    _check(body, root, fields)
    return body


def no_body(call: Call) -> None:
    if call.body.strip() not in (b"", b"{}"):
        raise invalid("Invalid JSON payload received. The method takes no body", "invalid")


def _check(body: dict[str, Any], at: str, fields: dict[str, Any]) -> None:
    for name, value in body.items():
        if name not in fields:
            raise invalid(
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{at}': Cannot find field.", "invalid"
            )
        if value is not None:
            _check_value(value, f"{at}.{name}", fields[name])


def _check_value(value: Any, at: str, kind: Any) -> None:
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            raise invalid(f"Invalid value at '{at}' (type.googleapis.com/message)", "invalid")
        _check(value, at, kind)
    elif isinstance(kind, list):
        if not isinstance(value, list):
            raise _wrong(value, at)
        for n, each in enumerate(value):
            _check_value(each, f"{at}[{n}]", kind[0])
    elif kind == TEXTS:
        if not isinstance(value, dict) or not all(text is None or isinstance(text, str) for text in value.values()):
            raise _wrong(value, at)
    elif not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _wrong(value, at)


def _wrong(value: Any, at: str) -> Exception:
    return invalid(f"Invalid value at '{at}', {json.dumps(value)[:60]}", "invalid")
