"""One request to one of Google's APIs, and what each of its answers means for the domain."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx

from core.ports import Rejected, Unavailable
from integrations import transport

SETTINGS = "CASEYOS_GOOGLE_CREDENTIALS or CASEYOS_GOOGLE_ACCESS_TOKEN"

_QUOTA = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
_RETRY_AFTER = re.compile(r"[Rr]etry after (\d{4}-\d\d-\d\dT[\d:.]+Z)")


@dataclass(frozen=True)
class Service:
    """One API. `name` is what people read; `path` is what its requests begin with where its own document says so.

    `not_now` are the answers by which it turns a change away without having done it.
    """

    name: str
    api: str
    version: str
    not_now: frozenset[int]
    path: str = ""


class Missing(Rejected):
    """What the request names is not there (any more)."""


class Gone(Missing):
    """What the request names was there once and has been deleted."""


class Request(Protocol):
    """What googleapiclient builds."""

    uri: str
    method: str
    headers: dict[str, str]
    body: str | None


async def exchange(
    http: httpx.AsyncClient, service: Service, request: Request, *, token: str, changes: bool, deadline: float
) -> dict[str, Any]:
    """The answer to one request, sent once, before `deadline` (a time of the running loop); of a deletion, nothing.

    Raises Missing, Rejected, Unavailable, and Unclear where the request `changes` something.
    """
    answer = await transport.send(
        http,
        request.method,
        request.uri,
        service=service.name,
        token=token,
        setting=SETTINGS,
        changes=changes,
        deadline=deadline,
        headers=request.headers,
        body=request.body,
    )
    if not answer.is_success:
        raise _refusal(service, answer, changes)
    if request.method == "DELETE":
        return {}
    content = transport.content(answer)
    if content is None:
        raise unreadable(service, changes)
    return content


def unreadable(service: Service, changes: bool) -> Exception:
    return transport.unusable(f"{service.name}'s answer could not be read", changes=changes)


def _refusal(service: Service, answer: httpx.Response, changes: bool) -> Exception:
    status = answer.status_code
    message, reasons = _said(answer)
    if status == 401:
        return Unavailable(f"{service.name} refuses the access token ({message}): renew {SETTINGS}")
    if status in service.not_now or (status == 403 and reasons & _QUOTA):
        return Unavailable(f"{service.name} asks to wait: {message}", retry_after=_retry_after(answer, message))
    if status == 404:
        return Missing(f"{service.name}: {message}")
    if status == 410:
        return Gone(f"{service.name}: {message}")
    if 400 <= status < 500 and status != 409:
        return Rejected(f"{service.name}: {message}")
    wait = _retry_after(answer, message)
    return transport.unusable(f"{service.name} answered {status}: {message}", changes=changes, retry_after=wait)


def _said(answer: httpx.Response) -> tuple[str, frozenset[str]]:
    """Google's own sentence, short, and the reasons that it names."""
    try:
        error = json.loads(answer.content)["error"]
        message = transport.sentence(error["message"])
        reasons = frozenset(str(one.get("reason")) for one in error.get("errors", []))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return f"HTTP {answer.status_code}", frozenset()
    return message or f"HTTP {answer.status_code}", reasons


def _retry_after(answer: httpx.Response, message: str) -> timedelta | None:
    """How long to wait: what the header says, or the moment that Google writes into its sentence."""
    named = _RETRY_AFTER.search(message)
    if named is None or answer.headers.get("retry-after", "").strip().isdigit():
        return transport.wait(answer)
    try:
        return transport.wait_until(transport.aware(datetime.fromisoformat(named[1])), answer)
    except ValueError:
        return None
