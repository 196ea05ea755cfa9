"""Somebody wrote to us: answer within two hours, by mail, or with a meeting where they ask for one."""

from dataclasses import replace
from datetime import timedelta

from core import address, appointment, draft
from core.actions.book_meeting import BookMeeting
from core.actions.reply_in_thread import ReplyInThread
from core.actions.send_email import SendEmail
from core.appointment import Slot
from core.inquiry import Inquiry, interests
from core.plays import worth
from core.plays.facts import Conversation, Declined, PlayFacts, Proposal

ANSWER_INQUIRY = "answer_inquiry"
ANSWER_WITHIN = timedelta(hours=2)
MEETING_MINUTES = 30
SUBJECT_CHARS = 200

_ASKED = {
    "sponsor": "asks about sponsoring",
    "exhibit": "asks about exhibiting",
    "speak": "wants to speak",
    "attend": "wants to attend",
    "price": "asks for prices",
}


def answer_inquiry(inquiry: Inquiry, facts: PlayFacts) -> Proposal | Declined:
    email = address.parse(inquiry.email)
    who = worth.who(inquiry)
    if email is None:
        return Declined("no_address", f"{who} filled in the form {inquiry.form} without an address that mail can reach")
    if facts.suppressed:
        return Declined(
            "suppressed", f"{who} filled in the form {inquiry.form}, but must not be written to: {facts.suppressed}"
        )
    if ANSWER_INQUIRY in facts.live:
        return Declined(
            "duplicate", f"{who} filled in the form {inquiry.form} again; the answer to it is waiting already"
        )
    if facts.busy is not None and appointment.wanted(inquiry.message):
        slot = appointment.slot(inquiry.message, facts.busy, now=facts.now, zone=facts.zone, minutes=MEETING_MINUTES)
        if slot is not None:
            return _meeting(inquiry, facts, email, slot)
    return _mail(inquiry, facts, email)


def _mail(inquiry: Inquiry, facts: PlayFacts, email: str) -> Proposal:
    wants = interests(inquiry.message)
    written = draft.answer_inquiry(inquiry, wants, facts.voice)
    due_at = facts.received_at + ANSWER_WITHIN
    mail = SendEmail(to=(email,), subject=written.subject, body=written.body, from_name=facts.voice.name)
    proposal = Proposal(
        rule="form_inquiry",
        purpose=ANSWER_INQUIRY,
        action="send_email",
        params=mail,
        title=f"Reply to {worth.named(inquiry, facts)}",
        why=f"{_said(inquiry, wants)} The draft is ready.",
        due_at=due_at,
        facts=worth.score_facts(inquiry, wants, facts, due_at=due_at, minutes=4, effort="the draft is ready"),
        context=worth.context(facts),
    )
    return proposal if facts.conversation is None else _in_thread(proposal, mail, facts.conversation)


def _in_thread(proposal: Proposal, mail: SendEmail, conversation: Conversation) -> Proposal:
    """The same mail where the two of them are talking already, under that thread's subject."""
    subject = draft.one_line(conversation.subject, SUBJECT_CHARS) or mail.subject
    answering = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    return replace(
        proposal,
        action="reply_in_thread",
        params=ReplyInThread(
            **{**mail.model_dump(), "subject": answering},
            thread_id=conversation.thread_id,
            in_reply_to=conversation.answered,
        ),
        context=(*proposal.context, f"you are in conversation already: this goes into “{draft.one_line(subject, 80)}”"),
    )


def _meeting(inquiry: Inquiry, facts: PlayFacts, email: str, slot: Slot) -> Proposal:
    wants = interests(inquiry.message)
    written = draft.meeting(inquiry, wants, facts.voice)
    due_at = facts.received_at + ANSWER_WITHIN
    when = appointment.worded(slot.start, facts.zone)
    said = f"{when} is the time they name" if slot.named else f"{when} is free"
    if slot.instead_of is not None:
        said = f"they name {appointment.worded(slot.instead_of, facts.zone)}, when you are not free; {when} is"
    params = BookMeeting(
        title=written.subject,
        start=slot.start,
        minutes=MEETING_MINUTES,
        attendees=(email,),
        description=written.body,
        prep=_prep(inquiry, facts, when),
        zone=facts.zone,
        owner=facts.owner,
    )
    return Proposal(
        rule="form_meeting",
        purpose=ANSWER_INQUIRY,
        action="book_meeting",
        params=params,
        title=f"Meet {worth.named(inquiry, facts)}",
        why=f"{_said(inquiry, wants)} They want to talk: {said} (your clock).",
        due_at=due_at,
        facts=worth.score_facts(inquiry, wants, facts, due_at=due_at, minutes=3, effort="the invitation is ready"),
        context=worth.context(facts),
    )


def _prep(inquiry: Inquiry, facts: PlayFacts, when: str) -> str:
    """What to know before the talk: stating only what the record holds."""
    lines = [f"Prep for {when}: {worth.named(inquiry, facts)}"]
    if message := draft.one_line(inquiry.message, 800):
        lines.append(f"They wrote: “{message}”")
    if phone := draft.one_line(inquiry.phone, 60):
        lines.append(f"Phone: {phone}")
    return "\n".join([*lines, *worth.context(facts)])


def _said(inquiry: Inquiry, wants: tuple[str, ...]) -> str:
    start = " and ".join(_ASKED[one] for one in wants[:2]) or "wrote to you"
    quoted = draft.one_line(inquiry.message, 200)
    said = f": “{quoted}”" if quoted else "."
    return f"{start[0].upper()}{start[1:]}{said}"
