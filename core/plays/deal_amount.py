"""Somebody with one open deal names a budget that is not its amount: bring the deal up to date."""

from datetime import timedelta
from decimal import Decimal

from core import draft
from core.actions.update_deal import UpdateDeal
from core.inquiry import Inquiry, interests
from core.money import Money
from core.plays import worth
from core.plays.facts import PlayFacts, Proposal

DEAL_AMOUNT = "deal_amount"
WITHIN = timedelta(days=1)


def deal_amount(inquiry: Inquiry, facts: PlayFacts) -> Proposal | None:
    deals = facts.crm.open_deals if facts.crm else ()
    if inquiry.budget is None or inquiry.budget <= 0 or len(deals) != 1 or facts.suppressed:
        return None
    deal = deals[0]
    budget = Money.of(inquiry.budget, inquiry.currency)
    if not deal.values or deal.amount is None or deal.amount == budget or deal.amount.currency != budget.currency:
        return None
    wants = interests(inquiry.message)
    due_at = facts.received_at + WITHIN
    name = draft.one_line(deal.name, 120)
    return Proposal(
        rule="form_budget",
        purpose=DEAL_AMOUNT,
        action="update_deal",
        params=UpdateDeal(
            deal_id=deal.id,
            deal_name=name,
            amount=_plain(inquiry.budget),
            next_step=f"{worth.who(inquiry)} named a budget of {budget} on {facts.received_at:%d %b}",
            before=dict(deal.values),
        ),
        title=f"Update {name}",
        why=f"{worth.who(inquiry)} names a budget of {budget} in the form; the deal says {deal.amount}.",
        due_at=due_at,
        facts=worth.score_facts(inquiry, wants, facts, due_at=due_at, minutes=1, effort="one press"),
        context=worth.context(facts),
    )


def _plain(number: Decimal) -> str:
    """`52000`, never `5.2E+4`."""
    return f"{number.normalize():f}"
