"""Guardrails: rules that may stop a plan, each with the reason a person reads. Pure; they run when proposing,
when approving and inside the arming transaction, where the facts are read under lock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

QUIET_PERIOD = timedelta(days=7)


@dataclass(frozen=True)
class GuardFacts:
    """What the rules look at. `recipients` are addresses; None in `valid_recipients` marks one that cannot be mailed."""

    now: datetime
    recipients: tuple[str, ...]
    valid_recipients: tuple[str | None, ...]
    paused: bool
    paused_by: str
    suppressed: tuple[tuple[str, str], ...]
    """(address, why) of recipients who must not be written to."""
    replied_since: datetime | None
    """When the person answered us after this plan was proposed or approved."""
    last_mail: tuple[tuple[str, datetime], ...]
    """(address, when) of the last mail of ours that left or may still leave, this one excepted."""
    mails_today: int
    daily_cap: int
    tomorrow: datetime
    """When the daily cap starts anew in the owner's zone."""


@dataclass(frozen=True)
class Blocked:
    """`final`: the plan is over. Otherwise it waits: until `lifts_at`, or for a person where that is None."""

    rule: str
    reason: str
    final: bool = False
    lifts_at: datetime | None = None


def kill_switch(facts: GuardFacts) -> Blocked | None:
    if facts.paused:
        return Blocked("kill_switch", f"everything is paused by {facts.paused_by}; `/moves resume` lets it go on")
    return None


def address_validity(facts: GuardFacts) -> Blocked | None:
    if not facts.recipients:
        return Blocked("address_validity", "nobody to write to: give at least one address", final=True)
    for given, valid in zip(facts.recipients, facts.valid_recipients, strict=True):
        if valid is None:
            return Blocked("address_validity", f"{given} is not an address that mail can reach: mend it", final=True)
    return None


def suppression(facts: GuardFacts) -> Blocked | None:
    for who, why in facts.suppressed:
        return Blocked("suppression", f"{who} must not be written to: {why}", final=True)
    return None


def already_replied(facts: GuardFacts) -> Blocked | None:
    if facts.replied_since is not None:
        when = facts.replied_since
        return Blocked(
            "already_replied", f"they answered in the meantime ({when:%d %b, %H:%M} UTC): read that first", final=True
        )
    return None


def once_a_week(facts: GuardFacts) -> Blocked | None:
    for who, when in facts.last_mail:
        again = when + QUIET_PERIOD
        if facts.now < again:
            return Blocked(
                "once_a_week", f"{who} heard from us on {when:%d %b}; one mail a person and week", lifts_at=again
            )
    return None


def daily_cap(facts: GuardFacts) -> Blocked | None:
    if facts.mails_today >= facts.daily_cap:
        return Blocked(
            "daily_cap", f"{facts.daily_cap} mails left this mailbox today, its cap", lifts_at=facts.tomorrow
        )
    return None


Rule = Callable[[GuardFacts], Blocked | None]

ALWAYS: tuple[Rule, ...] = (kill_switch, address_validity, suppression, already_replied)
"""For every step of a plan."""
RULES: tuple[Rule, ...] = (*ALWAYS, once_a_week, daily_cap)
"""For the step that sends."""


def first_block(facts: GuardFacts, rules: tuple[Rule, ...] = RULES) -> Blocked | None:
    for rule in rules:
        if (blocked := rule(facts)) is not None:
            return blocked
    return None
