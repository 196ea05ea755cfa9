"""Puts the parts together: the one place that knows them all, and the only one that reads the clock."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
from slack_sdk.web.async_client import AsyncWebClient

from bot import messenger, telemetry
from bot.bell import Bell
from bot.services import Services
from bot.settings import Settings, needed
from core import switch, workspace
from core.database import Database
from core.draft import Voice
from core.effect import Timing
from core.identity import workspace_id
from core.ports import Crm, Ports, Unavailable
from core.runner import Runner
from core.workspace import WorkspaceSettings
from integrations.calendar.client import GoogleCalendar
from integrations.forms.mapping import FormMappings
from integrations.gmail.client import GmailMailbox
from integrations.google.token import CALENDAR_SCOPES, GMAIL_SCOPES, Token, token_source
from integrations.hubspot.client import HubSpotCrm


def utc_now() -> datetime:
    return datetime.now(UTC)


class NoCrm:
    """Stands where no CRM is set up: every question is answered as what it is, unanswerable."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def unanswerable(*_: object, **__: object) -> None:
            raise Unavailable("no CASEYOS_HUBSPOT_TOKEN is set")

        return unanswerable


def timings(settings: Settings) -> dict[str, Timing]:
    """By service: how long a request may take to begin, to be answered, and to land after all."""
    start, timeout = timedelta(seconds=settings.start_within_s), timedelta(seconds=settings.request_timeout_s)
    lease = timedelta(seconds=settings.lease_s)
    horizons = {
        "gmail": settings.mail_horizon_s,
        "slack": settings.slack_horizon_s,
        "hubspot": settings.hubspot_horizon_s,
        "calendar": settings.calendar_horizon_s,
    }
    return {service: Timing(start, timeout, timedelta(seconds=s), lease) for service, s in horizons.items()}


def slack_client(settings: Settings) -> AsyncWebClient:
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    return messenger.client(token=token, api_url=settings.slack_api_url, timeout_s=settings.request_timeout_s)


def crm(settings: Settings, http: httpx.AsyncClient) -> Crm:
    if settings.hubspot_token is None:
        return cast(Crm, NoCrm())
    return HubSpotCrm(http, api_url=settings.hubspot_api_url, token=settings.hubspot_token.get_secret_value())


def google_token(settings: Settings, scopes: Sequence[str]) -> Token:
    """A source for each service: where one's scopes are not granted, the other goes on. Raises BadCredentials."""
    given = settings.google_access_token.get_secret_value() if settings.google_access_token else None
    return token_source(
        access_token=given, credentials=settings.google_credentials, mailbox=settings.google_mailbox, scopes=scopes
    )


def mailbox(settings: Settings, http: httpx.AsyncClient) -> GmailMailbox:
    """Raises BadCredentials when the credentials file cannot be used."""
    token = google_token(settings, GMAIL_SCOPES)
    return GmailMailbox(http, api_url=settings.gmail_api_url, token=token, mailbox=settings.google_mailbox)


def calendar(settings: Settings, http: httpx.AsyncClient) -> GoogleCalendar:
    """Raises BadCredentials when the credentials file cannot be used."""
    token = google_token(settings, CALENDAR_SCOPES)
    return GoogleCalendar(http, api_url=settings.calendar_api_url, token=token)


@asynccontextmanager
async def services(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Services]:
    """All services, started, with the workspace set up; closed at the end of the block.

    Raises MissingSetting, UnsafeRole, or what the database says when it cannot be reached.
    """
    database_url = needed(settings.database_url, "database_url", "give a PostgreSQL address, or use `caseyos demo`")
    redis_url = needed(settings.redis_url, "redis_url", "give a Redis or Valkey address, or use `caseyos demo`")
    here = workspace_id(settings.workspace)
    async with AsyncExitStack() as stack:
        database = Database(database_url, workspace=here, emit=telemetry.emit)
        stack.push_async_callback(database.close)
        await database.check_role()
        # Retries are off: httpx repeats nothing, and a transport with retries=0 does not reconnect either.
        http = await stack.enter_async_context(
            httpx.AsyncClient(timeout=settings.request_timeout_s, follow_redirects=False, trust_env=False)
        )
        ports = Ports(
            mailbox=mailbox(settings, http),
            crm=crm(settings, http),
            calendar=calendar(settings, http),
            messenger=messenger.SlackMessenger(slack_client(settings)),
        )
        bell = Bell(redis_url)
        bell.start()
        stack.push_async_callback(bell.close)
        await _ensure_workspace(database, settings, clock())
        yield Services(
            settings=settings,
            workspace=here,
            database=database,
            bell=bell,
            ports=ports,
            runner=Runner(database, ports, clock, timings(settings)),
            forms=FormMappings.load(settings.forms_file),
            clock=clock,
        )


async def _ensure_workspace(database: Database, settings: Settings, now: datetime) -> None:
    chosen = WorkspaceSettings(
        default_owner=settings.default_owner,
        daily_mail_cap=settings.daily_mail_cap,
        guardrails=settings.guardrails(),
        public_url=settings.public_url or "",
        digest=settings.digest,
        voice=Voice(
            name=settings.voice_name,
            company=settings.voice_company,
            sign_off=settings.voice_sign_off,
            booking_link=settings.voice_booking_link,
        ),
    )
    async with database.begin() as db:
        await workspace.ensure(db, id=database.workspace, name=settings.workspace, settings=chosen, now=now)
        if settings.paused and not (await switch.sending(db)).here.paused:
            await switch.pause(db, by="caseyos", reason="CASEYOS_PAUSED is set", now=now)
