"""What the domain needs from outside, in the domain's words, and the ways in which it can fail.

An integration fulfils a port and turns every failure into one of the errors below; nothing else may escape it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from core.card import Card
from core.digest import Digest
from core.money import Money
from core.note import Note

if TYPE_CHECKING:
    from core.home import Home  # it shows guardrails, which know plans, which know ports


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


UNSUBSCRIBE = "List-Unsubscribe"
ONE_CLICK = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


@dataclass(frozen=True)
class Mail:
    """One plain-text mail as a person approves it. Addresses are bare (`dana@northpier.example`).

    With `unsubscribe_url`, an https address, the recipient's mail program unsubscribes by one POST to it (RFC 8058).
    """

    to: tuple[str, ...]
    subject: str
    body: str
    from_name: str = ""
    thread_id: str | None = None
    in_reply_to: str | None = None
    unsubscribe_url: str | None = None

    @property
    def unsubscribe_headers(self) -> tuple[tuple[str, str], ...]:
        """Both headers of RFC 8058, or none."""
        return () if self.unsubscribe_url is None else ((UNSUBSCRIBE, f"<{self.unsubscribe_url}>"), ONE_CLICK)


@dataclass(frozen=True)
class DraftRef:
    draft_id: str
    thread_id: str


@dataclass(frozen=True)
class LikeDraft:
    """A draft that looks like a certain mail. `key` is the mark that it carries; empty where it carries none."""

    draft_id: str
    key: str


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
    bounced: str = ""
    """The address that a mail of ours could not be delivered to; empty for every other mail."""
    bounce_status: str = ""
    """An enhanced status code (RFC 3463), such as 5.1.1."""
    bounce_reason: str = ""
    header_id: str = ""
    """Its Message-ID, by which an answer names it; empty where it has none that is usable."""


@dataclass(frozen=True)
class MailChanges:
    """What arrived since a cursor, and the cursor to go on from. Repeats are allowed, gaps are not."""

    cursor: str
    mails: tuple[IncomingMail, ...]


class Mailbox(Protocol):
    """One mailbox that can draft, send and be read."""

    async def rendered(self, mail: Mail, *, key: str) -> str:
        """The mail as `create_draft` would hand it over, headers and all. Reads only. Raises Rejected."""
        ...

    async def create_draft(self, mail: Mail, *, key: str) -> DraftRef: ...

    async def read_draft(self, draft_id: str) -> Mail | None:
        """The draft as it is now, or None when it is gone."""
        ...

    async def send_draft(self, draft_id: str) -> SentRef: ...

    async def delete_draft(self, draft_id: str) -> None:
        """A draft that is gone already is fine. Raises Unclear as well when it is said to be gone and still shows."""
        ...

    async def find_draft(self, *, key: str) -> DraftRef | None: ...

    async def drafts_like(self, mail: Mail, *, besides: str | None = None) -> tuple[LikeDraft, ...]:
        """The drafts to the same people under the same subject, whoever made them, but not the one of this id.

        Their texts may differ.
        """
        ...

    async def find_sent(self, *, key: str, thread_id: str) -> SentRef | None: ...

    async def changes(self, cursor: str | None) -> MailChanges:
        """Mails that came in since `cursor`; None starts at now. An outdated cursor is resynced inside."""
        ...


@dataclass(frozen=True)
class Deal:
    """An open deal; `stage` is the label a person reads. `values` are those that a move may change (see DealNow)."""

    id: str
    name: str
    stage: str
    amount: Money | None
    values: Mapping[str, str] = field(default_factory=dict)
    owner_id: str = ""


@dataclass(frozen=True)
class CrmRecord:
    """What the CRM holds about one address. `owner_id` is the CRM's id of the colleague who looks after the contact."""

    contact_id: str
    name: str
    company: str
    customer: bool
    unsubscribed: bool
    open_deals: tuple[Deal, ...] = ()
    owner_id: str = ""
    phones: tuple[str, ...] = ()
    """As somebody typed them."""


@dataclass(frozen=True)
class Task:
    """A task as a person approves it. `kind` is CALL, EMAIL or TODO; `priority` is LOW, MEDIUM or HIGH."""

    subject: str
    body: str
    due_at: datetime
    kind: str = "TODO"
    priority: str = "MEDIUM"
    owner_id: str = ""


@dataclass(frozen=True)
class TaskNow:
    """A task as it stands in the CRM; `status` is the CRM's word, NOT_STARTED for one that nobody has touched."""

    id: str
    task: Task
    status: str


DEAL_FIELDS = ("stage", "amount", "close_date", "next_step")
"""What a move may change of a deal: the stage's id, a decimal number, an ISO date, a line of text; empty when unset."""


