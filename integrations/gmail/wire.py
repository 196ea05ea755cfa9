"""Send one request to Gmail, once, and turn every way in which it can fail into an error of the domain."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx

from core.ports import Rejected, Unavailable, Unclear

TIMEOUT_S = 20.0  # for all of one request, from asking for an access token to the last byte of the answer
CONNECT_TIMEOUT_S = 5.0
SENTENCE_LIMIT = 200
LONGEST_WAIT = timedelta(days=1)

_TIMEOUT = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S)
_NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_LATER = frozenset({408, 409, 425, 429, 503})
_QUOTA = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
_RETRY_AFTER = re.compile(r"[Rr]etry after (\d{4}-\d\d-\d\dT[\d:.]+Z)")


class Missing(Rejected):
    """What the request names is not there (any more)."""


class Request(Protocol):
    """What googleapiclient builds."""

    uri: str
    method: str
    headers: dict[str, str]
    body: str | None


async def exchange(
    http: httpx.AsyncClient, request: Request, *, token: str, changes: bool, deadline: float
) -> dict[str, Any]:
    """The answer to one request, sent once, before `deadline` (a time of the running loop).

    Raises Missing, Rejected, Unavailable, and Unclear where the request `changes` something.
    """
    if http.is_closed:
        raise Unavailable("Gmail was not asked: this process is stopping")
    if not re.fullmatch(r"[!-~]+", token):
        raise Unavailable("The access token for Gmail is empty or has a space or line break in it: set it again")
    try:
        async with asyncio.timeout_at(deadline):
            answer = await http.request(
                request.method,
                request.uri,
                headers={**request.headers, "authorization": f"Bearer {token}"},
                content=request.body,
                timeout=_TIMEOUT,
                follow_redirects=False,
            )
    except _NOTHING_LEFT as error:
        raise Unavailable(f"Gmail cannot be reached ({type(error).__name__})") from error
    except (httpx.RequestError, httpx.InvalidURL, TimeoutError) as error:
        raise _lost(f"the connection to Gmail broke before its answer ({type(error).__name__})", changes) from error
    if answer.is_success:
        return {} if request.method == "DELETE" else _content(answer, changes)
    raise _refusal(answer, changes)


def unreadable(changes: bool) -> Exception:
    return _lost("Gmail's answer could not be read", changes)


def _lost(known: str, changes: bool) -> Exception:
    """A read that got no answer changed nothing; of a change nobody knows."""
    return Unclear(known) if changes else Unavailable(known)


def _content(answer: httpx.Response, changes: bool) -> dict[str, Any]:
    try:
        content = json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise unreadable(changes) from error
    if not isinstance(content, dict):
        raise unreadable(changes)
    return content


def _refusal(answer: httpx.Response, changes: bool) -> Exception:
    status = answer.status_code
    message, reasons = _said(answer)
    if status == 401:
        return Unavailable(
            f"Gmail refuses the access token ({message}):"
            " renew CASEYOS_GOOGLE_CREDENTIALS or CASEYOS_GOOGLE_ACCESS_TOKEN"
        )
    if status in _LATER or (status == 403 and reasons & _QUOTA):
        return Unavailable(f"Gmail asks to wait: {message}", retry_after=_retry_after(answer, message))
    if status == 404:
        return Missing(f"Gmail: {message}")
    if 400 <= status < 500:
        return Rejected(f"Gmail: {message}")
    return _lost(f"Gmail answered {status}: {message}", changes)


def _said(answer: httpx.Response) -> tuple[str, frozenset[str]]:
    """Google's own sentence, short, and the reasons that it names."""
    try:
        error = json.loads(answer.content)["error"]
        message = " ".join(str(error["message"]).split())
        reasons = frozenset(str(one.get("reason")) for one in error.get("errors", []))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return f"HTTP {answer.status_code}", frozenset()
    return message[:SENTENCE_LIMIT] or f"HTTP {answer.status_code}", reasons


def _retry_after(answer: httpx.Response, message: str) -> timedelta | None:
    """How long to wait: the header's seconds or date, or the moment that Gmail writes into its sentence."""
    header = answer.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return min(timedelta(seconds=int(header[:9])), LONGEST_WAIT)
    named = _RETRY_AFTER.search(message)
    try:
        until = datetime.fromisoformat(named[1]) if named else _aware(parsedate_to_datetime(header))
        asked_at = _aware(parsedate_to_datetime(answer.headers.get("date", "")))
    except (ValueError, TypeError, IndexError):
        return None
    return min(max(until - asked_at, timedelta()), LONGEST_WAIT)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
