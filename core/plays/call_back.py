"""Somebody left a phone number that the CRM does not have: a task to call them, beside the answer in writing."""

from datetime import timedelta

from core import address, appointment, draft
from core.actions.create_task import CreateTask
from core.inquiry import Inquiry, interests
from core.plays import worth
from core.plays.facts import PlayFacts, Proposal

CALL_BACK = "call_back"
ENOUGH_DIGITS = 7


def call_back(inquiry: Inquiry, facts: PlayFacts) -> Proposal | None:
    """Nothing where the number is no news or the CRM could not be asked, nor where a meeting is proposed already.

    The task is shown on the contact and belongs to who looks after it, if the CRM knows them.
    """
    phone = draft.one_line(inquiry.phone, 60)
    known = facts.crm_problem is not None or (facts.crm is not None and _end(phone) in map(_end, facts.crm.phones))
    meeting = facts.busy is not None and appointment.wanted(inquiry.message)
    if len(_end(phone)) < ENOUGH_DIGITS or known or meeting or facts.suppressed or address.parse(inquiry.email) is None:
        return None
    wants = interests(inquiry.message)
    due_at = appointment.next_working_morning(facts.now + timedelta(hours=12), facts.zone)
    body = f"{worth.named(inquiry, facts)}\n{phone}\n{inquiry.email.strip()}"
    if message := draft.one_line(inquiry.message, 800):
        body += f"\n\nThey wrote: “{message}”"
    return Proposal(
        rule="form_phone",
        purpose=CALL_BACK,
        action="create_task",
        params=CreateTask(
            subject=f"Call {worth.who(inquiry)}: {phone}",
            body=body,
            due_at=due_at,
            kind="CALL",
            contact_id=facts.crm.contact_id if facts.crm else "",
            owner_id=facts.crm.owner_id if facts.crm else "",
        ),
        title=f"Call {worth.named(inquiry, facts)}",
        why=f"Left a phone number that HubSpot does not have: {phone}. The task is ready.",
        due_at=due_at,
        facts=worth.score_facts(inquiry, wants, facts, due_at=due_at, minutes=10, effort="a call"),
    )


def _end(phone: str) -> str:
    """Its last digits, which are the same with and without the country's code."""
    return "".join(char for char in phone if char.isdecimal())[-ENOUGH_DIGITS:]
