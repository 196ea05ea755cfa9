"""Requests as Slack would send them over HTTP: encoded by kind, and signed."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "slack-samples"

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def samples(pattern: str) -> dict[str, dict[str, Any]]:
    """The sample requests by file name; skips where they are not there."""
    if not SAMPLES.exists():
        pytest.skip(f"no sample requests at {SAMPLES}")
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(SAMPLES.glob(pattern))}
    assert found, pattern
    return found


def signed(body: bytes, *, secret: str, at: int | None = None) -> dict[str, str]:
    timestamp = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), b"v0:%d:%b" % (timestamp, body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def encoded(name: str, request: dict[str, Any]) -> tuple[bytes, str]:
    """The bytes and their content type: events as JSON, commands as a form, all else as JSON in a form's field."""
    if "event" in name or request.get("type") in {"event_callback", "url_verification"}:
        return json.dumps(request).encode(), JSON
    if "command" in request:
        return urlencode(request).encode(), FORM
    return urlencode({"payload": json.dumps(request)}).encode(), FORM


async def post(url: str, body: bytes, kind: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        return await http.post(f"{url}/slack/events", content=body, headers={"Content-Type": kind, **headers})
