"""The sandbox's Gmail, Calendar, HubSpot, forms and control routes on a free port, and clients that speak to them."""

from __future__ import annotations

import base64
import contextlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import aiohttp
import httplib2
from aiohttp import web
from googleapiclient.discovery import build

from integrations.sandbox import calendar, control_calendar, control_crm, control_world, faults, gmail, hubspot
from integrations.sandbox.faults import Faults
from integrations.sandbox.slack.workspace import Workspace
from integrations.sandbox.store import Store
from integrations.sandbox.world import World

GOOGLE = {"Authorization": "Bearer ya29.sandbox"}
HUBSPOT = {"Authorization": "Bearer pat-sandbox"}
DANA = "dana.whitfield@northpier.example"
TOMAS = "tomas.reyes@harlowlane.example"


@dataclass
class Said:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class Outside:
    """Everything a test does to the sandbox goes over HTTP; the ledger is read from the store."""

    url: str
    world: World
    http: aiohttp.ClientSession
    api: Any
    calendar: Any

    async def call(self, request: Any, headers: dict[str, str] = GOOGLE) -> Said:
        """Send a request built by googleapiclient, exactly once."""
        return await self.send(request.method, request.uri, request.body, {**dict(request.headers), **headers})

    async def send(self, method: str, url: str, body: Any, headers: dict[str, str]) -> Said:
        headers = {name: value for name, value in headers.items() if name.lower() not in ("content-length", "host")}
        async with self.http.request(method, url, data=io.BytesIO((body or "").encode()), headers=headers) as answer:
            text = await answer.text()
            read = await answer.json() if text else None
            return Said(answer.status, read, dict(answer.headers))

    async def done(self, request: Any) -> Any:
        said = await self.call(request)
        assert said.status in (200, 204), said
        return said.body

    async def crm(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Said:
        verb = method or ("GET" if body is None else "POST")
        async with self.http.request(verb, f"{self.url}/hubspot{path}", json=body, headers=HUBSPOT) as answer:
            read = None if answer.status == 204 else await answer.json()
            return Said(answer.status, read, dict(answer.headers))

    async def do(self, what: str, expect: int = 200, **asked: Any) -> Any:
        async with self.http.post(f"{self.url}/control/{what}", json=asked) as answer:
            said = await answer.json()
            assert answer.status == expect, said
            return said

    async def seen(self, what: str) -> Any:
        async with self.http.get(f"{self.url}/control/{what}") as answer:
            return await answer.json()

    def ledger(self, kind: str, method: str | None = None, service: str | None = None) -> list[dict[str, Any]]:
        entries = self.world.store.entries(service=service)
        return [each["data"] for each in entries if each["kind"] == kind and method in (None, each["method"])]

    def entries(self, service: str | None = None) -> list[dict[str, Any]]:
        return self.world.store.entries(service=service)

    @property
    def events(self) -> Any:
        return self.calendar.events()

    @property
    def drafts(self) -> Any:
        return self.api.users().drafts()

    @property
    def messages(self) -> Any:
        return self.api.users().messages()

    async def draft(self, mail: EmailMessage, thread: str | None = None) -> dict[str, Any]:
        return await self.done(self.drafts.create(userId="me", body={"message": as_body(mail, thread)}))

    async def sent(self, mail: EmailMessage, thread: str | None = None) -> dict[str, Any]:
        return await self.done(self.messages.send(userId="me", body=as_body(mail, thread)))


@contextlib.asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    store = Store(folder / "sandbox.sqlite3")
    world = World(store=store, faults=Faults(), slack=Workspace(store))
    app = web.Application()
    for routes in (
        calendar.routes,
        gmail.routes,
        hubspot.routes,
        control_world.routes,
        control_calendar.routes,
        control_crm.routes,
    ):
        app.add_routes(routes(world))
    app.on_cleanup.append(faults.cancel_late)
    await world.deliver.open()
    async with served(app) as url, aiohttp.ClientSession() as http:
        api = _built("gmail", "v1", f"{url}/google/")
        yield Outside(url, world, http, api, _built("calendar", "v3", f"{url}/google/calendar/v3/"))
    await world.deliver.close()
    store.close()


def _built(service: str, version: str, address: str) -> Any:
    """A client of Google's own, made from the discovery document that it brings along."""
    return build(
        service,
        version,
        static_discovery=True,
        http=httplib2.Http(),
        client_options={"api_endpoint": address},
    )


@contextlib.asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def mail(
    to: str | None = DANA, subject: str = "Exhibit prices", text: str = "Hello Dana,\n", **more: str
) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Casey Morgan <casey@pier7.example>"
    if to is not None:
        made["To"] = to
    made["Subject"] = subject
    for name, value in more.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def as_body(made: EmailMessage, thread: str | None = None) -> dict[str, str]:
    return raw_body(made.as_bytes(policy=SMTP), thread)


def raw_body(raw: bytes, thread: str | None = None) -> dict[str, str]:
    body = {"raw": base64.urlsafe_b64encode(raw).decode()}
    return body if thread is None else {**body, "threadId": thread}


def header(message: dict[str, Any], name: str) -> str | None:
    found = [each["value"] for each in message["payload"]["headers"] if each["name"].lower() == name.lower()]
    return found[0] if found else None
