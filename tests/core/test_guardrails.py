"""Guardrails: each stops what it is for, lets everything else go, and says why in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.guardrails import ALWAYS, QUIET_PERIOD, RULES, GuardFacts, first_block

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DANA = "dana@northpier.example"
FINE = GuardFacts(
    now=NOW,
    recipients=(DANA,),
    valid_recipients=(DANA,),
    paused=False,
    paused_by="",
    suppressed=(),
    replied_since=None,
    last_mail=(),
    mails_today=0,
    daily_cap=40,
    tomorrow=NOW + timedelta(hours=15),
)
INSTANT = timedelta(microseconds=1)


def test_nothing_stops_a_plan_about_which_nothing_is_wrong():
    assert first_block(FINE) is None


@pytest.mark.parametrize(
    ("wrong", "rule", "final", "lifts_at", "said"),
    [
        (
            {"paused": True, "paused_by": "Casey"},
            "kill_switch",
            False,
            None,
            "paused by Casey; `/moves resume` lets it go on",
        ),
        ({"recipients": (), "valid_recipients": ()}, "address_validity", True, None, "nobody to write to"),
        (
            {"recipients": ("dana@",), "valid_recipients": (None,)},
            "address_validity",
            True,
            None,
            "dana@ is not an address",
        ),
        ({"suppressed": ((DANA, "opt out"),)}, "suppression", True, None, f"{DANA} must not be written to: opt out"),
        ({"replied_since": NOW}, "already_replied", True, None, "they answered in the meantime (24 Nov, 09:00 UTC)"),
        ({"last_mail": ((DANA, NOW),)}, "once_a_week", False, NOW + QUIET_PERIOD, "one mail a person and week"),
        ({"mails_today": 40}, "daily_cap", False, FINE.tomorrow, "40 mails left this mailbox today, its cap"),
    ],
)
def test_each_rule_stops_what_it_is_for_and_says_why(wrong, rule, final, lifts_at, said):
    blocked = first_block(replace(FINE, **wrong))
    assert blocked is not None
    assert (blocked.rule, blocked.final, blocked.lifts_at) == (rule, final, lifts_at)
    assert said in blocked.reason


@pytest.mark.parametrize(("ago", "stops"), [(INSTANT, True), (QUIET_PERIOD - INSTANT, True), (QUIET_PERIOD, False)])
def test_a_week_is_a_week_to_the_instant(ago, stops):
    facts = replace(FINE, last_mail=((DANA, NOW - ago),))
    assert (first_block(facts) is not None) is stops


@pytest.mark.parametrize(
    ("mails", "cap", "stops"), [(39, 40, False), (40, 40, True), (41, 40, True), (0, 0, True), (0, 1, False)]
)
def test_the_cap_is_the_number_of_mails_that_may_leave(mails, cap, stops):
    facts = replace(FINE, mails_today=mails, daily_cap=cap)
    assert (first_block(facts) is not None) is stops


def test_one_bad_recipient_among_good_ones_stops_the_plan():
    facts = replace(FINE, recipients=(DANA, "orla"), valid_recipients=(DANA, None))
    assert "orla" in first_block(facts).reason


def test_the_kill_switch_comes_first_so_that_nothing_ends_while_all_is_paused():
    facts = replace(FINE, paused=True, paused_by="Casey", suppressed=((DANA, "opt out"),))
    assert first_block(facts).rule == "kill_switch"


def test_a_step_that_sends_nothing_does_not_mind_caps_and_quiet():
    facts = replace(FINE, mails_today=40, last_mail=((DANA, NOW),))
    assert first_block(facts, ALWAYS) is None
    assert first_block(facts, RULES) is not None
