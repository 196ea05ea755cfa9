"""A form as a website would deliver it: signed by hand, whatever is in it."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.support.product import Product

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"


def signature(body: bytes, *, secret: str, at: float | None = None) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-CaseyOS-Timestamp": timestamp, "X-CaseyOS-Signature": f"v1={digest}"}


async def deliver(
    product: Product,
    content: dict[str, Any] | bytes,
    *,
    kind: str = JSON,
    form: str = "contact",
    at: float | None = None,
    headers: dict[str, str] | None = None,
    chunked: bool = False,
) -> httpx.Response:
    """`headers` take the place of the signature; `chunked` sends the body without saying how long it is."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    assert product.services.settings.forms_secret is not None
    secret = product.services.settings.forms_secret.get_secret_value()
    sent = signature(body, secret=secret, at=at) if headers is None else headers

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 4096):
            yield body[start : start + 4096]

    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        return await http.post(
            f"{product.url}/webhooks/forms/{form}",
            content=pieces() if chunked else body,
            headers={"Content-Type": kind, **sent},
        )


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and field of an error that has a sentence for people."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "field"}
    assert error["message"].strip()
    return answer.status_code, error["code"], error["field"]
