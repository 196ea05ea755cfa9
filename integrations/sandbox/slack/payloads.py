"""The payloads a bot receives, whole as Slack sends them."""

import secrets
import time
from typing import Any

from integrations.sandbox.slack.messages import Message, shown
from integrations.sandbox.slack.people import (
    APP_ID,
    BOT_USER,
    PEOPLE,
    TEAM_DOMAIN,
    TEAM_ID,
    VERIFICATION_TOKEN,
    channel_name,
    users_of,
)

Payload = dict[str, Any]


def _common(kind: str, user: str) -> Payload:
    return {
        "type": kind,
        "user": users_of(user),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_press(
    user: str, message: Message, action: dict[str, Any], *, state: dict[str, Any], trigger_id: str, response_url: str
) -> Payload:
    channel, ephemeral = message["channel"], bool(message.get("is_ephemeral"))
    container = {"type": "message", "message_ts": message["ts"], "channel_id": channel, "is_ephemeral": ephemeral}
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    payload = _common("block_actions", user) | {
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": channel, "name": channel_name(channel)},
        "state": {"values": state},
        "response_url": response_url,
        "actions": [action],
    }
    return payload if ephemeral else payload | {"message": shown(message)}


def view_press(
    user: str, view: dict[str, Any], action: dict[str, Any], *, state: dict[str, Any], trigger_id: str
) -> Payload:
    return _common("block_actions", user) | {
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": trigger_id,
        "view": view | {"state": {"values": state}},
        "actions": [action],
    }


def submission(user: str, view: dict[str, Any], *, state: dict[str, Any], trigger_id: str) -> Payload:
    whole = view | {"state": {"values": state}}
    return _common("view_submission", user) | {"trigger_id": trigger_id, "view": whole, "response_urls": []}


def closed(user: str, view: dict[str, Any], *, is_cleared: bool) -> Payload:
    return _common("view_closed", user) | {"view": view, "is_cleared": is_cleared}


def command(user: str, channel: str, word: str, text: str, *, trigger_id: str, response_url: str) -> Payload:
    """All values are text: over HTTP this is a form."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel,
        "channel_name": channel_name(channel),
        "user_id": user,
        "user_name": PEOPLE[user][0],
        "command": word,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def event(inner: dict[str, Any]) -> Payload:
    who = {"enterprise_id": None, "team_id": TEAM_ID, "user_id": BOT_USER, "is_bot": True}
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [who | {"is_enterprise_install": False}],
        "is_ext_shared_channel": False,
        "event_context": secrets.token_urlsafe(24),
    }
