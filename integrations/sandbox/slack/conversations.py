"""The reading methods: conversations.*, users.info, auth.test."""

import base64
import binascii
from typing import Any

from integrations.sandbox.slack.arguments import Arguments
from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.slack.messages import Message, shown
from integrations.sandbox.slack.people import (
    BOT_ID,
    BOT_USER,
    DIRECT,
    DIRECT_OF,
    PEOPLE,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    channel_name,
    user_doc,
)
from integrations.sandbox.slack.workspace import Workspace

DEFAULT_LIMIT = 100
MOST_LIMIT = 999


def auth_test(_slack: Workspace, _given: Arguments) -> dict[str, Any]:
    return {
        "url": f"https://{TEAM_DOMAIN}.example/",
        "team": TEAM_NAME,
        "user": "caseyos",
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_direct(_slack: Workspace, given: Arguments) -> dict[str, Any]:
    if "channel" in given:
        channel = given["channel"]
        if channel not in DIRECT:
            raise SlackError("channel_not_found")
    else:
        users = [user for user in given.get("users", "").split(",") if user]
        if len(users) != 1:
            raise SlackError(
                "users_list_not_supplied" if not users else "not_enough_users", "exactly one user is served"
            )
        if users[0] not in DIRECT_OF:
            raise SlackError("user_not_found", f"there is no user {users[0]}")
        channel = DIRECT_OF[users[0]]
    whole = {"is_im": True, "user": DIRECT[channel], "is_open": True} if given.get("return_im") else {}
    return {"no_op": True, "already_open": True, "channel": {"id": channel, **whole}}


def info(slack: Workspace, given: Arguments) -> dict[str, Any]:
    channel = _known(slack, given["channel"])
    if channel in DIRECT:
        return {
            "channel": {"id": channel, "is_im": True, "user": DIRECT[channel], "is_open": True, "created": 1760000000}
        }
    doc = {
        "id": channel,
        "name": channel_name(channel),
        "name_normalized": channel_name(channel),
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_private": False,
        "is_archived": False,
        "is_general": channel == "C0GENERAL",
        "is_member": slack.messages.bot_is_member(channel),
        "created": 1760000000,
        "creator": "U0CASEY",
    }
    if given.get("include_num_members"):
        doc["num_members"] = len(PEOPLE) + 1
    return {"channel": doc}


def history(slack: Workspace, given: Arguments) -> dict[str, Any]:
    """Newest first, without replies that were not broadcast."""
    channel = _member(slack, given["channel"])
    whole = slack.messages.in_channel(channel)
    top = [
        one for one in whole if one.get("thread_ts", one["ts"]) == one["ts"] or one.get("subtype") == "thread_broadcast"
    ]
    page, cursor = _page(top[::-1], given)
    return _listing(page, cursor, given)


def replies(slack: Workspace, given: Arguments) -> dict[str, Any]:
    """The parent, then its replies, oldest first."""
    channel = _member(slack, given["channel"])
    asked = slack.messages.get(channel, given["ts"])
    if asked is None:
        raise SlackError("thread_not_found", f"there is no message {given['ts']} in {channel}")
    root_ts = str(asked.get("thread_ts") or asked["ts"])
    root = slack.messages.get(channel, root_ts)
    page, cursor = _page(slack.messages.replies(channel, root_ts), given)
    return _listing([*([root] if root else []), *page], cursor, given)


def user_info(_slack: Workspace, given: Arguments) -> dict[str, Any]:
    if given["user"] != BOT_USER and given["user"] not in PEOPLE:
        raise SlackError("user_not_found", f"there is no user {given['user']}")
    return {"user": user_doc(given["user"])}


def _known(slack: Workspace, channel: str) -> str:
    if not slack.messages.exists(channel):
        raise SlackError("channel_not_found", f"there is no channel {channel}")
    return channel


def _member(slack: Workspace, channel: str) -> str:
    if not slack.messages.bot_is_member(_known(slack, channel)):
        raise SlackError("not_in_channel", f"the bot is not in {channel}")
    return channel


def _listing(page: list[Message], cursor: str, given: Arguments) -> dict[str, Any]:
    messages = [shown(one, metadata=given.get("include_all_metadata", False)) for one in page]
    answer: dict[str, Any] = {"messages": messages, "has_more": bool(cursor), "pin_count": 0}
    return answer | {"response_metadata": {"next_cursor": cursor}}


def _page(ordered: list[Message], given: Arguments) -> tuple[list[Message], str]:
    inclusive = given.get("inclusive", False)
    oldest, latest = _moment(given.get("oldest"), "oldest"), _moment(given.get("latest"), "latest")
    within = [
        one
        for one in ordered
        if (oldest is None or float(one["ts"]) > oldest or (inclusive and float(one["ts"]) == oldest))
        and (latest is None or float(one["ts"]) < latest or (inclusive and float(one["ts"]) == latest))
    ]
    limit = given.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MOST_LIMIT:
        raise SlackError("invalid_limit", f"limit must be between 1 and {MOST_LIMIT}")
    start = _after(within, given.get("cursor"))
    page, rest = within[start : start + limit], within[start + limit :]
    return page, base64.b64encode(f"next_ts:{rest[0]['ts']}".encode()).decode() if rest else ""


def _after(within: list[Message], cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        word, _, ts = base64.b64decode(cursor, validate=True).decode().partition(":")
        return [one["ts"] for one in within].index(ts) if word == "next_ts" else _bad_cursor()
    except (binascii.Error, ValueError):
        return _bad_cursor()


def _bad_cursor() -> int:
    raise SlackError("invalid_cursor", "the cursor is not one of ours, or its message is gone")


def _moment(value: str | None, name: str) -> float | None:
    try:
        return None if value in (None, "") else float(value or "")
    except ValueError:
        raise SlackError(f"invalid_ts_{name}", f"{name} is not a timestamp") from None
