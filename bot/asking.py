"""Asks each service, for `caseyos doctor`, whether it is there, takes our token and lets us do what we do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import wiring
from bot.findings import Finding, ok, problem, warning
from bot.scopes import BOT_SCOPES
from bot.settings import Settings
from core.ports import Rejected, Unavailable, Unclear
from integrations.forms.mapping import BadMapping, FormMappings
from integrations.google.token import CALENDAR_SCOPES, BadCredentials
from integrations.google.token import GMAIL_SCOPES as SCOPES

OLDEST_REDIS = 6
NOTICEABLE_SKEW = timedelta(seconds=5)
WORST_SKEW = timedelta(seconds=60)
"""Slack's and the forms' signatures are good for five minutes either way; leave them room."""

NOTHING = "0" * 33
NOBODY = "doctor@nobody.example"
"""An address that no CRM knows: asking for it shows that asking works."""

_SLACK_DOWN = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
_REINSTALL = "reinstall the app at api.slack.com/apps and set CASEYOS_SLACK_BOT_TOKEN again"


async def slack(settings: Settings) -> list[Finding]:
    """The bot token, its scopes, and how far our clock is from Slack's."""
    if settings.slack_bot_token is None:
        return [
            problem(
                "Slack",
                "CASEYOS_SLACK_BOT_TOKEN is not set: forms are kept, cards wait",
                "make the app from manifest.yml at api.slack.com/apps, install it, and set its bot token",
            )
        ]
    try:
        answer = await wiring.slack_client(settings).auth_test()
    except SlackApiError as no:
        said = str(no.response.get("error", "an error without a name"))
        return [problem("Slack", f"Slack answers {said}", _REINSTALL)]
    except _SLACK_DOWN as down:
        return [_away("Slack", settings.slack_api_url, down, "CASEYOS_SLACK_API_URL")]
    headers = httpx.Headers({str(name): str(value) for name, value in answer.headers.items()})
    team, user = answer.get("team", "a team without a name"), answer.get("user", answer.get("user_id", "?"))
    return [ok("Slack", f"team {team}, as {user}"), _scopes(headers), _skew(headers)]


def _scopes(headers: Mapping[str, str]) -> Finding:
    said = headers.get("x-oauth-scopes")
    if said is None:
        return ok("Slack's scopes", "the answer names none, so they cannot be compared")
    granted = {scope.strip() for scope in said.split(",") if scope.strip()}
    if missing := sorted(BOT_SCOPES - granted):
        return problem(
            "Slack's scopes",
            f"missing: {', '.join(missing)}",
            "add them under OAuth & Permissions (or renew the app from manifest.yml) and reinstall the app",
        )
    if more := sorted(granted - BOT_SCOPES):
        return warning("Slack's scopes", f"more than is used: {', '.join(more)}", "remove them: they are a risk only")
    return ok("Slack's scopes", ", ".join(sorted(granted)))


def _skew(headers: Mapping[str, str]) -> Finding:
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return ok("clock", "Slack's answer has no date to compare with")
    off = abs(wiring.utc_now() - theirs)
    said = f"{off.total_seconds():.0f} s from Slack's"
    mend = "let this machine keep its time by NTP (timedatectl set-ntp true)"
    if off > WORST_SKEW:
        return problem("clock", f"{said}: signed requests are going to be refused", mend)
    return warning("clock", said, mend) if off > NOTICEABLE_SKEW else ok("clock", said)


async def socket(settings: Settings) -> list[Finding]:
    """Whether the app token opens Socket Mode."""
    if settings.slack_app_token is None:
        if settings.slack_signing_secret is None:
            return []
        return [ok("Slack's way in", "HTTP mode: Slack sends to /slack/events of this bot's public address")]
    try:
        token = settings.slack_app_token.get_secret_value()
        await wiring.slack_client(settings).apps_connections_open(app_token=token)
    except SlackApiError as no:
        said = str(no.response.get("error", "an error without a name"))
        mend = "make an app-level token with connections:write (Basic Information), and switch Socket Mode on"
        return [problem("Slack's way in", f"Slack answers {said}", mend)]
    except _SLACK_DOWN as down:
        return [_away("Slack's way in", settings.slack_api_url, down, "CASEYOS_SLACK_API_URL")]
    return [ok("Slack's way in", "Socket Mode opens")]


async def redis(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        return [problem("Redis", "CASEYOS_REDIS_URL is not set", "give a Redis or Valkey address, or use `caseyos up`")]
    try:
        client = Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=5, socket_connect_timeout=5)
        try:
            about = await client.info("server")
        finally:
            await client.aclose()
    except (RedisError, OSError, TimeoutError, ValueError) as down:
        return [
            problem("Redis", f"does not answer: {down}", "check CASEYOS_REDIS_URL; work is found by sweeping till then")
        ]
    name = "Valkey" if "valkey_version" in about else "Redis"
    version = str(about.get("valkey_version", about.get("redis_version", "?")))
    if int(str(about.get("redis_version", OLDEST_REDIS)).split(".", maxsplit=1)[0]) < OLDEST_REDIS:
        return [problem("Redis", f"{name} {version} is too old", f"use version {OLDEST_REDIS} or newer")]
    return [ok("Redis", f"{name} {version}")]


