"""Ask HubSpot one question or for one change, once, and turn every way in which it can fail into an error of the domain."""

import json
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from core.ports import Rejected, Unavailable
from integrations import transport

SERVICE = "HubSpot"
SETTING = "CASEYOS_HUBSPOT_TOKEN"
TEN_SECONDS = timedelta(seconds=10)

_NOT_NOW = frozenset({408, 423, 425, 429, 477})  # turned away without anything done; 477: the portal is being moved
_CONFLICT = 409

M = TypeVar("M", bound=BaseModel)
Params = dict[str, str]


class Missing(Rejected):
    """What the request names is not there."""


class Portal:
    """One portal. Every method makes one request, once; paths are joined from parts that stay one piece each."""

    def __init__(self, http: httpx.AsyncClient, *, api_url: str, token: str) -> None:
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._token = token

    async def read(self, kind: type[M], *path: str, params: Params | None = None, content: Any = None) -> M:
        """What is there; with `content` it is asked for by POST. Raises Missing, Rejected or Unavailable."""
        method = "GET" if content is None else "POST"
        answer = await self._ask(method, path, changes=False, params=params, content=content)
        return self._understood(kind, answer, changes=False)

    async def change(self, kind: type[M], method: str, *path: str, content: Any = None) -> M:
        """What a change answered. Raises Missing, Rejected, Unavailable, and Unclear where it may have happened."""
        answer = await self._ask(method, path, changes=True, content=content)
        return self._understood(kind, answer, changes=True)

    async def remove(self, *path: str) -> None:
        """What is gone already is fine. Raises Rejected, Unavailable or Unclear."""
        try:
            await self._ask("DELETE", path, changes=True)
        except Missing:
            return

    async def _ask(
        self, method: str, path: tuple[str, ...], *, changes: bool, params: Params | None = None, content: Any = None
    ) -> httpx.Response:
        headers = {"accept": "application/json"} | ({} if content is None else {"content-type": "application/json"})
        answer = await transport.send(
            self._http,
            method,
            "/".join((self._api_url, *(quote(part, safe="") for part in path))),
            service=SERVICE,
            token=self._token,
            setting=SETTING,
            changes=changes,
            deadline=transport.deadline(self._http),
            headers=headers,
            params=params,
            body=None if content is None else json.dumps(content),
        )
        if not answer.is_success:
            raise _refusal(answer, transport.content(answer) or {}, changes)
        return answer

    @staticmethod
    def _understood(kind: type[M], answer: httpx.Response, *, changes: bool) -> M:
        content = transport.content(answer)
        if content is None:
            raise unreadable(changes=changes)
        try:
            return kind.model_validate(content)
        except ValidationError as error:
            raise unreadable(changes=changes) from error


def unreadable(*, changes: bool) -> Exception:
    return transport.unusable("HubSpot's answer could not be read", changes=changes)


def _refusal(answer: httpx.Response, said: dict[str, Any], changes: bool) -> Exception:
    status = answer.status_code
    message = transport.sentence(said.get("message") or f"HTTP {status}")
    if status == 401:
        return Unavailable(f"HubSpot refuses the token ({message}): renew {SETTING}")
    if status == 404:
        return Missing(f"HubSpot: {message}")
    if status in _NOT_NOW:
        return Unavailable(f"HubSpot asks to wait: {message}", retry_after=_retry_after(answer, said))
    if 400 <= status < 500 and status != _CONFLICT:
        return Rejected(f"HubSpot: {message}")
    wait = _retry_after(answer, said)
    return transport.unusable(f"HubSpot answered {status}: {message}", changes=changes, retry_after=wait)


def _retry_after(answer: httpx.Response, said: dict[str, Any]) -> timedelta | None:
    if (asked := transport.wait(answer)) is not None:
        return asked
    # The window that all of a portal's apps share; HubSpot does not always say how long it takes.
    return TEN_SECONDS if str(said.get("policyName", "")).upper() == "TEN_SECONDLY_ROLLING" else None
