"""One of Google's APIs: googleapiclient builds each request, httpx sends it once."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from core.ports import Unavailable
from integrations import transport
from integrations.google.exchange import Request, Service, exchange, unreadable
from integrations.google.token import Token

M = TypeVar("M", bound=BaseModel)
Build = Callable[[Any], Any]
"""Makes a request of the API's outermost resource."""


class _NoTransport:
    """Stands where googleapiclient keeps its transport: its own would send a lost POST again."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("requests to Google are sent by httpx")


class Unreadable(Unavailable):
    """What was read is JSON, but not what was asked for; `answer` is what came."""

    def __init__(self, message: str, answer: dict[str, Any]) -> None:
        super().__init__(message)
        self.answer = answer


class GoogleApi:
    """Every call makes one request, once, and raises Missing, Rejected, Unavailable or (changes only) Unclear."""

    def __init__(self, http: httpx.AsyncClient, service: Service, *, api_url: str, token: Token) -> None:
        if not re.match(r"https?://[^/\s]+", api_url):
            raise ValueError(f"not the address of an API: {api_url!r}")
        self._http = http
        self._service = service
        self._api_url = f"{api_url.rstrip('/')}/{service.path}"
        self._token = token
        self._resource: Any = None
        self._building = asyncio.Lock()

    def deadline(self) -> float:
        """When a call that begins now has to be over, as a time of the running loop."""
        return transport.deadline(self._http)

    async def read(self, kind: type[M], build: Build, deadline: float | None = None) -> M:
        return await self._answer(kind, build, deadline, changes=False)

    async def change(self, kind: type[M], build: Build, deadline: float | None = None) -> M:
        return await self._answer(kind, build, deadline, changes=True)

    async def delete(self, build: Build) -> None:
        await self._ask(build, self.deadline(), changes=True)

    async def _answer(self, kind: type[M], build: Build, deadline: float | None, *, changes: bool) -> M:
        answer = await self._ask(build, deadline or self.deadline(), changes=changes)
        try:
            return kind.model_validate(answer)
        except ValidationError as error:
            if not changes:
                raise Unreadable(f"{self._service.name}'s answer could not be read", answer) from error
            raise unreadable(self._service, changes) from error

    async def _ask(self, build: Build, deadline: float, *, changes: bool) -> dict[str, Any]:
        name = self._service.name
        try:
            async with asyncio.timeout_at(deadline):
                request: Request = build(await self._built())
                token = await self._token()
        except TimeoutError as error:
            raise Unavailable(f"no access token for {name} came in time; nothing was asked") from error
        return await exchange(self._http, self._service, request, token=token, changes=changes, deadline=deadline)

    async def _built(self) -> Any:
        """googleapiclient's builder of requests; made once, in a thread, for it takes a while."""
        async with self._building:
            if self._resource is None:
                self._resource = await asyncio.to_thread(_resource, self._service, self._api_url)
        return self._resource


def _resource(service: Service, api_url: str) -> Any:
    from googleapiclient.discovery import build  # noqa: PLC0415  slow to import

    options = {"api_endpoint": api_url}
    made = build(service.api, service.version, static_discovery=True, http=_NoTransport(), client_options=options)
    return _MadeOnce(made)


class _MadeOnce:
    """A resource whose collections are made once: googleapiclient makes one with all its methods whenever it is named."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource
        self._collections: dict[str, _MadeOnce] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        named = getattr(self._resource, name)

        def called(**given: Any) -> Any:
            if given:
                return named(**given)  # a method; a collection takes nothing
            if name not in self._collections:
                self._collections[name] = _MadeOnce(named())
            return self._collections[name]

        return called
