"""Ask HubSpot one question, once, and turn every way in which it can fail into an error of the domain."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import httpx

from core.ports import Rejected, Unavailable

TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 5.0
SENTENCE_LIMIT = 200
LONGEST_WAIT = timedelta(days=1)
TEN_SECONDS = timedelta(seconds=10)

_TIMEOUT = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S)
_LATER = frozenset({408, 409, 423, 425, 429})


class Missing(Rejected):
    """What the request names is not there."""


async def ask(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    token: str,
    params: dict[str, str] | None = None,
    content: Any = None,
) -> dict[str, Any]:
    """The answer to one request that only reads. Raises Missing, Rejected or Unavailable."""
    if http.is_closed:
        raise Unavailable("HubSpot was not asked: this process is stopping")
    if not re.fullmatch(r"[!-~]+", token):
        raise Unavailable(
            "The token for HubSpot is empty or has a space or line break in it: set CASEYOS_HUBSPOT_TOKEN"
        )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await http.request(
                method,
                url,
                params=params,
                json=content,
                headers={"authorization": f"Bearer {token}", "accept": "application/json"},
                timeout=_TIMEOUT,
                follow_redirects=False,
            )
    except (httpx.RequestError, httpx.InvalidURL, TimeoutError) as error:
        raise Unavailable(f"HubSpot cannot be reached ({type(error).__name__})") from error
    said = _content(answer)
    if not answer.is_success:
        raise _refusal(answer, said or {})
    if said is None:
        raise Unavailable("HubSpot's answer could not be read")
    return said


def _content(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        content = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _refusal(answer: httpx.Response, said: dict[str, Any]) -> Exception:
    status = answer.status_code
    message = " ".join(str(said.get("message") or f"HTTP {status}").split())[:SENTENCE_LIMIT]
    if status == 401:
        return Unavailable(f"HubSpot refuses the token ({message}): renew CASEYOS_HUBSPOT_TOKEN")
    if status == 404:
        return Missing(f"HubSpot: {message}")
    if status in _LATER:
        return Unavailable(f"HubSpot asks to wait: {message}", retry_after=_retry_after(answer, said))
    if 400 <= status < 500:
        return Rejected(f"HubSpot: {message}")
    return Unavailable(f"HubSpot answered {status}: {message}", retry_after=_retry_after(answer, said))


def _retry_after(answer: httpx.Response, said: dict[str, Any]) -> timedelta | None:
    header = answer.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return min(timedelta(seconds=int(header[:9])), LONGEST_WAIT)
    # The window that all of a portal's apps share; HubSpot does not always say how long it takes.
    return TEN_SECONDS if str(said.get("policyName", "")).upper() == "TEN_SECONDLY_ROLLING" else None
