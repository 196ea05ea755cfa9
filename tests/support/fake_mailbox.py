"""A mailbox in memory that can lose answers, land late and see its caller die; every request and every mail is kept in a list."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from core.ports import (
    CrmRecord,
    DraftRef,
    LikeDraft,
    Mail,
    MailChanges,
    Rejected,
    SentRef,
    Unavailable,
    Unclear,
)

T = TypeVar("T")


class Answer(StrEnum):
    """How a request that changes something fares."""

    APPLIED = "applied"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    LOST_ANSWER = "lost_answer"
    LOST_REQUEST = "lost_request"
    LATE = "late"
    KILLED_BEFORE = "killed_before"
    KILLED_AFTER = "killed_after"


class Killed(BaseException):
    """The process that asked has died: nothing after this line of it runs."""


@dataclass(frozen=True)
class Draft:
    id: str
    key: str
    thread_id: str
    mail: Mail


@dataclass(frozen=True)
class Sent:
    id: str
    key: str
    thread_id: str
    mail: Mail


class FakeMailbox:
    """Fulfils core.ports.Mailbox, as strictly as Gmail: a draft can be sent once, and sending what is gone is unclear."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._late: list[tuple[datetime, Callable[[], object]]] = []
        self._ids = 0
        self.drafts: list[Draft] = []
        self.outbox: list[Sent] = []
        self.asked: list[str] = []
        """Every request that could change something: `create_draft KEY`, `send_draft ID`, `delete_draft ID`."""
        self.answers: list[Answer] = []
        """What happens to the next requests that change something; APPLIED when there is none left."""
        self.reads_fail: Exception | None = None
        self.late_by = timedelta(seconds=30)
        self.retry_after: timedelta | None = timedelta(seconds=7)
        """What it says when it is busy."""
        self.before_change: Callable[[], Awaitable[None]] | None = None
        """Runs once, while the next request is on its way."""

    async def rendered(self, mail: Mail, *, key: str) -> str:
        return f"To: {', '.join(mail.to)}\nSubject: {mail.subject}\n\n{mail.body}"

    async def create_draft(self, mail: Mail, *, key: str) -> DraftRef:
        def do() -> DraftRef:
            made = Draft(self._id("d"), key, self._id("t"), mail)
            self.drafts.append(made)
            return DraftRef(made.id, made.thread_id)

        return await self._change(f"create_draft {key}", do)

    async def read_draft(self, draft_id: str) -> Mail | None:
        found = self._read(draft_id)
        return None if found is None else found.mail

    async def send_draft(self, draft_id: str) -> SentRef:
        return await self._change(f"send_draft {draft_id}", lambda: self._send(draft_id))

    async def delete_draft(self, draft_id: str) -> None:
        await self._change(f"delete_draft {draft_id}", lambda: self.remove(draft_id))

    async def find_draft(self, *, key: str) -> DraftRef | None:
        self._reading()
        for draft in self.drafts:
            if draft.key == key:
                return DraftRef(draft.id, draft.thread_id)
        for sent in self.outbox:
            if sent.key == key:
                return DraftRef("sent-by-hand", sent.thread_id)
        return None

    async def drafts_like(self, mail: Mail, *, besides: str | None = None) -> tuple[LikeDraft, ...]:
        self._reading()
        return tuple(
            LikeDraft(draft.id, draft.key)
            for draft in self.drafts
            if draft.id != besides
            if set(draft.mail.to) == set(mail.to) and draft.mail.subject == mail.subject
        )

    async def find_sent(self, *, key: str, thread_id: str) -> SentRef | None:
        self._reading()
        for sent in self.outbox:
            if (sent.key, sent.thread_id) == (key, thread_id):
                return SentRef(sent.id, sent.thread_id)
        return None

    async def changes(self, cursor: str | None) -> MailChanges:
        return MailChanges(cursor or "0", ())

    # What a person does by hand in the mailbox.

    def edit(self, draft_id: str, **changed: str) -> None:
        self.drafts = [
            replace(draft, mail=replace(draft.mail, **changed)) if draft.id == draft_id else draft
            for draft in self.drafts
        ]

    def remove(self, draft_id: str) -> None:
        self.drafts = [draft for draft in self.drafts if draft.id != draft_id]

    def send_by_hand(self, draft_id: str) -> None:
        self._send(draft_id)

    def sent_to(self, address: str) -> list[Sent]:
        self._land()
        return [sent for sent in self.outbox if address in sent.mail.to]

    def _send(self, draft_id: str) -> SentRef:
        draft = next((draft for draft in self.drafts if draft.id == draft_id), None)
        if draft is None:
            raise Unclear("the draft is gone: it was sent or deleted by somebody else")
        self.remove(draft_id)
        sent = Sent(self._id("m"), draft.key, draft.thread_id, draft.mail)
        self.outbox.append(sent)
        return SentRef(sent.id, sent.thread_id)

    async def _change(self, what: str, do: Callable[[], T]) -> T:
        self._land()
        self.asked.append(what)
        if self.before_change is not None:
            during, self.before_change = self.before_change, None
            await during()
        match self.answers.pop(0) if self.answers else Answer.APPLIED:
            case Answer.APPLIED:
                return do()
            case Answer.REFUSED:
                raise Rejected("the mailbox says no")
            case Answer.UNAVAILABLE:
                raise Unavailable("the mailbox is busy", retry_after=self.retry_after)
            case Answer.LOST_ANSWER:
                do()
                raise Unclear("the answer was lost")
            case Answer.LOST_REQUEST:
                raise Unclear("the answer was lost")
            case Answer.LATE:
                self._late.append((self._clock() + self.late_by, do))
                raise Unclear("the answer was lost")
            case Answer.KILLED_BEFORE:
                raise Killed
            case Answer.KILLED_AFTER:
                do()
                raise Killed

    def _read(self, draft_id: str) -> Draft | None:
        self._reading()
        return next((draft for draft in self.drafts if draft.id == draft_id), None)

    def _reading(self) -> None:
        self._land()
        if self.reads_fail is not None:
            raise self.reads_fail

    def _land(self) -> None:
        due, self._late = (
            [one for one in self._late if one[0] <= self._clock()],
            [one for one in self._late if one[0] > self._clock()],
        )
        for _, do in due:
            with suppress(Unclear):  # what it was about is gone by now
                do()

    def _id(self, kind: str) -> str:
        self._ids += 1
        return f"{kind}{self._ids}"


class NoCrm:
    async def lookup(self, email: str) -> CrmRecord | None:
        return None
