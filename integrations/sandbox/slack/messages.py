"""The channels' messages: written through to the store, read from memory."""

import copy
import time
from typing import Any

from integrations.sandbox.slack.people import APP_ID, BOT_ID, BOT_NAME, BOT_USER, DIRECT, PUBLIC_CHANNELS, TEAM_ID
from integrations.sandbox.store import Store

Message = dict[str, Any]

MESSAGE, EPHEMERAL, MARK, MEMBER = "slack_message", "slack_ephemeral", "slack_read", "slack_member"


class Messages:
    """Message documents carry `channel` and `metadata` beside what Slack shows; `shown` leaves those out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_channel: dict[str, dict[str, Message]] = {channel: {} for channel in (*PUBLIC_CHANNELS, *DIRECT)}
        self._last_us = 0
        for message in [*store.all(MESSAGE), *store.all(EPHEMERAL)]:
            seconds, micro = message["ts"].split(".")
            self._last_us = max(self._last_us, int(seconds) * 1_000_000 + int(micro))
        for message in store.all(MESSAGE):
            self._by_channel[message["channel"]][message["ts"]] = message

    def new_ts(self) -> str:
        """A timestamp of now that no message has had."""
        self._last_us = max(self._last_us + 1, time.time_ns() // 1000)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def exists(self, channel: str) -> bool:
        return channel in self._by_channel

    def get(self, channel: str, ts: str) -> Message | None:
        return self._by_channel.get(channel, {}).get(ts)

    def in_channel(self, channel: str) -> list[Message]:
        """Oldest first."""
        return list(self._by_channel[channel].values())

    def post(
        self,
        channel: str,
        *,
        user: str,
        text: str,
        blocks: list[dict[str, Any]] | None = None,
        thread_ts: str | None = None,
        broadcast: bool = False,
        metadata: dict[str, Any] | None = None,
        username: str | None = None,
    ) -> Message:
        message: Message = {"type": "message", "user": user, "ts": self.new_ts(), "text": text, "team": TEAM_ID}
        if user == BOT_USER:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": {"id": BOT_ID, "app_id": APP_ID}}
            message["bot_profile"] |= {"name": username or BOT_NAME, "team_id": TEAM_ID, "deleted": False}
        if blocks:
            message["blocks"] = blocks
        if thread_ts is not None:
            message["thread_ts"] = thread_ts
            if broadcast:
                message["subtype"] = "thread_broadcast"
        message["channel"] = channel
        if metadata:
            message["metadata"] = metadata
        self.keep(message)
        self._count_replies(channel, thread_ts)
        return message

    def keep(self, message: Message) -> None:
        self._by_channel[message["channel"]][message["ts"]] = message
        self._store.put(MESSAGE, f"{message['channel']}/{message['ts']}", message)

    def remove(self, message: Message) -> None:
        """Delete it; a parent with replies leaves a tombstone, as in Slack."""
        channel, ts = message["channel"], message["ts"]
        if message.get("reply_count"):
            kept = {name: message[name] for name in message if name.startswith(("reply_", "latest_")) or name == "ts"}
            tombstone = {"type": "message", "subtype": "tombstone", "text": "This message was deleted.", **kept}
            self.keep(tombstone | {"user": "USLACKBOT", "thread_ts": ts, "channel": channel})
            return
        del self._by_channel[channel][ts]
        self._store.delete(MESSAGE, f"{channel}/{ts}")
        self._count_replies(channel, message.get("thread_ts"))

    def replies(self, channel: str, thread_ts: str) -> list[Message]:
        """The replies of a thread without its parent, oldest first."""
        return [one for one in self.in_channel(channel) if one.get("thread_ts") == thread_ts and one["ts"] != thread_ts]

    def _count_replies(self, channel: str, thread_ts: str | None) -> None:
        parent = self.get(channel, thread_ts) if thread_ts else None
        if parent is None or thread_ts is None:
            return
        replies = self.replies(channel, thread_ts)
        for name in ("reply_count", "reply_users_count", "latest_reply", "reply_users", "thread_ts"):
            parent.pop(name, None)
        if replies:
            people = sorted({one["user"] for one in replies})
            parent |= {"thread_ts": thread_ts, "reply_count": len(replies), "latest_reply": replies[-1]["ts"]}
            parent |= {"reply_users": people, "reply_users_count": len(people)}
        self.keep(parent)

    def whisper(self, channel: str, user: str, text: str, blocks: list[dict[str, Any]] | None) -> Message:
        """Post a message that only `user` sees."""
        message: Message = {
            "type": "message",
            "ts": self.new_ts(),
            "channel": channel,
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "text": text,
            "is_ephemeral": True,
            "for": user,
        }
        if blocks:
            message["blocks"] = blocks
        self.keep_whisper(message)
        return message

    def keep_whisper(self, message: Message) -> None:
        self._store.put(EPHEMERAL, message["ts"], message)

    def whisper_of(self, user: str, ts: str) -> Message | None:
        message = self._store.get(EPHEMERAL, ts)
        return message if message is not None and message["for"] == user else None

    def whispers(self, user: str) -> list[Message]:
        return [one for one in self._store.all(EPHEMERAL) if one["for"] == user]

    def forget_whisper(self, ts: str) -> None:
        self._store.delete(EPHEMERAL, ts)

    def mark_read(self, user: str, channel: str) -> None:
        """The person has seen all there is in the channel."""
        newest = max(self._by_channel[channel], default="0")
        mark = self._store.get(MARK, f"{user}/{channel}")
        if mark is None or mark["ts"] != newest:
            self._store.put(MARK, f"{user}/{channel}", {"ts": newest})

    def unread(self, user: str, channel: str) -> int:
        mark = self._store.get(MARK, f"{user}/{channel}") or {"ts": "0"}
        return sum(one["ts"] > mark["ts"] and one["user"] != user for one in self.in_channel(channel))

    def bot_is_member(self, channel: str) -> bool:
        return (self._store.get(MEMBER, channel) or {"member": True})["member"] is True

    def set_member(self, channel: str, member: bool) -> None:
        self._store.put(MEMBER, channel, {"member": member})


def shown(message: Message, *, metadata: bool = False) -> Message:
    """The message as the Web API returns it."""
    hidden = {"channel"} if metadata else {"channel", "metadata"}
    return copy.deepcopy({name: value for name, value in message.items() if name not in hidden})
