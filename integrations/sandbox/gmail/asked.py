"""Read a request as strictly as Google does: no unknown parameter, no unknown field, no wrong type."""

import base64
import binascii
import json
import re
from typing import Any

from integrations.sandbox.calls import Call
from integrations.sandbox.gmail.errors import google_error, invalid

MAILBOX = "casey@pier7.example"
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
    }
)
MESSAGE_FIELDS: dict[str, Any] = {
    "id": str,
    "threadId": str,
    "labelIds": list,
    "snippet": str,
    "historyId": str,
    "internalDate": str,
    "payload": dict,
    "sizeEstimate": int,
    "raw": str,
    "classificationLabelValues": list,
}
DRAFT_FIELDS: dict[str, Any] = {"id": str, "message": MESSAGE_FIELDS}
BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}\Z")


def parameters(call: Call, *allowed: str, repeated: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """The query by name, Google's standard parameters left out; the mailbox of the path is checked too."""
    user = call.path.get("userId", "me")
    if user not in ("me", MAILBOX):
        raise google_error(403, f"Delegation denied for {MAILBOX}", "forbidden")
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
    """The body, checked against `fields`: a type per name, or the fields of the message inside."""
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


def decoded_raw(message: dict[str, Any], at: str) -> bytes:
    """The bytes of the mail in `raw`."""
    raw = message.get("raw")
    if not raw:
        raise invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
    text = raw.rstrip("=")
    if not BASE64.match(raw) or len(text) % 4 == 1:
        raise _bad_base64(raw, at)
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise _bad_base64(raw, at) from error


def _bad_base64(raw: str, at: str) -> Exception:
    return invalid(f"Invalid value at '{at}' (TYPE_BYTES), Base64 decoding failed for \"{raw[:60]}\"", "invalid")


def _check(body: dict[str, Any], at: str, fields: dict[str, Any]) -> None:
    for name, value in body.items():
        kind = fields.get(name)
        if kind is None:
            raise invalid(
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{at}': Cannot find field.", "invalid"
            )
        if value is None:
            continue
        if isinstance(kind, dict):
            if not isinstance(value, dict):
                raise invalid(f"Invalid value at '{at}.{name}' (type.googleapis.com/message)", "invalid")
            _check(value, f"{at}.{name}", kind)
        elif not isinstance(value, kind) or isinstance(value, bool):
            raise invalid(f"Invalid value at '{at}.{name}', {json.dumps(value)[:60]}", "invalid")
