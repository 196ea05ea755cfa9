"""Send one request over HTTP, once, and say what is known of it when no answer came. Knows no vendor."""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from core.ports import Unavailable, Unclear

TIMEOUT_S = 20.0  # for all of one call, from asking for an access token to the last byte of the answer
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


def deadline(http: httpx.AsyncClient) -> float:
    """When a call that begins now has to be over, as a time of the running loop.

    That is after TIMEOUT_S, or after what `http` waits for an answer if that is less.
    """
    return asyncio.get_running_loop().time() + min(TIMEOUT_S, http.timeout.read or TIMEOUT_S)


async def send(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    service: str,
    token: str,
    setting: str,
    changes: bool,
    deadline: float,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: str | bytes | None = None,
) -> httpx.Response:
    """Whatever was answered, a redirect included, to this request, which is sent at most once and before `deadline`.

    Raises Unavailable when nothing left, and when an answer was lost: Unclear where the request `changes` something.
    `service` and `setting`, the one that holds its token, are for the sentences that people read.
    """
    if http.is_closed:
        raise Unavailable(f"{service} was not asked: this process is stopping")
    if not re.fullmatch(r"[!-~]+", token):
        raise Unavailable(
            f"The access token for {service} is empty or has a space or line break in it: set {setting} again"
        )
    if asyncio.get_running_loop().time() >= deadline:
        raise Unavailable(f"{service} was not asked: the time for it had run out")
    try:
        async with asyncio.timeout_at(deadline):
            return await http.request(
                method,
                url,
                params=params,
                content=body,
                headers={**(headers or {}), "authorization": f"Bearer {token}"},
                timeout=_TIMEOUT,
                follow_redirects=False,
            )
    except _NOTHING_LEFT as error:
        raise Unavailable(f"{service} cannot be reached ({type(error).__name__})") from error
    except (httpx.RequestError, httpx.InvalidURL, ValueError, TimeoutError) as error:
        # A ValueError: httpx reads the address of a redirect that it is not to follow, and fails where it is none.
        if not changes:
            raise Unavailable(f"{service} cannot be reached ({type(error).__name__})") from error
        raise Unclear(f"the connection to {service} broke before its answer ({type(error).__name__})") from error


def unusable(known: str, *, changes: bool, retry_after: timedelta | None = None) -> Unavailable | Unclear:
    """What an answer that says nothing amounts to: a read changed nothing, of a change nobody knows."""
    return Unclear(known) if changes else Unavailable(known, retry_after=retry_after)


def content(answer: httpx.Response) -> dict[str, Any] | None:
    """The JSON object that was answered, or None when it is none."""
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def sentence(text: object) -> str:
    """A service's own words in one line, short."""
    return " ".join(str(text).split())[:SENTENCE_LIMIT]


def wait(answer: httpx.Response) -> timedelta | None:
    """How long the service asks to wait, by its header: seconds, or a date that its own clock is compared with."""
    header = answer.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return min(timedelta(seconds=int(header[:9])), LONGEST_WAIT)
    try:
        return wait_until(aware(parsedate_to_datetime(header)), answer)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def wait_until(moment: datetime, answer: httpx.Response) -> timedelta | None:
    """How long it is until then from the date of the answer; None when the answer has no date."""
    try:
        answered_at = aware(parsedate_to_datetime(answer.headers.get("date", "")))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(moment - answered_at, timedelta()), LONGEST_WAIT)


def aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
