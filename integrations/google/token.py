"""Where access tokens for Google come from: one given, or a file of Google credentials that is refreshed in time."""

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from core.ports import Unavailable

GMAIL_SCOPES = ("https://www.googleapis.com/auth/gmail.compose", "https://www.googleapis.com/auth/gmail.readonly")
CALENDAR_SCOPES = (
    "https://www.googleapis.com/auth/calendar.events.owned",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
REFRESH_TIMEOUT_S = 10.0

Token = Callable[[], Awaitable[str]]


class BadCredentials(ValueError):
    """The credentials file cannot be used; the message says why and how to mend it."""


def token_source(
    *,
    access_token: str | None,
    credentials: Path | None,
    mailbox: str = "me",
    scopes: Sequence[str] = GMAIL_SCOPES,
) -> Token:
    """Tokens as the settings say: an access token as given (Google's end after an hour), or from a credentials file.

    The file is an authorized user's or a service account's JSON; a service account acts for `mailbox`, which then has
    to be an address, and asks for `scopes`, all of which its domain has to have granted; a user's file brings its own.
    With neither, every call raises Unavailable. Raises BadCredentials when the file cannot be used.
    """
    if access_token is not None:
        return _Given(access_token.strip()).current
    if credentials is not None:
        return _Refreshed(_load(credentials, mailbox, scopes)).current
    return _Given("").current


class _Given:
    def __init__(self, token: str) -> None:
        self._token = token

    async def current(self) -> str:
        if not self._token:
            raise Unavailable("no access to Google: set CASEYOS_GOOGLE_CREDENTIALS or CASEYOS_GOOGLE_ACCESS_TOKEN")
        return self._token


class _Refreshed:
    """Google's credentials, asked for a new token once it is about to run out, by one caller for all."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self._lock = asyncio.Lock()

    async def current(self) -> str:
        async with self._lock:
            if not self._credentials.valid:  # google-auth calls it invalid some minutes before it ends
                await asyncio.to_thread(_refresh, self._credentials)
            return str(self._credentials.token)


def _refresh(credentials: Any) -> None:
    from google.auth.exceptions import GoogleAuthError, RefreshError  # noqa: PLC0415  slow to import
    from google.auth.transport.requests import Request  # noqa: PLC0415  slow to import

    try:
        credentials.refresh(functools.partial(Request(), timeout=REFRESH_TIMEOUT_S))
    except RefreshError as error:
        if error.retryable:
            raise Unavailable("Google cannot renew the access right now") from error
        why = str(error.args[0])[:120] if error.args else "no reason given"
        raise Unavailable(
            f"Google refuses to renew the access ({why}):"
            " sign in again and replace the file in CASEYOS_GOOGLE_CREDENTIALS"
        ) from error
    except GoogleAuthError as error:
        raise Unavailable(f"Google's token service cannot be reached ({type(error).__name__})") from error


def _load(path: Path, mailbox: str, scopes: Sequence[str]) -> Any:
    from google.oauth2 import credentials, service_account  # noqa: PLC0415  slow to import

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadCredentials(f"{path}: cannot be read ({error.strerror}); set CASEYOS_GOOGLE_CREDENTIALS") from error
    except ValueError as error:
        raise BadCredentials(f"{path}: is not JSON; download the credentials from Google again") from error
    kind = content.get("type") if isinstance(content, dict) else None
    if kind not in ("service_account", "authorized_user"):
        raise BadCredentials(f'{path}: "type" is neither authorized_user nor service_account')
    if kind == "service_account" and "@" not in mailbox:
        raise BadCredentials(f"{path}: a service account needs the address of the mailbox it acts for")
    made: Any
    try:
        if kind == "service_account":
            made = service_account.Credentials
            return made.from_service_account_info(content, scopes=scopes).with_subject(mailbox)
        made = credentials.Credentials
        found = made.from_authorized_user_info(content)
        # The library reads a service account's token_uri from the file, and leaves out a user's.
        return found.with_token_uri(content["token_uri"]) if content.get("token_uri") else found
    except (ValueError, KeyError, TypeError) as error:
        raise BadCredentials(f"{path}: {str(error)[:120]}; download the credentials from Google again") from error
