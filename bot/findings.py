"""What `caseyos doctor` finds: one line for each thing, and what the settings alone already say."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

from bot.logs import scrub
from bot.settings import Settings
from bot.views.text import plain

SAID_LIMIT = 300
SLACK = "https://slack.com/"


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """`said` is what was seen or answered, `mend` what to do about it."""

    about: str
    level: Level
    said: str
    mend: str = ""


def ok(about: str, said: str) -> Finding:
    return Finding(about, Level.OK, said)


def warning(about: str, said: str, mend: str) -> Finding:
    return Finding(about, Level.WARNING, said, mend)


def problem(about: str, said: str, mend: str) -> Finding:
    return Finding(about, Level.PROBLEM, said, mend)


def without_secrets(text: str, settings: Settings) -> str:
    """The text as it may be shown: short, on one line, and without anything that a setting keeps secret."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and value.get_secret_value():
            text = text.replace(value.get_secret_value(), "[…]")
    return plain(scrub(text), SAID_LIMIT)


def of_settings(settings: Settings) -> list[Finding]:
    """What is missing or contradicts itself, seen without asking anybody; one line when nothing is."""
    found = [*_slack(settings), *_google(settings), *_sending(settings)]
    return found or [ok("settings", "nothing is missing and nothing contradicts itself")]


def _slack(settings: Settings) -> Iterator[Finding]:
    for name, token, start in (
        ("SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-"),
        ("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-"),
    ):
        if token is not None and not token.get_secret_value().startswith(start):
            yield problem(
                "settings", f"CASEYOS_{name} does not begin with {start}", f"copy the token that begins with {start}"
            )
    ways_in = settings.slack_app_token, settings.slack_signing_secret
    if settings.slack_bot_token is not None and ways_in == (None, None):
        yield problem(
            "settings",
            "no way for a press to come in: neither CASEYOS_SLACK_APP_TOKEN nor CASEYOS_SLACK_SIGNING_SECRET is set",
            "set the app token (Socket Mode), or the signing secret (HTTP mode)",
        )
    if settings.slack_api_url.startswith("http://") and "//127.0.0.1" not in settings.slack_api_url:
        yield warning("settings", "CASEYOS_SLACK_API_URL is not encrypted", "give an https address")
    if settings.default_owner is None:
        yield warning(
            "settings",
            "CASEYOS_DEFAULT_OWNER is not set: a form without an owner of its own waits",
            "set it to a Slack user id, such as U0123ABCD (a person's profile, Copy member ID)",
        )


def _google(settings: Settings) -> Iterator[Finding]:
    if settings.google_access_token is not None and settings.google_credentials is not None:
        yield warning(
            "settings",
            "CASEYOS_GOOGLE_ACCESS_TOKEN and CASEYOS_GOOGLE_CREDENTIALS are both set; the token is used, and ends",
            "keep the credentials and remove the token",
        )


def _sending(settings: Settings) -> Iterator[Finding]:
    for name, horizon in (("MAIL", settings.mail_horizon_s), ("SLACK", settings.slack_horizon_s)):
        if horizon < settings.request_timeout_s:
            yield problem(
                "settings",
                f"CASEYOS_{name}_HORIZON_S ({horizon:g}) is shorter than CASEYOS_REQUEST_TIMEOUT_S"
                f" ({settings.request_timeout_s:g}): what is only late would be made twice",
                "make the horizon longer than the timeout; the defaults are 120, 60 and 20",
            )
    if settings.daily_mail_cap == 0:
        yield warning("settings", "CASEYOS_DAILY_MAIL_CAP is 0: no mail ever leaves", "give a number above 0")
    if settings.voice_company == Settings.model_fields["voice_company"].default:
        yield warning(
            "settings",
            f"drafts are signed “{settings.voice_name}, {settings.voice_company}”",
            "set CASEYOS_VOICE_NAME and CASEYOS_VOICE_COMPANY",
        )
