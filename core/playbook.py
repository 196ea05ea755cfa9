"""The playbook: which signal proposes what, as pure functions from a signal's facts to a proposal or a reason for none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel

from core import address, aps, draft
from core.actions.send_email import SendEmail
from core.draft import Voice
from core.inquiry import FORM_SUBMITTED, Inquiry, interests
from core.ports import CrmRecord

ANSWER_INQUIRY = "answer_inquiry"
ANSWER_WITHIN = timedelta(hours=2)


@dataclass(frozen=True)
class PlayFacts:
    """What is known when a form comes in. `crm_problem` says why the CRM could not be asked."""

    now: datetime
    received_at: datetime
    voice: Voice
    suppressed: str | None = None
    live_move: str | None = None
    answered_lately: datetime | None = None
    crm: CrmRecord | None = None
    crm_problem: str | None = None


@dataclass(frozen=True)
class Proposal:
    rule: str
    purpose: str
    action: str
    params: BaseModel
    title: str
    why: str
    due_at: datetime
    facts: aps.Facts
    context: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Declined:
    """Nothing is proposed, and why; `code` names the case."""

    code: str
    reason: str


def form_inquiry(inquiry: Inquiry, facts: PlayFacts) -> Proposal | Declined:
    """Somebody wrote to us: answer within two hours."""
    email = address.parse(inquiry.email)
    who = draft.one_line(inquiry.name, 80) or draft.one_line(inquiry.email, 120) or "somebody without a name"
    if email is None:
        return Declined("no_address", f"{who} filled in the form {inquiry.form} without an address that mail can reach")
    if facts.suppressed:
        return Declined(
            "suppressed", f"{who} filled in the form {inquiry.form}, but must not be written to: {facts.suppressed}"
        )
    if facts.live_move is not None:
        return Declined(
            "duplicate", f"{who} filled in the form {inquiry.form} again; the answer to it is waiting already"
        )
    wants = interests(inquiry.message)
    written = draft.answer_inquiry(inquiry, wants, facts.voice)
    company = draft.one_line(inquiry.company, 80) or (draft.one_line(facts.crm.company, 80) if facts.crm else "")
    return Proposal(
        rule="form_inquiry",
        purpose=ANSWER_INQUIRY,
        action="send_email",
        params=SendEmail(to=(email,), subject=written.subject, body=written.body, from_name=facts.voice.name),
        title=f"Reply to {who}" + (f", {company}" if company else ""),
        why=_why(inquiry, wants),
        due_at=facts.received_at + ANSWER_WITHIN,
        facts=_score_facts(inquiry, wants, email, facts),
        context=_context(facts),
    )


def _why(inquiry: Inquiry, wants: tuple[str, ...]) -> str:
    asked = {
        "sponsor": "asks about sponsoring",
        "exhibit": "asks about exhibiting",
        "speak": "wants to speak",
        "attend": "wants to attend",
        "price": "asks for prices",
    }
    start = " and ".join(asked[one] for one in wants[:2]) or "wrote to you"
    quoted = draft.one_line(inquiry.message, 200)
    said = f": “{quoted}”" if quoted else "."
    return f"{start[0].upper()}{start[1:]}{said} The draft is ready."


def _context(facts: PlayFacts) -> tuple[str, ...]:
    lines = []
    if facts.crm is not None and facts.crm.customer:
        lines.append(f"already a customer{': ' + draft.one_line(facts.crm.company, 80) if facts.crm.company else ''}")
    if facts.crm is not None:
        for deal in facts.crm.open_deals[:2]:
            money = f", {deal.amount}" if deal.amount else ""
            lines.append(f"open deal: {draft.one_line(deal.name, 80)}{money}, {draft.one_line(deal.stage, 40)}")
    if facts.crm_problem:
        lines.append(f"HubSpot could not be asked: {facts.crm_problem}")
    if facts.answered_lately is not None:
        lines.append(f"heard from you on {facts.answered_lately:%d %b}")
    return tuple(lines)


def _score_facts(inquiry: Inquiry, wants: tuple[str, ...], email: str, facts: PlayFacts) -> aps.Facts:
    value, currency, source = _value(inquiry, wants, facts)
    fits = []
    if address.domain(email) not in address.FREE_MAIL:
        fits.append(aps.Fit(points=5, text="writes from a company's address", field="email"))
    if facts.crm is not None and facts.crm.customer:
        fits.append(aps.Fit(points=6, text="is a customer", field="customer"))
    if facts.crm is not None and facts.crm.open_deals:
        fits.append(aps.Fit(points=5, text="has an open deal", field="open_deals"))
    if inquiry.phone.strip():
        fits.append(aps.Fit(points=4, text="left a phone number", field="phone"))
    return aps.Facts(
        value=value,
        currency=currency,
        value_source=source,
        waiting_since=facts.received_at,
        due_at=facts.received_at + ANSWER_WITHIN,
        effort_minutes=4,
        effort_text="the draft is ready",
        fits=tuple(fits),
        features={"interest": wants[0] if wants else "not named"},
    )


def _value(inquiry: Inquiry, wants: tuple[str, ...], facts: PlayFacts) -> tuple[float | None, str, str]:
    """The money at stake, its currency, and where the figure stands."""
    if inquiry.budget is not None and inquiry.budget > 0:
        return float(inquiry.budget), inquiry.currency, "budget in the form"
    deals = [deal.amount for deal in facts.crm.open_deals if deal.amount] if facts.crm else []
    if deals:
        largest = max(deals, key=lambda money: money.major)
        return largest.major, largest.currency, "open deal in HubSpot"
    for want in wants:
        if (price := inquiry.prices.get(want)) is not None:
            return float(price.amount), price.currency, f"your usual price, {want}"
    return None, inquiry.currency, ""


@dataclass(frozen=True)
class Play:
    """A rule, the kind of signal it answers, and the purpose of what it proposes."""

    name: str
    signal: str
    purpose: str
    propose: Callable[[Inquiry, PlayFacts], Proposal | Declined]


PLAYS: tuple[Play, ...] = (Play("form_inquiry", FORM_SUBMITTED, ANSWER_INQUIRY, form_inquiry),)
