"""Send a mail: a draft first, which can be seen and edited during the hold, then the draft is sent.

Gmail's draft is the one-shot token: it can be sent once, so a lost answer never becomes a second mail.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

from core.plan import Action, Editable, Plan, Step, Words, content_of
from core.ports import CannotTell, Mail, Ports, Receipt, Receipts, Rejected, Unavailable, Unclear


class SendEmail(BaseModel, frozen=True):
    to: Annotated[tuple[str, ...], Editable("To", "addresses", 500, empty="Give at least one address")] = Field(
        min_length=1, max_length=20
    )
    subject: Annotated[
        str, Editable("Subject", limit=250, empty="A mail without a subject looks like spam: give it one")
    ] = Field(min_length=1, max_length=250)
    body: Annotated[str, Editable("Text", "text", 3000, empty="There is nothing to send yet")] = Field(
        min_length=1, max_length=50_000
    )
    from_name: str = ""
    unsubscribe_url: str | None = None

    def mail(self) -> Mail:
        return Mail(
            to=self.to,
            subject=self.subject,
            body=self.body,
            from_name=self.from_name,
            unsubscribe_url=self.unsubscribe_url,
        )


def plan(params: SendEmail) -> Plan:
    summary = f"Mail to {', '.join(params.to)}: {params.subject}"
    return Plan(
        kind="send_email",
        summary=summary,
        content=content_of(params),
        recipients=params.to,
        exact=(
            ("To", ", ".join(params.to)),
            ("Subject", params.subject),
            *params.mail().unsubscribe_headers,
            ("Text", params.body),
        ),
        subject=params.subject,
        body=params.body,
    )


@dataclass(frozen=True)
class CreateDraft(Step[SendEmail]):
    name: str = "create_draft"
    service: str = "gmail"
    sends: bool = False
    reversible: bool = True
    single_use: bool = True

    async def check(self, params: SendEmail, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        if first:
            return None  # nothing has to be read before a draft is made
        # An earlier try that was turned away may have made it all the same: one draft is enough.
        try:
            return await self.find(params, ports, key, done)
        except CannotTell as known:
            raise Unclear(str(known)) from known

    async def send(self, params: SendEmail, ports: Ports, key: str, done: Receipts) -> Receipt:
        made = await ports.mailbox.create_draft(params.mail(), key=key)
        return Receipt(made.draft_id, detail={"thread_id": made.thread_id})

    async def find(self, params: SendEmail, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        made = await ports.mailbox.find_draft(key=key)
        if made is not None:
            return Receipt(made.draft_id, "read back", {"thread_id": made.thread_id})
        if any(not other.key for other in await ports.mailbox.drafts_like(params.mail())):
            raise CannotTell(f"{_UNMARKED}, so nobody can tell whether it is ours: look at it, and delete it")
        return None

    async def undo(self, params: SendEmail, ports: Ports, key: str, receipt: Receipt) -> None:
        now = await ports.mailbox.read_draft(receipt.external_id)
        if now is None:
            sent = await ports.mailbox.find_sent(key=key, thread_id=receipt.detail["thread_id"])
            if sent is not None:
                raise Rejected("the mail was sent by hand from Gmail")
            return
        if difference := _difference(params.mail(), now):
            raise Rejected(f"your changed draft is still in Gmail: {difference}")
        await ports.mailbox.delete_draft(receipt.external_id)


@dataclass(frozen=True)
class SendDraft(Step[SendEmail]):
    name: str = "send_draft"
    service: str = "gmail"
    sends: bool = True
    reversible: bool = False
    single_use: bool = True

    async def check(self, params: SendEmail, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        now = await ports.mailbox.read_draft(done[0].external_id)
        if now is None:
            if (receipt := await self._sent(ports, key, done)) is not None:
                return receipt
            if not first:
                raise Unclear("the draft is gone from Gmail")
            raise Rejected("the draft was deleted in Gmail; nothing was sent from here")
        if difference := _difference(params.mail(), now):
            raise Rejected(f"the draft was changed in Gmail after the approval: {difference}")
        await self._no_other(params, ports, key, done[0].external_id)
        return None

    async def _no_other(self, params: SendEmail, ports: Ports, key: str, draft_id: str) -> None:
        """A second draft that carries our key is deleted; one that carries none is a person's to judge."""
        for other in await ports.mailbox.drafts_like(params.mail(), besides=draft_id):
            if other.key == draft_key(key):
                await _tidy(ports, other.draft_id)
            elif not other.key:
                raise Rejected(f"{_UNMARKED}: send it or delete it there, then execute this again; nothing was sent")

    async def send(self, params: SendEmail, ports: Ports, key: str, done: Receipts) -> Receipt:
        sent = await ports.mailbox.send_draft(done[0].external_id)
        return Receipt(sent.message_id, detail={"thread_id": sent.thread_id})

    async def find(self, params: SendEmail, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        if await ports.mailbox.read_draft(done[0].external_id) is not None:
            return None
        receipt = await self._sent(ports, key, done)
        if receipt is None:
            raise CannotTell("the draft is gone from Gmail, and no sent mail with our mark is in its thread")
        return receipt

    async def _sent(self, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        """The sent mail, wherever it was sent from: it carries the key of the draft that it was."""
        sent = await ports.mailbox.find_sent(key=draft_key(key), thread_id=done[0].detail["thread_id"])
        return None if sent is None else Receipt(sent.message_id, "read back", {"thread_id": sent.thread_id})

    async def undo(self, params: SendEmail, ports: Ports, key: str, receipt: Receipt) -> None:
        raise Rejected("a mail that has left cannot be called back")


_UNMARKED = "a draft to the same people under the same subject is in Gmail, without our mark"


async def _tidy(ports: Ports, draft_id: str) -> None:
    try:
        await ports.mailbox.delete_draft(draft_id)
    except Unclear as lost:  # it is looked for again before the mail leaves
        raise Unavailable(f"a second draft is being deleted: {lost}") from lost


async def rendered(params: SendEmail, ports: Ports, key: str) -> str:
    return await ports.mailbox.rendered(params.mail(), key=key)


def draft_key(send_key: str) -> str:
    """The key of the draft that a sending step sends: keys of one approval differ in their last digit, the step."""
    return f"{send_key[:-1]}0"


def _difference(approved: Mail, found: Mail) -> str:
    changed = []
    if sorted(approved.to) != sorted(found.to):
        changed.append(f"recipients are now {', '.join(found.to) or 'nobody'}")
    if approved.subject != found.subject:
        changed.append(f"the subject is now “{found.subject}”")
    if approved.body.split() != found.body.split():
        changed.append("the text is different")
    if approved.unsubscribe_url != found.unsubscribe_url:
        changed.append(
            "the unsubscribe link is gone" if not found.unsubscribe_url else "the unsubscribe link is another"
        )
    return "; ".join(changed)


SEND_EMAIL = Action(
    kind="send_email",
    params=SendEmail,
    plan=plan,
    steps=(CreateDraft(), SendDraft()),
    words=Words(
        title="Send this mail",
        submit="Send",
        promise="Exactly this leaves, {hold} s after you press Send if you choose no other time. Until then the card has Undo, "
        "and the draft lies in Gmail; afterwards a mail cannot be called back.",
        done="sent",
        place="Gmail",
        thing="mail",
    ),
    expects_reply=True,
    may_wait=True,
    rendered=rendered,
)