@dataclass(frozen=True)
class DealNow:
    """A deal as it stands in the CRM; `values` has every one of DEAL_FIELDS, as text."""

    id: str
    name: str
    values: Mapping[str, str]
    owner_id: str = ""


class Crm(Protocol):
    async def lookup(self, email: str) -> CrmRecord | None:
        """The contact with this address, its company and open deals; None when the CRM knows nobody."""
        ...

    async def create_task(self, task: Task, *, key: str) -> TaskNow:
        """Creates the task, or finds the one that carries `key` already: asking twice makes one task."""
        ...

    async def find_task(self, *, key: str) -> TaskNow | None:
        """The task that carries `key`, read past any index."""
        ...

    async def read_task(self, id: str) -> TaskNow | None:
        """The task as it is now, or None when it is gone."""
        ...

    async def delete_task(self, id: str) -> None:
        """A task that is gone already is fine."""
        ...

    async def tie_task(self, id: str, *, contact_id: str) -> None:
        """Shows the task on the contact. Asking twice changes nothing."""
        ...

    async def untie_task(self, id: str, *, contact_id: str) -> None:
        """A tie that is gone already is fine."""
        ...

    async def task_is_tied(self, id: str, *, contact_id: str) -> bool: ...

    async def read_deal(self, id: str) -> DealNow | None: ...

    async def change_deal(self, id: str, values: Mapping[str, str]) -> None:
        """Sets these of DEAL_FIELDS; an empty text clears one."""
        ...


@dataclass(frozen=True)
class Meeting:
    """A meeting as a person approves it. Times are aware; `zone` is the IANA zone in which it is shown."""

    title: str
    description: str
    start: datetime
    end: datetime
    zone: str
    attendees: tuple[str, ...]


@dataclass(frozen=True)
class EventNow:
    """An event as it stands in the calendar. `etag` changes with every change to it, an attendee's answer included."""

    event_id: str
    meeting: Meeting
    link: str
    etag: str
    cancelled: bool = False


@dataclass(frozen=True)
class Busy:
    start: datetime
    end: datetime


class Calendar(Protocol):
    """The owner's calendar."""

    async def busy(self, start: datetime, end: datetime) -> tuple[Busy, ...]:
        """When the owner is not free between the two, in order."""
        ...

    async def create_event(self, meeting: Meeting, *, event_id: str) -> EventNow:
        """Puts the meeting there under our id and invites its attendees by mail. An id that is taken is Unclear."""
        ...

    async def read_event(self, event_id: str) -> EventNow | None:
        """The event as it is now, `cancelled` when it was deleted; None when there never was one of this id."""
        ...

    async def cancel_event(self, event_id: str) -> None:
        """Deletes the event and tells its attendees. One that is gone already is fine.

        Raises Unclear as well when it is said to be gone and still stands there.
        """
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
        """The person's name and time zone. Raises Rejected for a bot, and for one who is not here any more."""
        ...

    async def post_card(self, card: Card, *, channel: str, key: str) -> Posted: ...

    async def post_note(self, note: Note, *, channel: str, thread: str | None, key: str) -> Posted: ...

    async def replace_with_note(self, note: Note, *, channel: str, ts: str) -> None:
        """A post of ours says this from now on; saying it again changes nothing."""
        ...

    async def whisper(self, note: Note, *, channel: str, user: str) -> None: ...

    async def update_card(self, card: Card, *, channel: str, ts: str) -> None: ...

    async def post_digest(self, digest: Digest, *, channel: str, key: str) -> Posted: ...

    async def update_digest(self, digest: Digest, *, channel: str, ts: str) -> None: ...

    async def show_home(self, home: "Home") -> None:
        """Draws the member's App Home; drawing the same again changes nothing."""
        ...

    async def find_post(self, *, key: str, channel: str, thread: str | None, since: datetime) -> Posted | None: ...

    async def answered(self, posted: Posted) -> bool:
        """Whether somebody else has written in the thread of this post."""
        ...

    async def delete_post(self, posted: Posted) -> None:
        """A post that is gone already is fine."""
        ...


@dataclass(frozen=True)
class Ports:
    mailbox: Mailbox
    crm: Crm
    calendar: Calendar
    messenger: Messenger


@dataclass(frozen=True)
class Receipt:
    """Proof of an effect: the service's id, what was seen, and how it is known (`answer`, `read back`, `a person`)."""

    external_id: str
    known_by: str = "answer"
    detail: dict[str, str] = field(default_factory=dict)


Receipts = Sequence[Receipt]
