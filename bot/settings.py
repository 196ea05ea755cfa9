"""Settings: the environment, read once. Every field is listed in `.env.example`."""

import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis.connection import parse_url

from core.digest_settings import DigestSettings
from core.guardrails.settings import GuardrailSettings

PUBLIC_URL = r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*$"
"""Over https, as mail programs unsubscribe in no other way; nothing at the end, as a path follows it."""


class Settings(BaseSettings):
    """All settings have the prefix `CASEYOS_`; times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="CASEYOS_", env_file=".env", extra="ignore", frozen=True)

    database_url: SecretStr | None = None
    migration_database_url: SecretStr | None = None
    redis_url: SecretStr | None = None

    workspace: str = "default"
    default_owner: str | None = None
    digest_at: time | None = time(8)
    digest_days: str = "1-5"
    holidays: str = ""
    voice_name: str = "Casey"
    voice_company: str = "our team"
    voice_sign_off: str = "Best regards"
    voice_booking_link: str = ""

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"

    hubspot_token: SecretStr | None = None
    hubspot_api_url: str = "https://api.hubapi.com"

    google_credentials: Path | None = None
    google_access_token: SecretStr | None = None
    google_mailbox: str = "me"
    gmail_api_url: str = "https://gmail.googleapis.com/"
    calendar_api_url: str = "https://www.googleapis.com/"
    gmail_poll_s: Annotated[float, Field(gt=0)] = 20.0

    forms_secret: SecretStr | None = None
    forms_file: Path | None = None

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    worker_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    public_url: Annotated[str, Field(pattern=PUBLIC_URL)] | None = None

    paused: bool = False
    operators: str = ""
    hold_s: Annotated[float, Field(ge=0)] = 30.0
    daily_mail_cap: Annotated[int, Field(ge=0)] = 40
    guardrails_file: Path | None = None
    mail_horizon_s: Annotated[float, Field(gt=0)] = 120.0
    slack_horizon_s: Annotated[float, Field(gt=0)] = 60.0
    hubspot_horizon_s: Annotated[float, Field(gt=0)] = 60.0
    calendar_horizon_s: Annotated[float, Field(gt=0)] = 60.0
    lease_s: Annotated[float, Field(ge=2)] = 4.0
    request_timeout_s: Annotated[float, Field(gt=0)] = 20.0
    start_within_s: Annotated[float, Field(gt=0)] = 5.0
    sweep_s: Annotated[float, Field(gt=0)] = 1.0

    audit_heads: Path | None = None
    sentry_dsn: SecretStr | None = None
    log_format: Literal["json", "text"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator(
        "database_url",
        "migration_database_url",
        "redis_url",
        "default_owner",
        "digest_at",
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        "hubspot_token",
        "google_credentials",
        "google_access_token",
        "forms_secret",
        "forms_file",
        "worker_port",
        "public_url",
        "guardrails_file",
        "audit_heads",
        "sentry_dsn",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, given: object) -> object:
        """`CASEYOS_X=` in an environment file means that X is not set."""
        return None if given == "" else given

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, given: SecretStr | None) -> SecretStr | None:
        try:
            if given is not None:
                parse_url(given.get_secret_value())  # type: ignore[no-untyped-call]
        except ValueError:  # which may quote the password
            raise ValueError("is no Redis address: give one like redis://:password@host:6379/0") from None
        return given

    @property
    def digest(self) -> DigestSettings:
        """When the day's list comes to those who have chosen nothing else."""
        return DigestSettings(at=self.digest_at, days=weekdays(self.digest_days), holidays=self.holidays)

    @field_validator("digest_days")
    @classmethod
    def _weekdays(cls, given: str) -> str:
        weekdays(given)
        return given

    @field_validator("holidays")
    @classmethod
    def _region(cls, given: str) -> str:
        return DigestSettings(holidays=given).holidays

    @property
    def operator_ids(self) -> frozenset[str]:
        """Slack's ids of those who may pause all workspaces."""
        return frozenset(one.strip() for one in self.operators.split(",") if one.strip())

    def guardrails(self) -> GuardrailSettings:
        """What the guardrails file says, or the defaults. Raises BadGuardrails."""
        if self.guardrails_file is None:
            return GuardrailSettings()
        try:
            return GuardrailSettings.model_validate(tomllib.loads(self.guardrails_file.read_text(encoding="utf-8")))
        except ValidationError as wrong:
            said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong.errors())
            raise BadGuardrails(self.guardrails_file, said) from wrong
        except (OSError, ValueError) as wrong:
            raise BadGuardrails(self.guardrails_file, str(wrong)) from wrong


def weekdays(given: str) -> frozenset[int]:
    """`1-5` or `1,2,4` as ISO weekdays, Monday is 1. ValueError for anything else."""
    if not re.fullmatch(r"[1-7](-[1-7])?(,[1-7](-[1-7])?)*", given):
        raise ValueError("give weekdays as 1-5 or 1,2,4, where Monday is 1 and Sunday is 7")
    spans = [one.split("-") for one in given.split(",")]
    return frozenset(day for span in spans for day in range(int(span[0]), int(span[-1]) + 1))


class BadGuardrails(Exception):
    """The guardrails file cannot be used; the message says what is wrong in it, and where."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file} cannot be used for the guardrails: {why}")


class MissingSetting(Exception):
    """A setting without which the command cannot do its work."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"CASEYOS_{name.upper()} is not set: {why}")
        self.name = name


def needed(value: SecretStr | None, name: str, why: str) -> str:
    """The secret's text. Raises MissingSetting."""
    if value is None:
        raise MissingSetting(name, why)
    return value.get_secret_value()