async def hubspot(settings: Settings, http: httpx.AsyncClient) -> list[Finding]:
    if settings.hubspot_token is None:
        mend = "make a private app that may read contacts, companies and deals, and set CASEYOS_HUBSPOT_TOKEN"
        return [warning("HubSpot", "not set up: cards say that nobody could be asked", mend)]
    try:
        await wiring.crm(settings, http).lookup(NOBODY)
    except (Rejected, Unavailable) as no:
        mend = "check CASEYOS_HUBSPOT_TOKEN and that its app may read contacts, companies and deals"
        return [problem("HubSpot", str(no), mend)]
    return [ok("HubSpot", "contacts can be read"), await _tasks(settings, http)]


async def _tasks(settings: Settings, http: httpx.AsyncClient) -> Finding:
    """Whether a task can be found by our key: the portal needs a property for it, once."""
    try:
        await wiring.crm(settings, http).find_task(key=NOTHING)
    except Rejected as no:
        return problem("HubSpot's tasks", str(no), "see docs/how-to/connect.md; until then no task is created")
    except Unavailable as down:
        return warning("HubSpot's tasks", str(down), "ask again")
    return ok("HubSpot's tasks", "found by their key")


async def calendar(settings: Settings, http: httpx.AsyncClient) -> list[Finding]:
    """The token's right to read when the owner is busy."""
    if settings.google_access_token is None and settings.google_credentials is None:
        return [warning("Calendar", "not set up: no meeting is proposed", "set CASEYOS_GOOGLE_CREDENTIALS")]
    now = datetime.now(UTC)
    try:
        await wiring.calendar(settings, http).busy(now, now + timedelta(hours=1))
    except BadCredentials as wrong:
        return [problem("Calendar", str(wrong), "set CASEYOS_GOOGLE_CREDENTIALS to a file that Google gave out")]
    except (Rejected, Unavailable, Unclear, ValueError) as no:
        mend = f"sign in again with the scopes {', '.join(_last_words(CALENDAR_SCOPES))}"
        return [problem("Calendar", str(no), mend)]
    return [ok("Calendar", "free and busy can be read")]


async def gmail(settings: Settings, http: httpx.AsyncClient) -> list[Finding]:
    """The token, by reading the profile and the history; the scopes where the credentials name them."""
    if settings.google_access_token is None and settings.google_credentials is None:
        mend = "set CASEYOS_GOOGLE_CREDENTIALS to a file of authorized-user or service-account JSON"
        return [warning("Gmail", "not set up: no mail leaves and no reply is seen", mend)]
    try:
        mailbox = wiring.mailbox(settings, http)
        begin = (await mailbox.changes(None)).cursor
        await mailbox.changes(begin)
    except BadCredentials as wrong:
        return [problem("Gmail", str(wrong), "set CASEYOS_GOOGLE_CREDENTIALS to a file that Google gave out")]
    except (Rejected, Unavailable, Unclear, ValueError) as no:
        mend = f"sign in again with the scopes {', '.join(_last_words(SCOPES))}"
        return [problem("Gmail", str(no), mend)]
    return [ok("Gmail", "profile and history can be read"), *_google_scopes(settings)]


def _google_scopes(settings: Settings) -> list[Finding]:
    """An authorized user's file may name what was granted; a token alone tells nothing."""
    if settings.google_access_token is not None or settings.google_credentials is None:
        return []
    granted = json.loads(settings.google_credentials.read_text(encoding="utf-8")).get("scopes")
    if not isinstance(granted, list) or "https://mail.google.com/" in granted:
        return []
    whole = "https://www.googleapis.com/auth/gmail.modify" in granted  # holds both of ours
    missing = [] if whole else [scope for scope in SCOPES if scope not in granted]
    if missing:
        said = f"missing: {', '.join(_last_words(missing))}"
        return [problem("Gmail's scopes", said, "sign in again, granting them, and replace the credentials file")]
    return [ok("Gmail's scopes", ", ".join(_last_words(granted)))]


def _last_words(scopes: list[str] | tuple[str, ...]) -> list[str]:
    return [scope.rstrip("/").rpartition("/")[2] for scope in scopes]


def forms(settings: Settings) -> list[Finding]:
    try:
        names = ", ".join(FormMappings.load(settings.forms_file).names())
    except BadMapping as wrong:
        return [problem("forms", str(wrong), "mend the file that CASEYOS_FORMS_FILE names")]
    if settings.forms_secret is None:
        mend = "draw a long random secret, set CASEYOS_FORMS_SECRET, and give it to the website"
        return [warning("forms", f"no secret is set, so none is taken (known: {names})", mend)]
    return [ok("forms", f"known: {names}")]


def _away(about: str, url: str, down: BaseException, setting: str) -> Finding:
    return problem(about, f"{url} cannot be reached ({type(down).__name__})", f"check the network and {setting}")
