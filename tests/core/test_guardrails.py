"""Guardrails: each stops what it is for, lets everything else go, and says why in words."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.guardrails import (
    ALWAYS,
    INWARD,
    RULES,
    GuardFacts,
    GuardrailSettings,
    Period,
    Recipient,
    Room,
    SentAndBounced,
    Touch,
    bounce_warning,
    first_block,
    rooms,
    rules_for,
)
from core.guardrails.settings import Bounces, Caps, Contact, FourEyes, Legal, OwnContact
from core.money import Money
from core.plan import Plan

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday
DAY, WEEK, INSTANT = timedelta(days=1), timedelta(days=7), timedelta(microseconds=1)
EMAIL = "dana@northpier.example"
DANA = Recipient(EMAIL, company="northpier.example")
TOMORROW = NOW.replace(day=25, hour=0)
FINE = GuardFacts(
    now=NOW,
    zone="UTC",
    recipients=(EMAIL,),
    valid_recipients=(EMAIL,),
    purpose="answer_inquiry",
    known=(DANA,),
    rooms=rooms(Caps(), daily=40, mailbox="me", companies=("northpier.example",), now=NOW, zone="UTC"),
)
FOLLOW_UP = replace(FINE, purpose="follow_up")
MAIL = Plan(kind="send_email", summary="", content="", recipients=(EMAIL,), subject="Hello", body="Hello Dana")


def to(facts: GuardFacts = FINE, **changed) -> GuardFacts:
    return replace(facts, known=(replace(DANA, **changed),))


def touched(*ago: timedelta, purpose: str = "renewal", heard: timedelta | None = None, facts: GuardFacts = FINE):
    touches = tuple(Touch(NOW - one, purpose) for one in ago)
    return to(facts, touches=touches, heard_at=None if heard is None else NOW - heard)


def used(scope: str, number: int, facts: GuardFacts = FINE) -> GuardFacts:
    assert scope in {room.scope for room in facts.rooms}
    return replace(
        facts, rooms=tuple(replace(room, used=number) if room.scope == scope else room for room in facts.rooms)
    )


def settings(facts: GuardFacts = FINE, **changed) -> GuardFacts:
    return replace(facts, settings=GuardrailSettings(**changed))


def test_nothing_stops_a_plan_about_which_nothing_is_wrong():
    assert first_block(FINE) is None
    assert first_block(FOLLOW_UP) is None
    assert first_block(FINE, rules_for(MAIL, sends=True)) is None


STOPPED = {
    "paused": (
        replace(FINE, paused=True, paused_by="Casey"),
        ("kill_switch", False, None),
        "everything is paused by Casey; `/moves resume` lets it go on",
    ),
    "all workspaces paused": (
        replace(FINE, paused=True, all_paused=True, paused_by="Casey (default)"),
        ("kill_switch", False, None),
        "all workspaces are paused by Casey (default); `/moves resume all` lets them go on",
    ),
    "a dry run of the workspace": (
        replace(FINE, dry_runs=frozenset({"", "U0CASEY"}), owner="U0CASEY"),
        ("dry_run", False, None),
        "a dry run is on for this workspace; `/moves dryrun workspace off` lets it go on",
    ),
    "a dry run of the owner": (
        replace(FINE, dry_runs=frozenset({"U0CASEY"}), owner="U0CASEY"),
        ("dry_run", False, None),
        "a dry run is on for its owner, who lets it go on with `/moves dryrun off`",
    ),
    "a dry run of who approved": (
        replace(FINE, dry_runs=frozenset({"U0ORLA"}), owner="U0CASEY", approvers=frozenset({"U0ORLA"})),
        ("dry_run", False, None),
        "a dry run is on for who approved it; their `/moves dryrun off` lets it go on",
    ),
    "nobody": (
        replace(FINE, recipients=(), valid_recipients=(), known=()),
        ("address_validity", True, None),
        "nobody to write to",
    ),
    "half an address": (
        replace(FINE, recipients=("dana@",), valid_recipients=(None,), known=()),
        ("address_validity", True, None),
        "dana@ is not an address",
    ),
    "one bad among good": (
        replace(FINE, recipients=(EMAIL, "orla"), valid_recipients=(EMAIL, None)),
        ("address_validity", True, None),
        "orla is not an address",
    ),
    "suppressed": (to(suppressed="opt out"), ("suppression", True, None), f"{EMAIL} must not be written to: opt out"),
    "replied": (
        replace(FINE, replied_since=NOW),
        ("already_replied", True, None),
        "they answered in the meantime (24 Nov, 09:00 UTC)",
    ),
    "a second mail in the week": (
        touched(DAY),
        ("touches_per_person", False, NOW - DAY + WEEK),
        f"{EMAIL} heard from us on 23 Nov and has not answered; one mail a person and week."
        " It can leave 30 Nov, 09:00 (UTC), or once they answer",
    ),
    "the same purpose again": (
        touched(8 * DAY, purpose="answer_inquiry"),
        ("same_purpose", False, NOW + 6 * DAY),
        f"{EMAIL} had a mail for the same purpose (answer inquiry) on 16 Nov; once in 14 days."
        " It can leave 30 Nov, 09:00 (UTC), or once they write to us",
    ),
    "a sixth mail to the company": (
        to(FOLLOW_UP, company_touches=tuple(NOW - hours * timedelta(hours=1) for hours in range(1, 6))),
        ("touches_per_company", False, NOW - timedelta(hours=5) + WEEK),
        "5 mails went to people at northpier.example lately; 5 mails a company and week",
    ),
    "the night of the recipient": (
        to(FOLLOW_UP, zone="America/New_York"),
        ("quiet_hours", False, NOW.replace(hour=14)),
        f"it is Tue 04:00 where {EMAIL} is (America/New_York); mails leave 09:00 to 17:00 on working days there."
        " It can leave Tue 24 Nov, 09:00",
    ),
    "the mailbox's day": (
        used("mailbox_day", 40),
        ("daily_cap", False, TOMORROW),
        "40 mails left this mailbox today, its cap. It can leave 25 Nov, 00:00 (UTC)",
    ),
    "the workspace's day": (
        used("workspace_day", 200),
        ("daily_cap", False, TOMORROW),
        "200 mails left this workspace today, its cap",
    ),
    "the domain's day": (
        used("domain_day", 40),
        ("daily_cap", False, TOMORROW),
        "40 mails left for northpier.example today, its cap",
    ),
    "the mailbox's hour": (
        used("mailbox_hour", 20),
        ("hourly_cap", False, NOW + timedelta(hours=1)),
        "20 mails left this mailbox this hour, its cap. It can leave 24 Nov, 10:00 (UTC)",
    ),
    "the mailbox's minute": (
        used("mailbox_minute", 10),
        ("minute_cap", False, NOW + timedelta(minutes=1)),
        "10 mails left this mailbox this minute, its cap. It can leave 24 Nov, 09:01 (UTC)",
    ),
    "bounces": (
        replace(FINE, bounces=SentAndBounced(20, 1)),
        ("bounce_share", False, TOMORROW),
        "1 of 20 mails bounced (5.0%) in 30 days; at 5% this mailbox stops. Looked at again 25 Nov, 00:00 (UTC)",
    ),
    "no opt-in": (
        replace(FINE, purpose="newsletter"),
        ("opt_in", True, None),
        f"{EMAIL} has not opted in to marketing mail",
    ),
    "no legal basis": (
        settings(FOLLOW_UP, legal=Legal(basis_otherwise=None)),
        ("legal_basis", True, None),
        f"no legal basis is on record for writing to {EMAIL}",
    ),
    "worth much": (
        settings(replace(FINE, value=Money(100_001, "USD")), four_eyes=FourEyes(amount=Decimal(1000))),
        ("four_eyes", False, None),
        "it is about $1,000.01, more than $1,000: a second person has to approve it",
    ),
    "worth who knows what": (
        settings(replace(FINE, value=Money(1, "EUR")), four_eyes=FourEyes(amount=Decimal(1000))),
        ("four_eyes", False, None),
        "it is about €0.01, and the limit is in USD",
    ),
    "to many": (
        settings(four_eyes=FourEyes(recipients=0)),
        ("four_eyes", False, None),
        "it goes to 1 people, more than 0",
    ),
}


@pytest.mark.parametrize("name", STOPPED)
def test_each_rule_stops_what_it_is_for_and_says_why(name):
    facts, expected, said = STOPPED[name]
    blocked = first_block(facts)
    assert blocked is not None
    assert (blocked.rule, blocked.final, blocked.lifts_at) == expected
    assert said in blocked.reason


def test_every_rule_has_its_story_above():
    told = {first_block(facts, (rule,)) is not None and rule for facts, *_ in STOPPED.values() for rule in RULES}
    assert told - {False} == set(RULES)


@pytest.mark.parametrize("name", STOPPED)
def test_what_says_when_it_lifts_has_lifted_then(name):
    facts, (_, _, lifts_at), _ = STOPPED[name]
    if lifts_at is not None and name != "bounces":
        caps = Caps()
        later = rooms(caps, daily=40, mailbox="me", companies=("northpier.example",), now=lifts_at, zone="UTC")
        in_time = first_block(replace(facts, now=lifts_at, rooms=later))
        assert in_time is None or in_time.rule == "quiet_hours"
        just_before = replace(facts, now=lifts_at - INSTANT)
        assert first_block(just_before).lifts_at == lifts_at


# Touches


@pytest.mark.parametrize(("ago", "stops"), [(INSTANT, True), (WEEK - INSTANT, True), (WEEK, False)])
def test_a_week_is_a_week_to_the_instant(ago, stops):
    assert (first_block(touched(ago)) is not None) is stops


@pytest.mark.parametrize(("heard", "stops"), [(DAY + INSTANT, True), (DAY - INSTANT, False), (timedelta(), False)])
def test_somebody_who_wrote_since_our_last_mail_may_be_answered(heard, stops):
    for purpose in ("renewal", "answer_inquiry"):
        assert (first_block(touched(DAY, purpose=purpose, heard=heard)) is not None) is stops


def test_only_what_nobody_answered_counts():
    twice = settings(contact=Contact(touches_per_person=2))
    assert first_block(touched(2 * DAY, 3 * DAY, facts=twice)).lifts_at == NOW + 4 * DAY
    assert first_block(touched(2 * DAY, 4 * DAY, heard=3 * DAY, facts=twice)) is None


def test_an_answer_is_neither_counted_nor_stopped_by_what_the_company_heard():
    many = tuple(NOW - n * INSTANT for n in range(50))
    assert first_block(to(FINE, company_touches=many)) is None
    assert first_block(to(FOLLOW_UP, company_touches=many)).rule == "touches_per_company"
    assert first_block(to(FOLLOW_UP, company_touches=many, company=None)) is None


def test_another_purpose_is_not_the_same():
    assert first_block(touched(8 * DAY, purpose="renewal")) is None


# Hours


@pytest.mark.parametrize("purpose", ["answer_inquiry", "reply"])
def test_who_asked_is_answered_at_any_hour(purpose):
    night = to(replace(FINE, purpose=purpose), zone="Pacific/Auckland")
    assert first_block(night) is None


def test_an_unknown_zone_is_the_owners():
    at_home = replace(FOLLOW_UP, zone="Asia/Tokyo")
    assert first_block(at_home).lifts_at == NOW.replace(day=25, hour=0)
    assert first_block(to(at_home, zone="Europe/Berlin")) is None


def test_an_owner_may_have_hours_of_their_own():
    own = {"U0CASEY": OwnContact(day_begins=time(4), touches_per_person=2)}
    facts = to(settings(FOLLOW_UP, owners=own), zone="America/New_York")
    assert first_block(facts).rule == "quiet_hours"
    assert first_block(replace(facts, owner="U0CASEY")) is None
    assert replace(facts, owner="U0CASEY").contact.touches_per_company == 5


@pytest.mark.parametrize(
    "name", ["the night of the recipient", "the mailbox's hour", "the mailbox's minute", "worth much", "to many"]
)
def test_what_only_makes_it_wait_does_not_stop_an_approval(name):
    facts, *_ = STOPPED[name]
    assert first_block(replace(facts, arming=False)) is None


def test_a_cap_of_the_day_is_told_before_it_is_approved():
    assert first_block(replace(used("mailbox_day", 40), arming=False)).rule == "daily_cap"


# Caps


@pytest.mark.parametrize(
    ("mails", "cap", "stops"), [(39, 40, False), (40, 40, True), (41, 40, True), (0, 0, True), (0, 1, False)]
)
def test_the_cap_is_the_number_of_mails_that_may_leave(mails, cap, stops):
    one = Room("mailbox", Period.DAY, "me", "2026-11-24", cap, mails, TOMORROW)
    assert (first_block(replace(FINE, rooms=(one,))) is not None) is stops


@pytest.mark.parametrize(
    ("since", "cap"),
    [(None, 40), ("2026-11-24", 10), ("2026-11-18", 10), ("2026-11-17", 20), ("2026-11-03", 40), ("2027-01-01", 10)],
)
def test_a_new_mailbox_begins_with_ten_and_gets_ten_more_each_week(since, cap):
    caps = Caps(mailbox_since=since and date.fromisoformat(since))
    day = rooms(caps, daily=40, mailbox="me", companies=(), now=NOW, zone="UTC")[0]
    assert (day.scope, day.cap) == ("mailbox_day", cap)
    blocked = first_block(replace(FINE, rooms=(replace(day, used=cap),)))
    assert ("a new mailbox, 10 more each week" in blocked.reason) is (cap < 40)


def test_a_day_is_the_owners_and_ends_at_the_owners_midnight():
    evening = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    day = rooms(Caps(), daily=40, mailbox="me", companies=(), now=evening, zone="Europe/Berlin")[0]
    assert (day.window, day.lifts_at) == ("2026-11-25", datetime(2026, 11, 25, 23, tzinfo=UTC))


@given(daily=st.integers(0, 100_000), minutes=st.integers(0, 2 * 365 * 24 * 60))
def test_one_number_scales_all_caps_and_none_is_above_the_day(daily, minutes):
    now = NOW + timedelta(minutes=minutes)
    found = rooms(Caps(), daily=daily, mailbox="me", companies=("a.example",), now=now, zone="Europe/Berlin")
    assert len({room.key for room in found}) == 9
    caps = {room.scope: room.cap for room in found}
    for whose in ("mailbox", "workspace", "domain"):
        assert 0 <= caps[f"{whose}_minute"] <= caps[f"{whose}_hour"] <= caps[f"{whose}_day"]
        assert caps[f"{whose}_minute"] > 0 or daily == 0
    assert all(now < room.lifts_at <= now + timedelta(hours=25) for room in found)


# Bounces


@pytest.mark.parametrize(
    ("sent", "bounced", "stops", "warns"),
    [(19, 19, False, False), (20, 0, False, False), (20, 1, True, False), (100, 2, False, True), (100, 1, False, False),
     (100, 4, False, True), (100, 5, True, False), (0, 0, False, False)],
)  # fmt: skip
def test_bounces_warn_at_two_and_stop_at_five_percent_of_twenty_sends(sent, bounced, stops, warns):
    facts = replace(FINE, bounces=SentAndBounced(sent, bounced))
    assert (first_block(facts) is not None) is stops
    assert (bounce_warning(facts) is not None) is warns


def test_the_limits_of_bounces_are_settings():
    facts = settings(replace(FINE, bounces=SentAndBounced(100, 5)), bounces=Bounces(stop_at=0.1))
    assert first_block(facts) is None


# Four eyes


def test_with_a_second_approval_it_goes():
    facts, *_ = STOPPED["worth much"]
    assert first_block(replace(facts, approvers=frozenset({"U0CASEY"}))) is not None
    assert first_block(replace(facts, approvers=frozenset({"U0CASEY", "U0ORLA"}))) is None
    assert first_block(replace(facts, value=Money(100_000, "USD"))) is None


# What concerns which plan


def test_the_kill_switch_comes_first_so_that_nothing_ends_while_all_is_paused():
    assert first_block(replace(to(suppressed="opt out"), paused=True, paused_by="Casey")).rule == "kill_switch"


def test_a_plan_that_mails_nobody_meets_only_what_concerns_it():
    task = Plan(kind="create_task", summary="", content="", body="TODO: call {first_name}")
    inward = GuardFacts(now=NOW, zone="UTC", recipients=(), valid_recipients=())
    for sends in (True, False):
        assert rules_for(task, sends=sends) == INWARD
        assert first_block(inward, rules_for(task, sends=sends)) is None
        assert first_block(replace(inward, paused=True, paused_by="Casey"), rules_for(task, sends=sends)) is not None


@pytest.mark.parametrize("name", STOPPED)
def test_a_step_that_sends_nothing_meets_what_ends_a_plan_and_no_more(name):
    facts, (rule, final, _), _ = STOPPED[name]
    blocked = first_block(facts, rules_for(MAIL, sends=False))
    assert (blocked is not None) is (final or rule in {"kill_switch", "dry_run"})
    assert first_block(facts, rules_for(MAIL, sends=True)).rule == rule
    assert first_block(facts, ALWAYS) == blocked


@pytest.mark.parametrize("sends", [True, False])
def test_what_the_mail_says_is_looked_at_in_every_step(sends):
    for changed, rule in (({"subject": "Hi {name}"}, "merge_fields"), ({"body": "http://192.0.2.7/"}, "links")):
        blocked = first_block(FINE, rules_for(replace(MAIL, **changed), sends=sends))
        assert (blocked.rule, blocked.final) == (rule, True)


# Marketing

ADDRESS = "Pier 7 Marketing, 7 Quay Road, Harbourtown"
PUBLIC = "https://casey.pier7.example"
CAMPAIGN = replace(
    to(opted_in=True),
    purpose="newsletter",
    settings=GuardrailSettings(legal=Legal(postal_address=ADDRESS)),
    public_url=PUBLIC,
)
HEADERS = (
    ("List-Unsubscribe", f"<{PUBLIC}/unsubscribe/1>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
)
NEWSLETTER = replace(MAIL, body="News!\n\nPier 7 Marketing,\n7 Quay Road, Harbourtown\n", exact=HEADERS)


def test_marketing_mail_with_all_it_needs_leaves():
    assert first_block(CAMPAIGN, rules_for(NEWSLETTER, sends=True)) is None


@pytest.mark.parametrize(
    ("facts", "plan", "rule", "said"),
    [
        (replace(CAMPAIGN, known=(DANA,)), NEWSLETTER, "opt_in", "has not opted in"),
        (replace(CAMPAIGN, settings=GuardrailSettings()), NEWSLETTER, "postal_address", "set it in the settings"),
        (CAMPAIGN, replace(NEWSLETTER, body="News!"), "postal_address", f"{ADDRESS}: add it"),
        (replace(CAMPAIGN, public_url=""), NEWSLETTER, "unsubscribe", "set CASEYOS_PUBLIC_URL"),
        (replace(CAMPAIGN, public_url="http://casey.pier7.example"), NEWSLETTER, "unsubscribe", "CASEYOS_PUBLIC_URL"),
        (replace(CAMPAIGN, public_url="https://other.example"), NEWSLETTER, "unsubscribe", "approve it again"),
        (CAMPAIGN, replace(NEWSLETTER, exact=()), "unsubscribe", "approve it again"),
        (CAMPAIGN, replace(NEWSLETTER, exact=HEADERS[:1]), "unsubscribe", "approve it again"),
        (CAMPAIGN, replace(NEWSLETTER, exact=HEADERS[1:]), "unsubscribe", "approve it again"),
        (CAMPAIGN, replace(NEWSLETTER, exact=(("List-Unsubscribe", "<mailto:a@b.example>"), HEADERS[1])), "unsubscribe", "link"),
        (CAMPAIGN, replace(NEWSLETTER, recipients=(*NEWSLETTER.recipients, "b@b.example")), "unsubscribe", "one recipient"),
    ],
)  # fmt: skip
def test_marketing_mail_needs_opt_in_address_and_one_click_unsubscribe(facts, plan, rule, said):
    blocked = first_block(facts, rules_for(plan, sends=True))
    assert (blocked.rule, blocked.final) == (rule, True)
    assert said in blocked.reason
    assert first_block(replace(facts, purpose="answer_inquiry"), rules_for(plan, sends=True)) is None


def test_settings_come_back_from_the_database_as_they_went_in():
    given = GuardrailSettings(
        owners={"U1": OwnContact(day_begins=time(8), working_days=frozenset({6, 7}))},
        caps=Caps(mailbox_since=date(2026, 11, 1)),
        four_eyes=FourEyes(amount=Decimal("1000.50")),
        bounces=Bounces(since=NOW),
    )
    assert GuardrailSettings.model_validate(given.model_dump(mode="json")) == given
