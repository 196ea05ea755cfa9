"""Trigger ids, which live three seconds and work once, and response URLs, which work five times in half an hour."""

import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.store import Store

TRIGGER_LIFE_S = 3.0
RESPONSE_URL_LIFE_S = 30 * 60
RESPONSE_URL_USES = 5
RESPONSE = "slack_response_url"


@dataclass
class _Trigger:
    user: str
    until: float
    exchanged: bool = False


class Triggers:
    """Kept in memory: after a restart every older trigger has expired anyway."""

    def __init__(self) -> None:
        self._issued: dict[str, _Trigger] = {}

    def issue(self, user: str) -> str:
        now = time.monotonic()
        self._issued = {key: one for key, one in self._issued.items() if one.until > now - 600}
        trigger_id = f"{time.time_ns() // 1000}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = _Trigger(user, now + TRIGGER_LIFE_S)
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """The user who triggered; SlackError when it is unknown, used or too old."""
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            ours = re.fullmatch(r"\d+\.\d+\.[0-9a-f]{32}", trigger_id)
            raise SlackError("expired_trigger_id" if ours else "invalid_trigger_id", f"no trigger {trigger_id} is open")
        if trigger.exchanged:
            raise SlackError("exchanged_trigger_id", "the trigger was used before")
        if time.monotonic() > trigger.until:
            raise SlackError("expired_trigger_id", f"a trigger lives {TRIGGER_LIFE_S:g} s")
        trigger.exchanged = True
        return trigger.user


class ResponseUrls:
    def __init__(self, store: Store) -> None:
        self._store = store

    def issue(self, user: str, channel: str, ts: str | None, *, ephemeral: bool) -> str:
        """The path of a new URL that answers this person's interaction with a message, or a command (`ts` None)."""
        key = secrets.token_urlsafe(18)
        doc = {"user": user, "channel": channel, "ts": ts, "ephemeral": ephemeral, "uses": 0}
        self._store.put(RESPONSE, key, doc | {"until": time.time() + RESPONSE_URL_LIFE_S})
        return f"/slack/response/{key}"

    def use(self, key: str) -> dict[str, Any]:
        """Count one use; SlackError when it is unknown, used up or too old."""
        doc = self._store.get(RESPONSE, key)
        if doc is None:
            raise SlackError("invalid_url", "no such response URL", status=404)
        if time.time() > doc["until"]:
            raise SlackError("expired_url", "response URLs live 30 minutes", status=404)
        if doc["uses"] >= RESPONSE_URL_USES:
            raise SlackError("used_url", f"response URLs work {RESPONSE_URL_USES} times", status=404)
        doc["uses"] += 1
        self._store.put(RESPONSE, key, doc)
        return doc
