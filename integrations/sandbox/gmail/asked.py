"""Read what Gmail is asked: whose mailbox, which fields, and the bytes of a mail."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from integrations.sandbox.google import asked
from integrations.sandbox.google.errors import google_error, invalid

if TYPE_CHECKING:
    from integrations.sandbox.calls import Call

MAILBOX = "casey@pier7.example"
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
    """The query by name; the mailbox of the path is checked too."""
    if call.path["userId"] not in ("me", MAILBOX):
        raise google_error(403, f"Delegation denied for {MAILBOX}", "forbidden")
    return asked.parameters(call, *allowed, repeated=repeated)


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
