"""What the domain needs from outside, in the domain's words, and the ways in which it can fail.

An integration fulfils a port and turns every failure into one of the errors below; nothing else may escape it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from core.card import Card
from core.money import Money
from core.note import Note


class Rejected(Exception):
    """The service said no and will say no again: fix the request, do not retry."""


class Unavailable(Exception):
    """The service surely did nothing. Trying again later may succeed; `retry_after` says when, if it said."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unclear(Exception):
    """The request left and no usable answer came: the change may or may not have happened."""


class CannotTell(Exception):
    """Reading back does not show whether the change happened. The message is what is known, for a person."""


@dataclass(frozen=True)
class Mail:
    """One plain-text mail as a person approves it. Addresses are bare (`dana@northpier.example`)."""

    to: tuple[str, ...]
    subject: str
    body: str
    from_name: str = ""
    thread_id: str | None = None
    in_reply_to: str | None = None


@dataclass(frozen=True)
class DraftRef:
    draft_id: str
    thread_id: str


@dataclass(frozen=True)
class SentRef:
    message_id: str
    thread_id: str


@dataclass(frozen=True)
class IncomingMail:
    """A mail that arrived; `text` is what the service calls its plain text, quotation included."""

    message_id: str
    thread_id: str
    sender: str
    subject: str
    text: str
    at: datetime
    automatic: bool
    snippet: str = ""


@dataclass(frozen=True)
class MailChanges:
    """What arrived since a cursor, and the cursor to go on from. Repeats are allowed, gaps are not."""

    cursor: str
    mails: tuple[IncomingMail, ...]


class Mailbox(Protocol):
    """One mailbox that can draft, send and be read."""

    async def create_draft(self, mail: Mail, *, key: str) -> DraftRef: ...

    async def read_draft(self, draft_id: str) -> Mail | None:
        """The draft as it is now, or None when it is gone."""
        ...

    async def send_draft(self, draft_id: str) -> SentRef: ...

    async def delete_draft(self, draft_id: str) -> None:
        """A draft that is gone already is fine."""
        ...

    async def find_draft(self, *, key: str) -> DraftRef | None: ...

    async def find_sent(self, *, key: str, thread_id: str) -> SentRef | None: ...

    async def changes(self, cursor: str | None) -> MailChanges:
        """Mails that came in since `cursor`; None starts at now. An outdated cursor is resynced inside."""
        ...


@dataclass(frozen=True)
class Deal:
    id: str
    name: str
    stage: str
    amount: Money | None


@dataclass(frozen=True)
class CrmRecord:
    """What the CRM holds about one address."""

    contact_id: str
    name: str
    company: str
    customer: bool
    unsubscribed: bool
    open_deals: tuple[Deal, ...] = ()


class Crm(Protocol):
    async def lookup(self, email: str) -> CrmRecord | None:
        """The contact with this address, its company and open deals; None when the CRM knows nobody."""
        ...


@dataclass(frozen=True)
class Posted:
    channel: str
    ts: str


class Messenger(Protocol):
    """Where cards and notes appear. Texts are rendered there; the domain hands over values."""

    async def dm(self, user: str) -> str:
        """The channel in which `user` and we talk alone. Asking twice changes nothing."""
        ...

    async def member(self, user: str) -> tuple[str, str]:
        """The person's name and time zone."""
        ...

    async def post_card(self, card: Card, *, channel: str, key: str) -> Posted: ...

    async def post_note(self, note: Note, *, channel: str, thread: str | None, key: str) -> Posted: ...

    async def whisper(self, note: Note, *, channel: str, user: str) -> None: ...

    async def update_card(self, card: Card, *, channel: str, ts: str) -> None: ...

    async def find_post(self, *, key: str, channel: str, thread: str | None, since: datetime) -> Posted | None: ...


@dataclass(frozen=True)
class Ports:
    mailbox: Mailbox
    crm: Crm
    messenger: Messenger


@dataclass(frozen=True)
class Receipt:
    """Proof of an effect: the service's id, what was seen, and how it is known (`answer`, `read back`, `a person`)."""

    external_id: str
    known_by: str = "answer"
    detail: dict[str, str] = field(default_factory=dict)


Receipts = Sequence[Receipt]
