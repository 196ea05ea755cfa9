"""The chat.* methods: post, update, delete, whisper, link."""

from typing import Any

from integrations.sandbox.slack import blocks as block_kit
from integrations.sandbox.slack.arguments import Arguments
from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.slack.messages import Message, shown
from integrations.sandbox.slack.people import BOT_USER, DIRECT_OF, PUBLIC_CHANNELS, TEAM_DOMAIN, can_see
from integrations.sandbox.slack.workspace import Workspace

MOST_TEXT = 40_000
MOST_UPDATED_TEXT = 4_000
MOST_METADATA = 8_000


def post(slack: Workspace, given: Arguments) -> dict[str, Any]:
    channel = resolve(slack, given["channel"])
    text, blocks = content(slack, given, MOST_TEXT)
    metadata = metadata_of(given)
    thread_ts = given.get("thread_ts")
    if thread_ts is not None:
        parent = slack.messages.get(channel, thread_ts)
        if parent is None:
            raise SlackError("thread_not_found", f"there is no message {thread_ts} in {channel}")
        thread_ts = parent.get("thread_ts", thread_ts)
    slack.posting_limit.spend(channel)
    message = slack.messages.post(
        channel,
        user=BOT_USER,
        text=text,
        blocks=blocks,
        thread_ts=thread_ts,
        broadcast=given.get("reply_broadcast", False),
        metadata=metadata,
        username=given.get("username"),
    )
    slack.effect("message_posted", {"channel": channel, "ts": message["ts"], "message": message})
    return {"channel": channel, "ts": message["ts"], "message": shown(message)}


def update(slack: Workspace, given: Arguments) -> dict[str, Any]:
    message = own_message(slack, given, "cant_update_message")
    text, blocks = content(slack, given, MOST_UPDATED_TEXT, needed=not given.get("metadata"))
    changed = change(slack, message, given, text, blocks)
    answer = {"channel": message["channel"], "ts": message["ts"], "text": changed["text"], "message": shown(changed)}
    slack.effect("message_updated", {"channel": message["channel"], "ts": message["ts"], "message": changed})
    return answer


def change(
    slack: Workspace, message: Message, given: Arguments, text: str, blocks: list[dict[str, Any]] | None
) -> Message:
    """Replace text and blocks as Slack does: text alone removes the blocks, metadata stays unless it is given."""
    changed = dict(message)
    if "text" in given or "markdown_text" in given or blocks is not None:
        changed["text"] = text
        changed.pop("blocks", None)
        if blocks:
            changed["blocks"] = blocks
    if "metadata" in given:
        changed.pop("metadata", None)
        if metadata := metadata_of(given):
            changed["metadata"] = metadata
    changed["edited"] = {"user": BOT_USER, "ts": slack.messages.new_ts()}
    slack.messages.keep(changed)
    return changed


def delete(slack: Workspace, given: Arguments) -> dict[str, Any]:
    message = own_message(slack, given, "cant_delete_message")
    slack.messages.remove(message)
    place = {"channel": message["channel"], "ts": message["ts"]}
    slack.effect("message_deleted", place)
    return place


def post_ephemeral(slack: Workspace, given: Arguments) -> dict[str, Any]:
    channel = resolve(slack, given["channel"])
    text, blocks = content(slack, given, MOST_TEXT)
    if given["user"] not in DIRECT_OF or not can_see(given["user"], channel):
        raise SlackError("user_not_in_channel", f"{given['user']} is not in {channel}")
    message = slack.messages.whisper(channel, given["user"], text, blocks)
    slack.effect("ephemeral_posted", {"channel": channel, "ts": message["ts"], "message": message})
    return {"message_ts": message["ts"]}


def permalink(slack: Workspace, given: Arguments) -> dict[str, Any]:
    message = slack.messages.get(given["channel"], given["message_ts"])
    if not slack.messages.exists(given["channel"]):
        raise SlackError("channel_not_found")
    if message is None:
        raise SlackError("message_not_found")
    link = f"https://{TEAM_DOMAIN}.example/archives/{given['channel']}/p{given['message_ts'].replace('.', '')}"
    if message.get("thread_ts") not in (None, message["ts"]):
        link += f"?thread_ts={message['thread_ts']}&cid={given['channel']}"
    return {"channel": given["channel"], "permalink": link}


def resolve(slack: Workspace, asked: str) -> str:
    """The channel that a post to this id, person or #name goes to; SlackError when there is none, or the bot is out."""
    by_name = {name: channel for channel, name in PUBLIC_CHANNELS.items()}
    channel = DIRECT_OF.get(asked) or by_name.get(asked.removeprefix("#"), asked)
    if not slack.messages.exists(channel):
        raise SlackError("channel_not_found", f"there is no channel {asked}")
    if not slack.messages.bot_is_member(channel):
        raise SlackError("not_in_channel", f"the bot is not in {channel}")
    return channel


def own_message(slack: Workspace, given: Arguments, not_own: str) -> Message:
    if not slack.messages.exists(given["channel"]):
        raise SlackError("channel_not_found", f"there is no channel {given['channel']}")
    message = slack.messages.get(given["channel"], given["ts"])
    if message is None:
        raise SlackError("message_not_found", f"there is no message {given['ts']} in {given['channel']}")
    if message["user"] != BOT_USER:
        raise SlackError(not_own, f"{given['ts']} is a message of {message['user']}")
    return message


def content(
    slack: Workspace, given: Arguments, most: int, *, needed: bool = True
) -> tuple[str, list[dict[str, Any]] | None]:
    """Text and completed blocks of a message; `needed` False lets both be missing. SlackError when Slack says no."""
    text, blocks = given.get("text", ""), given.get("blocks")
    if "markdown_text" in given:
        if text or blocks:
            raise SlackError("markdown_text_conflict", "markdown_text goes with neither text nor blocks")
        text, blocks = given["markdown_text"], [{"type": "markdown", "text": given["markdown_text"]}]
    if blocks is not None:
        if not isinstance(blocks, list):
            raise SlackError("invalid_blocks_format", "blocks must be an array")
        if wrong := block_kit.problems(blocks, "message", newest=slack.newest_blocks):
            raise SlackError("invalid_blocks", "; ".join(wrong), messages=wrong)
        blocks = block_kit.completed(blocks)
    if needed and not text.strip() and not blocks:
        raise SlackError("no_text", "neither text nor blocks were given")
    if len(text) > most:
        raise SlackError("msg_too_long", f"{len(text)} characters of text, at most {most}")
    return text, blocks


def metadata_of(given: Arguments) -> dict[str, Any] | None:
    """The message metadata, None when none is given or it is emptied by `{}`."""
    metadata = given.get("metadata")
    if metadata is None or metadata == {}:
        return None
    sound = (
        isinstance(metadata, dict)
        and set(metadata) == {"event_type", "event_payload"}
        and isinstance(metadata["event_type"], str)
        and 0 < len(metadata["event_type"]) <= 255
        and isinstance(metadata["event_payload"], dict)
    )
    if not sound:
        raise SlackError("invalid_metadata_format", "metadata is {event_type: string, event_payload: object}")
    if len(str(metadata["event_payload"])) > MOST_METADATA:
        raise SlackError("metadata_too_large", f"event_payload has more than {MOST_METADATA} characters")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}
