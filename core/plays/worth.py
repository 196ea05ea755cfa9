"""What an inquiry is worth knowing for a score: the money at stake, who it is, what it takes."""

from datetime import datetime

from core import address, aps, draft
from core.inquiry import Inquiry
from core.plays.facts import PlayFacts


def who(inquiry: Inquiry) -> str:
    """What to call the person on a card."""
    return draft.one_line(inquiry.name, 80) or draft.one_line(inquiry.email, 120) or "somebody without a name"


def company(inquiry: Inquiry, facts: PlayFacts) -> str:
    return draft.one_line(inquiry.company, 80) or (draft.one_line(facts.crm.company, 80) if facts.crm else "")


def named(inquiry: Inquiry, facts: PlayFacts) -> str:
    """`Dana Whitfield, Northpier Freight`."""
    firm = company(inquiry, facts)
    return who(inquiry) + (f", {firm}" if firm else "")


def context(facts: PlayFacts) -> tuple[str, ...]:
    """Facts worth a line of their own on the card."""
    lines = []
    if facts.crm is not None and facts.crm.customer:
        lines.append(f"already a customer{': ' + draft.one_line(facts.crm.company, 80) if facts.crm.company else ''}")
    if facts.crm is not None:
        for deal in facts.crm.open_deals[:2]:
            money = f", {deal.amount}" if deal.amount else ""
            lines.append(f"open deal: {draft.one_line(deal.name, 80)}{money}, {draft.one_line(deal.stage, 40)}")
    if facts.crm_problem:
        lines.append(f"HubSpot could not be asked: {facts.crm_problem}")
    return tuple(lines)


def score_facts(
    inquiry: Inquiry, wants: tuple[str, ...], facts: PlayFacts, *, due_at: datetime, minutes: int, effort: str
) -> aps.Facts:
    """`minutes` is what the owner has to give; `effort` says why so little or so much."""
    value, currency, source = _value(inquiry, wants, facts)
    fits = []
    email = address.parse(inquiry.email)
    if email is not None and address.domain(email) not in address.FREE_MAIL:
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
        due_at=due_at,
        effort_minutes=minutes,
        effort_text=effort,
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
