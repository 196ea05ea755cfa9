"""The one mailbox: its drafts, messages, threads and history, kept in the store."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox.gmail import mime
from integrations.sandbox.gmail.asked import MAILBOX
from integrations.sandbox.google.errors import invalid, not_found
from integrations.sandbox.store import rfc3339, utc_now

if TYPE_CHECKING:
    from integrations.sandbox.gmail.mime import Mail
    from integrations.sandbox.store import Store

OWNER = "Casey Morgan"
MESSAGE, DRAFT, THREAD, HISTORY, SETTING = (
    "gmail_message",
    "gmail_draft",
    "gmail_thread",
    "gmail_history",
    "gmail_setting",
)
HISTORY_BASE = 184_000
HISTORY_STEP = 3
_SCATTER = 0x9E3779B97F4A7C15

Doc = dict[str, Any]


class Mailbox:
    """Callers hold a transaction of the store around each change and its ledger line."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- reading

    def history_id(self) -> int:
        return HISTORY_BASE + HISTORY_STEP * self._store.counter(HISTORY)

    def totals(self) -> tuple[int, int]:
        """How many messages and threads there are."""
        return self._store.count(MESSAGE), self._store.count(THREAD)

    def message(self, id: str) -> Doc:
        found = self._store.get(MESSAGE, _hex_id(id, "Invalid id value"))
        if found is None:
            raise not_found()
        return found

    def messages(self) -> list[Doc]:
        """All of them, drafts too, oldest first."""
        return self._store.all(MESSAGE)

    def draft(self, id: str) -> Doc:
        """`{"id", "messageId", "n"}`."""
        found = self._store.get(DRAFT, id)
        if found is None:
            raise not_found()
        return found

    def drafts(self) -> list[Doc]:
        return self._store.all(DRAFT)

    def thread(self, id: str) -> list[Doc]:
        found = self._store.get(THREAD, _hex_id(id, "Invalid thread_id value"))
        if found is None:
            raise not_found()
        return [self.message(message) for message in found["messages"]]

    def history(self, start: int) -> list[Doc]:
        """Every record after `start`; refused with 404 when it is too old or was never given out."""
        setting = self._store.get(SETTING, "oldest_history") or {"id": HISTORY_BASE}
        if not setting["id"] <= start <= self.history_id():
            raise not_found()
        first = (start - HISTORY_BASE) // HISTORY_STEP + 1
        found = (
            self._store.get(HISTORY, str(HISTORY_BASE + HISTORY_STEP * n))
            for n in range(first, self._store.counter(HISTORY) + 1)
        )
        return [record for record in found if record is not None]

    # -- changing

    def expire_history(self) -> int:
        """Forget all history up to now; the oldest id that still works comes back."""
        self._store.put(SETTING, "oldest_history", {"id": self.history_id()})
        return self.history_id()

    def create_draft(self, mail: Mail, thread_id: str | None) -> Doc:
        n = self._store.next_id(DRAFT)
        draft = {"id": f"r{n * _SCATTER % 2**62}", "n": n}
        message = self._keep(mail, self._thread_for(mail, thread_id), ["DRAFT"])
        self._note(added=[message])
        return self._put_draft(draft, message)

    def replace_draft(self, id: str, mail: Mail, thread_id: str | None) -> Doc:
        """Gmail never edits a draft's message: it puts a new one with a new id in its place."""
        draft = self.draft(id)
        old = self.message(draft["messageId"])
        same = thread_id == old["threadId"]
        message = self._keep(mail, thread_id if same else self._thread_for(mail, thread_id), ["DRAFT"])
        self._drop(old)
        self._note(added=[message], deleted=[old])
        return self._put_draft(draft, message)

    def delete_draft(self, id: str) -> Doc:
        """The message that was in it comes back."""
        draft = self.draft(id)
        message = self.message(draft["messageId"])
        self._drop(message)
        self._note(deleted=[message])
        self._store.delete(DRAFT, id)
        return message

    def send_draft(self, id: str) -> Doc:
        """The draft is consumed; its mail leaves in the same thread under new ids."""
        draft = self.draft(id)
        old = self.message(draft["messageId"])
        mail = mail_of(old)
        mime.refuse_without_recipient(mail)
        message = self._keep(mail, old["threadId"], _sent_labels(mail))
        self._drop(old)
        self._store.delete(DRAFT, id)
        self._note(added=[message], deleted=[old])
        return message

    def send(self, mail: Mail, thread_id: str | None) -> Doc:
        mime.refuse_without_recipient(mail)
        message = self._keep(mail, self._thread_for(mail, thread_id), _sent_labels(mail))
        self._note(added=[message])
        return message

    def receive(self, mail: Mail, thread_id: str) -> Doc:
        """A mail of somebody else arrives in a known thread."""
        message = self._keep(mail, thread_id, ["INBOX", "UNREAD"])
        self._note(added=[message])
        return message

    # -- inside

    def _thread_for(self, mail: Mail, thread_id: str | None) -> str | None:
        """The thread asked for if the mail belongs there; None for a new one."""
        if not thread_id:
            return None
        sent = [message for message in self.thread(thread_id) if "DRAFT" not in message["labelIds"]]
        follows = any(message["messageId"] in mail.answers() for message in sent)
        same = any(mime.subject_stem(message["subject"]) == mime.subject_stem(mail.subject) for message in sent)
        return thread_id if follows and same else None

    def _keep(self, mail: Mail, thread_id: str | None, labels: list[str]) -> Doc:
        now = utc_now()
        n = self._store.next_id(MESSAGE)
        id = f"19{n * _SCATTER % 2**56:014x}"
        if "INBOX" not in labels or "SENT" in labels:
            mail = mime.rewritten(
                mail,
                sender=MAILBOX,
                sender_name=OWNER,
                message_id=f"<CA{n * _SCATTER % 2**64:016X}@mail.gmail.example>",
                at=now,
                sent="SENT" in labels,
            )
        message = {
            "id": id,
            "n": n,
            "threadId": thread_id or id,
            "labelIds": labels,
            "historyId": "",
            "internalDate": str(_milliseconds(now)),
            "raw": base64.b64encode(mail.raw).decode("ascii"),
            **_shown(mail),
        }
        thread = self._store.get(THREAD, message["threadId"]) or {"id": message["threadId"], "messages": []}
        self._store.put(THREAD, thread["id"], {**thread, "messages": [*thread["messages"], id]})
        return message

    def _drop(self, message: Doc) -> None:
        self._store.delete(MESSAGE, message["id"])
        thread = self._store.get(THREAD, message["threadId"])
        left = [id for id in thread["messages"] if id != message["id"]] if thread else []
        if thread and left:
            self._store.put(THREAD, thread["id"], {**thread, "messages": left})
        else:
            self._store.delete(THREAD, message["threadId"])

    def _put_draft(self, draft: Doc, message: Doc) -> Doc:
        kept = {**draft, "messageId": message["id"]}
        self._store.put(DRAFT, draft["id"], kept)
        return kept

    def _note(self, *, added: list[Doc] | None = None, deleted: list[Doc] | None = None) -> None:
        """Write one history record and give its id to what was added."""
        id = str(HISTORY_BASE + HISTORY_STEP * self._store.next_id(HISTORY))
        record: Doc = {"id": id}
        for name, messages in (("messagesAdded", added), ("messagesDeleted", deleted)):
            if messages:
                record[name] = [{"message": {**reference(m), "labelIds": m["labelIds"]}} for m in messages]
        self._store.put(HISTORY, id, record)
        for message in added or []:
            message["historyId"] = id
            self._store.put(MESSAGE, message["id"], message)


