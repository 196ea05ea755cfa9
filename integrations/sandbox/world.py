"""Everything one sandbox process shares between its services: store, faults, settings and the way to the bot."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integrations.sandbox.faults import Faults
    from integrations.sandbox.slack.workspace import Workspace
    from integrations.sandbox.store import Store

ANSWER_TIMEOUT_S = 10.0

Mode = Literal["socket", "http"]


@dataclass(frozen=True)
class BotAnswer:
    """What the bot said to one HTTP delivery; `status` 0 means that no answer came and `body` says why."""

    status: int
    body: str
    ms: float
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Deliver:
    """Posts to the bot over one HTTP session, opened with the server and closed with it."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float = ANSWER_TIMEOUT_S
    ) -> BotAnswer:
        """POST exactly these bytes once; a failure to connect or to answer in time comes back as status 0."""
        if self._session is None:
            raise RuntimeError("the sandbox is not running")
        began = time.monotonic()
        try:
            async with self._session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                allow_redirects=False,
            ) as answer:
                text = (await answer.read()).decode("utf-8", "replace")
                return BotAnswer(answer.status, text, _since(began), dict(answer.headers))
        except TimeoutError:
            return BotAnswer(0, f"no answer within {timeout_s:g} s", _since(began))
        except aiohttp.ClientError as error:
            return BotAnswer(0, f"{type(error).__name__}: {error}", _since(began))


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 2)


@dataclass
class World:
    """One sandbox: handed to every service's `routes(world)`."""

    store: Store
    faults: Faults
    slack: Workspace
    deliver: Deliver = field(default_factory=Deliver)
    bot_url: str | None = None
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105  a stand-in's published secret
    forms_secret: str = "sandbox-forms-secret"  # noqa: S105  a stand-in's published secret
    mode: Mode = "socket"
    public_url: str = ""
