"""The playbook: what a form leads to, as sentences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.actions.registry import ACTIONS
from core.draft import Voice
from core.inquiry import Announce, Inquiry, Price
from core.money import Money
from core.playbook import proposals
from core.plays.answer import ANSWER_INQUIRY, answer_inquiry
from core.plays.facts import Conversation, Declined, PlayFacts, Proposal
from core.ports import Busy, CrmRecord, Deal

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FACTS = PlayFacts(now=NOW, received_at=NOW, voice=Voice(), owner="U0CASEY")
DANA = {"form": "contact", "name": "Dana Whitfield", "email": "Dana@NorthPier.example", "company": "Northpier Freight"}
CUSTOMER = CrmRecord("7", "Dana", "Northpier Freight Ltd", customer=True, unsubscribed=False)
FAIR = Deal("1", "Spring fair", "contractsent", Money(2_000_000, "EUR"))


def proposes(facts: PlayFacts = FACTS, **fields) -> Proposal:
    result = answer_inquiry(Inquiry(**{**DANA, **fields}), facts)
    assert isinstance(result, Proposal)
    return result


def declines(facts: PlayFacts = FACTS, **fields) -> Declined:
    result = answer_inquiry(Inquiry(**{**DANA, **fields}), facts)
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


@pytest.mark.parametrize(
    ("subject", "answered_under"),
    [
        ("Re: Your question about exhibiting", "Re: Your question about exhibiting"),
        ("RE: prices\r\nBcc: x@rival.example", "RE: prices Bcc: x@rival.example"),
        ("Prices", "Re: Prices"),
        (" ", "Re: Your question about exhibiting"),
        ("long " * 200, "Re: " + ("long " * 40)[:199].rstrip() + "…"),
    ],
)
def test_who_is_in_conversation_with_us_is_answered_in_that_thread(subject, answered_under):
    talking = with_facts(conversation=Conversation("thread7", subject, "<their-mail@northpier.example>"))
    proposal = proposes(talking, message="What does a booth cost?")
    assert proposal.action == "reply_in_thread"
    assert proposal.params.to == ("dana@northpier.example",)
    assert (proposal.params.thread_id, proposal.params.in_reply_to) == ("thread7", "<their-mail@northpier.example>")
    assert proposal.params.subject == answered_under
    assert proposal.params.body == proposes(message="What does a booth cost?").params.body
    assert any("in conversation already" in line for line in proposal.context)


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
        (with_facts(live=frozenset({ANSWER_INQUIRY})), {}, "duplicate", "the answer to it is waiting already"),
    ],
)
def test_nothing_is_proposed_and_the_reason_is_a_sentence(facts, fields, code, said):
    declined = declines(facts, **fields)
    assert declined.code == code
    assert said in declined.reason
    assert declined.reason.startswith("Dana Whitfield filled in the form contact")


def test_a_suppression_is_named_before_a_duplicate():
    assert declines(with_facts(suppressed="opt out", live=frozenset({ANSWER_INQUIRY}))).code == "suppressed"


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


def all_of(facts: PlayFacts = FACTS, **fields) -> dict[str, Proposal]:
    proposed, _ = proposals("form_submitted", Inquiry(**{**DANA, **fields}), facts)
    assert all(type(one.params) is ACTIONS[one.action].params for one in proposed)
    return {one.action: one for one in proposed}


def test_a_plain_form_proposes_one_move_and_no_noise():
    assert set(all_of(message="What does a booth cost?")) == {"send_email"}


def test_who_names_a_time_is_met_then_if_the_owner_is_free():
    proposed = all_of(with_facts(busy=()), message="Could we talk on Thursday at 3 pm about a booth?")
    assert set(proposed) == {"book_meeting"}
    meeting = proposed["book_meeting"]
    assert meeting.params.start == datetime(2026, 11, 26, 15, tzinfo=UTC)
    assert meeting.params.attendees == ("dana@northpier.example",)
    assert "Thu 26 Nov, 15:00 is the time they name" in meeting.why
    assert "They wrote: “Could we talk on Thursday" in meeting.params.prep


def test_a_time_that_is_taken_is_named_beside_the_one_proposed():
    taken = Busy(datetime(2026, 11, 26, 14, 45, tzinfo=UTC), datetime(2026, 11, 26, 15, 15, tzinfo=UTC))
    meeting = all_of(with_facts(busy=(taken,)), message="Could we talk on Thursday at 3 pm?")["book_meeting"]
    assert meeting.params.start == datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
    assert "they name Thu 26 Nov, 15:00, when you are not free; Thu 26 Nov, 15:30 is" in meeting.why


def test_a_calendar_that_does_not_answer_leaves_the_mail():
    assert set(all_of(message="Could we have a call this week?")) == {"send_email"}


def test_a_new_phone_number_proposes_a_task_beside_the_mail():
    proposed = all_of(phone="+44 20 7946 0000", message="a booth")
    assert set(proposed) == {"send_email", "create_task"}
    task = proposed["create_task"].params
    assert (task.subject, task.kind) == ("Call Dana Whitfield: +44 20 7946 0000", "CALL")
    assert task.due_at == datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.mark.parametrize("phones", [(), ("+44 20 7946 0999",)])
def test_a_new_number_of_somebody_known_proposes_a_task_on_their_contact(phones):
    record = replace(CUSTOMER, phones=phones, owner_id="71")
    task = all_of(with_facts(crm=record), phone="+44 20 7946 0000", message="a booth")["create_task"].params
    assert (task.contact_id, task.owner_id) == ("7", "71")


@pytest.mark.parametrize(
    ("facts", "phone"),
    [
        (with_facts(crm=replace(CUSTOMER, phones=("+44 20 7946 0999", "020-7946-0000"))), "+44 20 7946 0000"),
        (with_facts(crm_problem="down"), "+44 20 7946 0000"),
        (FACTS, "call me"),
        (FACTS, "12345"),
    ],
)
def test_a_number_that_is_known_or_none_proposes_no_task(facts, phone):
    assert "create_task" not in all_of(facts, phone=phone)


def a_deal(**more) -> CrmRecord:
    values = {"stage": "s1", "amount": "48000", "close_date": "2026-11-27", "next_step": ""}
    deal = Deal("3002", "Spring", "Contract", Money(4_800_000, "USD"), **{"values": values, **more})
    return CrmRecord("7", "Tomas", "Harlow Lane", customer=False, unsubscribed=False, open_deals=(deal,))


def test_a_budget_that_is_not_the_deals_amount_proposes_to_change_it():
    params = all_of(with_facts(crm=a_deal()), budget=Decimal("5.2E+4"))["update_deal"].params
    assert (params.amount, params.old["amount"]) == ("52000", "48000")
    assert "named a budget of $52,000 on 24 Nov" in params.next_step


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (a_deal(), {"budget": Decimal(48000)}),
        (a_deal(), {"budget": Decimal(52000), "currency": "EUR"}),
        (a_deal(), {}),
        (a_deal(values={}), {"budget": Decimal(52000)}),
        (CUSTOMER, {"budget": Decimal(52000)}),
    ],
)
def test_no_news_of_the_amount_proposes_no_change(record, fields):
    assert "update_deal" not in all_of(with_facts(crm=record), **fields)


def test_the_channel_is_told_of_open_deals_and_of_nobody_else():
    wins = Announce(channel="C0WINS", name="wins")
    told = all_of(with_facts(crm=a_deal()), announce=wins, message="hello")["post_to_channel"].params
    assert (told.channel, told.text.splitlines()[1]) == ("C0WINS", "“hello”")
    assert "post_to_channel" not in all_of(announce=wins)
    assert "post_to_channel" not in all_of(with_facts(crm=CUSTOMER), announce=wins)
    assert "post_to_channel" not in all_of(with_facts(crm=a_deal()))


def test_who_must_not_be_written_to_is_not_called_either():
    facts = with_facts(suppressed="opt out", crm=a_deal(), busy=())
    wins = Announce(channel="C0WINS", name="wins")
    assert all_of(facts, phone="+44 20 7946 0000", budget=Decimal(52000), announce=wins) == {}


def test_what_is_waiting_for_a_person_is_not_proposed_again():
    facts = with_facts(live=frozenset({"call_back"}))
    assert set(all_of(facts, phone="+44 20 7946 0000")) == {"send_email"}
