"""What the bot's answers do to the screen: the ack of a submission or a command, and posts to a response URL."""

from typing import Any

from integrations.sandbox.slack import chat
from integrations.sandbox.slack.delivery import Answer
from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.slack.people import BOT_USER
from integrations.sandbox.slack.values import fields
from integrations.sandbox.slack.view_methods import sound
from integrations.sandbox.slack.workspace import Workspace

Said = dict[str, Any]

_MESSAGE_FIELDS = {"text", "blocks", "attachments", "response_type", "mrkdwn", "unfurl_links", "unfurl_media"}
_RESPONSE_FIELDS = _MESSAGE_FIELDS | {"replace_original", "delete_original", "thread_ts", "metadata"}


def apply_submission_answer(slack: Workspace, view_id: str, answer: Answer) -> str | None:
    """Close, keep, replace or cover the view as the ack says; what the person is told when the ack is no good."""
    if slack.views.get(view_id) is None:
        return None
    said = answer.response or {}
    try:
        with slack.store.transaction():
            _apply_submission(slack, view_id, said)
    except SlackError as error:
        slack.record("refused", "view_submission", {"error": error.error, "reason": error.reason, "response": said})
        return f"Slack could not use the answer: {error.reason}"
    return None


def _apply_submission(slack: Workspace, view_id: str, said: Said) -> None:
    opened = slack.views.get(view_id)
    if opened is None:
        return
    user, action = opened["user"], said.get("response_action")
    if action == "errors":
        slack.views.type_into(opened, opened["typed"], _errors(opened["view"], said.get("errors")))
        slack.effect("view_errors", {"user": user, "view_id": view_id, "errors": said["errors"]})
    elif action == "update":
        view = slack.views.update(view_id, sound(slack, said.get("view"), "modal"), None)["view"]
        slack.effect("view_updated", {"user": user, "view_id": view_id, "view": view})
    elif action == "push":
        view = slack.views.push(user, sound(slack, said.get("view"), "modal"))["view"]
        slack.effect("view_pushed", {"user": user, "view_id": view["id"], "view": view})
    elif action == "clear" or (action is None and not said):
        for gone in slack.views.close(view_id, all_of_stack=action == "clear"):
            slack.effect("view_closed", {"user": user, "view_id": gone["view"]["id"]})
    else:
        raise SlackError("invalid_response_action", f"{action} is none of errors, update, push, clear")


def _errors(view: dict[str, Any], errors: Any) -> dict[str, str]:
    inputs = {key[0] for key, (block, _) in fields(view["blocks"]).items() if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_errors", "errors is {block_id: text}")
    for block_id, text in errors.items():
        if block_id not in inputs:
            raise SlackError("invalid_errors", f"errors names {block_id}, which is not an input block of the view")
        if not isinstance(text, str) or not text:
            raise SlackError("invalid_errors", f"the error of {block_id} must be a text")
    return errors


def apply_command_answer(slack: Workspace, user: str, channel: str, said: Said) -> None:
    """The ack's payload as a message: for the person alone, or in the channel. One that says nothing posts nothing."""
    if not said.get("text") and not said.get("blocks"):
        return
    try:
        with slack.store.transaction():
            _refuse_unknown(said, _MESSAGE_FIELDS)
            _post(slack, user, channel, said)
    except SlackError as error:
        slack.record("refused", "slash_commands", {"error": error.error, "reason": error.reason, "response": said})


def apply_response(slack: Workspace, url: dict[str, Any], said: Said) -> None:
    """One post to a response URL; SlackError when Slack would refuse it."""
    _refuse_unknown(said, _RESPONSE_FIELDS)
    user, channel, ts = url["user"], url["channel"], url["ts"]
    if said.get("delete_original") is True or said.get("replace_original") is True:
        if ts is None:
            raise SlackError("no_original", "a command has no original message")
        _change_original(slack, url, said)
        return
    _post(slack, user, channel, said)


def _change_original(slack: Workspace, url: dict[str, Any], said: Said) -> None:
    channel, ts, removed = url["channel"], url["ts"], said.get("delete_original") is True
    found = slack.messages.whisper_of(url["user"], ts) if url["ephemeral"] else slack.messages.get(channel, ts)
    if found is None:
        raise SlackError("message_not_found", f"the message {ts} is gone")
    place = {"channel": channel, "ts": ts}
    if removed and url["ephemeral"]:
        slack.messages.forget_whisper(ts)
        slack.effect("ephemeral_deleted", place | {"user": url["user"]})
    elif removed:
        slack.messages.remove(found)
        slack.effect("message_deleted", place)
    else:
        text, blocks = chat.content(slack, said, chat.MOST_TEXT)
        if not url["ephemeral"]:
            changed = chat.change(slack, found, said, text, blocks)
            slack.effect("message_updated", place | {"message": changed})
            return
        changed = {name: value for name, value in found.items() if name != "blocks"} | {"text": text}
        changed |= {"blocks": blocks} if blocks else {}
        slack.messages.keep_whisper(changed)
        slack.effect("ephemeral_updated", place | {"message": changed})


def _post(slack: Workspace, user: str, channel: str, said: Said) -> None:
    text, blocks = chat.content(slack, said, chat.MOST_TEXT)
    kind = said.get("response_type", "ephemeral")
    if kind == "in_channel":
        thread_ts = said.get("thread_ts")
        message = slack.messages.post(channel, user=BOT_USER, text=text, blocks=blocks, thread_ts=thread_ts)
        slack.effect("message_posted", {"channel": channel, "ts": message["ts"], "message": message})
    elif kind == "ephemeral":
        message = slack.messages.whisper(channel, user, text, blocks)
        slack.effect("ephemeral_posted", {"channel": channel, "ts": message["ts"], "message": message})
    else:
        raise SlackError("invalid_response_type", f"{kind} is neither ephemeral nor in_channel")


def _refuse_unknown(said: Said, known: set[str]) -> None:
    if unknown := sorted(set(said) - known):
        raise SlackError("invalid_payload", f"unknown fields: {', '.join(unknown)}")
    if said.get("attachments"):
        raise SlackError("invalid_payload", "attachments is not served by the sandbox")