def reference(message: Doc) -> dict[str, str]:
    return {"id": message["id"], "threadId": message["threadId"]}


def mail_of(message: Doc) -> Mail:
    return mime.parse(base64.b64decode(message["raw"]))


def facts(message: Doc) -> Doc:
    """The mail as the ledger and `GET /control/gmail` show it."""
    return {
        "id": message["id"],
        "thread_id": message["threadId"],
        "message_id": message["messageId"],
        "labels": message["labelIds"],
        "from": message["from"],
        "to": message["to"],
        "subject": message["subject"],
        "text": message["text"],
        "headers": message["headers"],
        "at": rfc3339(datetime.fromtimestamp(int(message["internalDate"]) / 1000, UTC)),
    }


def _shown(mail: Mail) -> Doc:
    headers: dict[str, str] = {}
    for name, value in mail.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return {
        "messageId": mail.message_id,
        "from": str(mail.message.get("From", "")),
        "to": mail.recipients(),
        "subject": mail.subject,
        "text": mail.text,
        "snippet": mime.snippet(mail),
        "headers": headers,
    }


def _sent_labels(mail: Mail) -> list[str]:
    return ["SENT", "INBOX", "UNREAD"] if MAILBOX in mail.recipients() else ["SENT"]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _hex_id(id: str, message: str) -> str:
    try:
        binascii.unhexlify(id.rjust(16, "0"))
    except (binascii.Error, ValueError) as error:
        raise invalid(message) from error
    return id
