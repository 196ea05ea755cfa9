"""Gmail's methods that change something, each with the effect it leaves in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sandbox.gmail import mime
from integrations.sandbox.gmail.asked import DRAFT_FIELDS, MESSAGE_FIELDS, decoded_raw, parameters
from integrations.sandbox.gmail.mailbox import Mailbox, facts, reference
from integrations.sandbox.google.asked import json_body, no_body
from integrations.sandbox.google.errors import invalid

if TYPE_CHECKING:
    from integrations.sandbox.calls import Answer, Call


def create_draft(call: Call) -> Answer:
    parameters(call)
    message: dict[str, Any] = json_body(call, "draft", DRAFT_FIELDS).get("message") or {}
    mail = mime.read(decoded_raw(message, "draft.message.raw"))
    mailbox = Mailbox(call.store)
    draft = mailbox.create_draft(mail, message.get("threadId"))
    kept = mailbox.message(draft["messageId"])
    call.effect("draft_created", {**facts(kept), "draft_id": draft["id"]})
    return _draft(draft["id"], kept)


def update_draft(call: Call) -> Answer:
    parameters(call)
    body = json_body(call, "draft", DRAFT_FIELDS)
    id = call.path["id"]
    if body.get("id", id) != id:
        raise invalid("Draft ID specified in request body must match ID in URL path.")
    return _draft(id, _replace(call, id, body.get("message") or {}))


def delete_draft(call: Call) -> Answer:
    parameters(call)
    no_body(call)
    id = call.path["id"]
    gone = Mailbox(call.store).delete_draft(id)
    call.effect("draft_deleted", {**facts(gone), "draft_id": id})
    return None


def send_draft(call: Call) -> Answer:
    parameters(call)
    body = json_body(call, "draft", DRAFT_FIELDS)
    id = body.get("id")
    if not id:
        raise invalid("Missing draft id")
    if body.get("message") is not None:
        _replace(call, id, body["message"])
    sent = Mailbox(call.store).send_draft(id)
    call.effect("mail_sent", {**facts(sent), "draft_id": id})
    return {**reference(sent), "labelIds": sent["labelIds"]}


def send_message(call: Call) -> Answer:
    parameters(call)
    body = json_body(call, "message", MESSAGE_FIELDS)
    mail = mime.read(decoded_raw(body, "message.raw"))
    sent = Mailbox(call.store).send(mail, body.get("threadId"))
    call.effect("mail_sent", {**facts(sent), "draft_id": None})
    return {**reference(sent), "labelIds": sent["labelIds"]}


def _replace(call: Call, id: str, message: dict[str, Any]) -> dict[str, Any]:
    mailbox = Mailbox(call.store)
    mailbox.draft(id)
    mail = mime.read(decoded_raw(message, "draft.message.raw"))
    draft = mailbox.replace_draft(id, mail, message.get("threadId"))
    kept = mailbox.message(draft["messageId"])
    call.effect("draft_updated", {**facts(kept), "draft_id": id})
    return kept


def _draft(id: str, message: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "message": {**reference(message), "labelIds": message["labelIds"]}}
