"""Gmail's methods that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sandbox.gmail import mime, search
from integrations.sandbox.gmail.asked import MAILBOX, parameters
from integrations.sandbox.gmail.mailbox import Mailbox, mail_of, reference
from integrations.sandbox.google.asked import choice, flag, no_body, one, page_size, whole_number
from integrations.sandbox.google.errors import invalid

if TYPE_CHECKING:
    from integrations.sandbox.calls import Answer, Call

FORMATS = ("full", "metadata", "minimal", "raw")
HISTORY_TYPES = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}
SYSTEM_LABELS = (
    "CHAT",
    "SENT",
    "INBOX",
    "IMPORTANT",
    "TRASH",
    "DRAFT",
    "SPAM",
    "CATEGORY_FORUMS",
    "CATEGORY_UPDATES",
    "CATEGORY_PERSONAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_SOCIAL",
    "STARRED",
    "UNREAD",
)
LIST_PARAMETERS = ("includeSpamTrash", "maxResults", "pageToken", "q")
Doc = dict[str, Any]


def profile(call: Call) -> Answer:
    parameters(call)
    mailbox = Mailbox(call.store)
    messages, threads = mailbox.totals()
    return {
        "emailAddress": MAILBOX,
        "messagesTotal": messages,
        "threadsTotal": threads,
        "historyId": str(mailbox.history_id()),
    }


def draft(call: Call) -> Answer:
    found = parameters(call, "format")
    mailbox = Mailbox(call.store)
    kept = mailbox.draft(call.path["id"])
    form = choice(found, "format", FORMATS, "full")
    return {"id": kept["id"], "message": _formatted(mailbox.message(kept["messageId"]), form, None)}


def drafts(call: Call) -> Answer:
    found = parameters(call, *LIST_PARAMETERS)
    mailbox = Mailbox(call.store)
    matches = search.matcher(one(found, "q") or "")
    entries = []
    for kept in reversed(mailbox.drafts()):
        message = mailbox.message(kept["messageId"])
        if matches(message):
            entries.append((kept["n"], {"id": kept["id"], "message": reference(message)}))
    return _page(found, "drafts", entries)


def message(call: Call) -> Answer:
    found = parameters(call, "format", repeated=("metadataHeaders",))
    form = choice(found, "format", FORMATS, "full")
    return _formatted(Mailbox(call.store).message(call.path["id"]), form, found.get("metadataHeaders"))


def messages(call: Call) -> Answer:
    found = parameters(call, *LIST_PARAMETERS, repeated=("labelIds",))
    return _page(found, "messages", [(each["n"], reference(each)) for each in _found(call, found)])


def thread(call: Call) -> Answer:
    found = parameters(call, "format", repeated=("metadataHeaders",))
    form = choice(found, "format", FORMATS[:3], "full")
    inside = Mailbox(call.store).thread(call.path["id"])
    return {
        "id": call.path["id"],
        "historyId": max((each["historyId"] for each in inside), key=int),
        "messages": [_formatted(each, form, found.get("metadataHeaders")) for each in inside],
    }


def threads(call: Call) -> Answer:
    found = parameters(call, *LIST_PARAMETERS, repeated=("labelIds",))
    newest: dict[str, tuple[int, Doc]] = {}
    for each in _found(call, found):
        shown = {"id": each["threadId"], "snippet": each["snippet"], "historyId": each["historyId"]}
        newest.setdefault(each["threadId"], (each["n"], shown))
    return _page(found, "threads", list(newest.values()))


def history(call: Call) -> Answer:
    found = parameters(call, "startHistoryId", "labelId", "maxResults", "pageToken", repeated=("historyTypes",))
    start = one(found, "startHistoryId")
    if start is None:
        raise invalid("Missing required parameter: startHistoryId", "required")
    for kind in found.get("historyTypes", []):
        choice({"historyTypes": [kind]}, "historyTypes", tuple(HISTORY_TYPES), kind)
    wanted = {HISTORY_TYPES[kind] for kind in found.get("historyTypes", HISTORY_TYPES)}
    mailbox = Mailbox(call.store)
    records = mailbox.history(whole_number(start, "start_history_id"))
    after = _token(found)
    shown = []
    for record in records:
        filtered = _filtered(record, wanted, one(found, "labelId"))
        if filtered is not None and (after is None or int(record["id"]) > after):
            shown.append(filtered)
    size = page_size(found)
    answer: Doc = {"historyId": str(mailbox.history_id())}
    if shown:
        answer["history"] = shown[:size]
    if len(shown) > size:
        answer["nextPageToken"] = shown[size - 1]["id"]
    return answer


def labels(call: Call) -> Answer:
    parameters(call)
    no_body(call)
    return {"labels": [{"id": name, "name": name, "type": "system"} for name in SYSTEM_LABELS]}


def _filtered(record: Doc, wanted: set[str], label: str | None) -> Doc | None:
    """The record without the changes that were not asked for; None when nothing is left."""
    kept = {}
    for name in wanted & record.keys():
        changes = [each for each in record[name] if label is None or label in each["message"]["labelIds"]]
        if changes:
            kept[name] = changes
    if not kept:
        return None
    touched = [
        {"id": each["message"]["id"], "threadId": each["message"]["threadId"]}
        for changes in kept.values()
        for each in changes
    ]
    return {"id": record["id"], "messages": touched, **kept}


def _found(call: Call, found: dict[str, list[str]]) -> list[Doc]:
    """The messages that the list's parameters ask for, newest first."""
    matches = search.matcher(one(found, "q") or "")
    wanted = set(found.get("labelIds", []))
    hidden = set() if flag(found, "includeSpamTrash") else {"SPAM", "TRASH"}
    return [
        each
        for each in reversed(Mailbox(call.store).messages())
        if wanted <= set(each["labelIds"]) and not hidden & set(each["labelIds"]) and matches(each)
    ]


def _page(found: dict[str, list[str]], name: str, entries: list[tuple[int, Doc]]) -> Answer:
    """One page, newest first; like Gmail without the list's name when it is empty."""
    before = _token(found)
    left = [entry for entry in entries if before is None or entry[0] < before]
    size = page_size(found)
    answer: Doc = {"resultSizeEstimate": len(entries)}
    if left:
        answer[name] = [shown for _, shown in left[:size]]
    if len(left) > size:
        answer["nextPageToken"] = str(left[size - 1][0])
    return answer


def _token(found: dict[str, list[str]]) -> int | None:
    token = one(found, "pageToken")
    if token is None:
        return None
    if not token.isascii() or not token.isdigit():
        raise invalid("Invalid pageToken")
    return int(token)


def _formatted(each: Doc, form: str, headers: list[str] | None) -> Doc:
    mail = mail_of(each)
    shown: Doc = {
        "id": each["id"],
        "threadId": each["threadId"],
        "labelIds": each["labelIds"],
        "snippet": each["snippet"],
        "historyId": each["historyId"],
        "internalDate": each["internalDate"],
        "sizeEstimate": len(mail.raw),
    }
    if form == "raw":
        shown["raw"] = mime.urlsafe(mail.raw)
    elif form != "minimal":
        only = None if headers is None else {name.lower() for name in headers}
        shown["payload"] = mime.payload(mail, body=form == "full", only=only)
    return shown
