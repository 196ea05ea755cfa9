"""The playbook: what a form leads to, as sentences."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.draft import Voice
from core.inquiry import Inquiry, Price
from core.money import Money
from core.playbook import PLAYS, Declined, PlayFacts, Proposal, form_inquiry
from core.ports import CrmRecord, Deal

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FACTS = PlayFacts(now=NOW, received_at=NOW, voice=Voice())
DANA = {"form": "contact", "name": "Dana Whitfield", "email": "Dana@NorthPier.example", "company": "Northpier Freight"}
CUSTOMER = CrmRecord("7", "Dana", "Northpier Freight Ltd", customer=True, unsubscribed=False)
FAIR = Deal("1", "Spring fair", "contractsent", Money(2_000_000, "EUR"))


def proposes(facts: PlayFacts = FACTS, **fields) -> Proposal:
    result = form_inquiry(Inquiry(**{**DANA, **fields}), facts)
    assert isinstance(result, Proposal)
    return result


def declines(facts: PlayFacts = FACTS, **fields) -> Declined:
    result = form_inquiry(Inquiry(**{**DANA, **fields}), facts)
    assert isinstance(result, Declined)
    return result


def with_facts(**known) -> PlayFacts:
    return PlayFacts(**{**FACTS.__dict__, **known})


def test_a_form_proposes_a_mail_to_its_sender_due_in_two_hours():
    proposal = proposes(message="What does a booth cost?")
    assert (proposal.action, proposal.params.to) == ("send_email", ("dana@northpier.example",))
    assert proposal.due_at == NOW + timedelta(hours=2)
    assert proposal.title == "Reply to Dana Whitfield, Northpier Freight"
    assert proposal.why == "Asks about exhibiting and asks for prices: “What does a booth cost?” The draft is ready."
    assert proposal.facts.features == {"interest": "exhibit"}
    assert proposal.params.subject == "Your question about exhibiting"


def test_a_form_that_says_nothing_is_answered_all_the_same():
    proposal = proposes(message="", company="", name="")
    assert proposal.why == "Wrote to you. The draft is ready."
    assert proposal.title == "Reply to Dana@NorthPier.example"


@pytest.mark.parametrize(
    ("facts", "fields", "code", "said"),
    [
        (FACTS, {"email": "dana"}, "no_address", "without an address that mail can reach"),
        (FACTS, {"email": ""}, "no_address", "without an address that mail can reach"),
        (with_facts(suppressed="opt out, by mail"), {}, "suppressed", "must not be written to: opt out, by mail"),
        (with_facts(live_move="1"), {}, "duplicate", "the answer to it is waiting already"),
    ],
)
def test_nothing_is_proposed_and_the_reason_is_a_sentence(facts, fields, code, said):
    declined = declines(facts, **fields)
    assert declined.code == code
    assert said in declined.reason
    assert declined.reason.startswith("Dana Whitfield filled in the form contact")


def test_a_suppression_is_named_before_a_duplicate():
    assert declines(with_facts(suppressed="opt out", live_move="1")).code == "suppressed"


def test_a_customer_and_an_open_deal_are_named_on_the_card():
    record = CrmRecord("7", "Dana", "Northpier Freight Ltd", customer=True, unsubscribed=False, open_deals=(FAIR,))
    context = proposes(with_facts(crm=record)).context
    assert context == ("already a customer: Northpier Freight Ltd", "open deal: Spring fair, €20,000, contractsent")


def test_a_crm_that_could_not_be_asked_is_named_and_holds_nothing_up():
    proposal = proposes(with_facts(crm_problem="it did not answer in time"))
    assert proposal.context == ("HubSpot could not be asked: it did not answer in time",)


def test_the_company_of_the_form_counts_before_that_of_the_crm():
    assert proposes(with_facts(crm=CUSTOMER)).title.endswith("Northpier Freight")
    assert proposes(with_facts(crm=CUSTOMER), company="").title.endswith("Northpier Freight Ltd")


@pytest.mark.parametrize(
    ("fields", "deals", "value", "source"),
    [
        ({"budget": Decimal(5000)}, (FAIR,), 5000.0, "budget in the form"),
        ({}, (FAIR,), 20000.0, "open deal in HubSpot"),
        ({"message": "a booth"}, (), 3000.0, "your usual price, exhibit"),
        ({"message": "hello"}, (), None, ""),
        ({"budget": Decimal(0)}, (), None, ""),
        ({"budget": Decimal(-5)}, (), None, ""),
    ],
)
def test_the_value_is_the_best_figure_known_and_says_where_it_stands(fields, deals, value, source):
    record = CrmRecord("7", "Dana", "", customer=False, unsubscribed=False, open_deals=deals)
    prices = {"exhibit": Price(amount=Decimal(3000), currency="USD")}
    facts = proposes(with_facts(crm=record), prices=prices, **fields).facts
    assert (facts.value, facts.value_source) == (value, source)


def test_of_several_open_deals_the_largest_counts():
    small = Deal("2", "Autumn fair", "appointmentscheduled", Money(100, "EUR"))
    record = CrmRecord("7", "Dana", "", customer=False, unsubscribed=False, open_deals=(small, FAIR))
    assert proposes(with_facts(crm=record)).facts.value == 20000.0


@pytest.mark.parametrize(
    ("fields", "known", "fits"),
    [
        ({}, None, {"email"}),
        ({"email": "dana@gmail.com"}, None, set()),
        ({"phone": "+44 20 7946 0000"}, None, {"email", "phone"}),
        ({}, CUSTOMER, {"email", "customer"}),
    ],
)
def test_what_speaks_for_a_person_is_counted_by_name(fields, known, fits):
    assert {fit.field for fit in proposes(with_facts(crm=known), **fields).facts.fits} == fits


def test_every_play_is_named_and_answers_a_signal():
    assert [(play.name, play.signal) for play in PLAYS] == [("form_inquiry", "form_submitted")]
