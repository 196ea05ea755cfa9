"""Guardrails: rules that may stop a plan, each with the reason a person reads. Pure; they run when approving and
inside the arming transaction, where the facts are read under lock."""

from collections.abc import Callable

from core.guardrails.content import marketing_form, sound
from core.guardrails.facts import Blocked, GuardFacts, Overview, Period, Recipient, Room, SentAndBounced, Touch
from core.guardrails.people import (
    address_validity,
    already_replied,
    basis_for,
    legal_basis,
    opt_in,
    quiet_hours,
    same_purpose,
    suppression,
    touches_per_company,
    touches_per_person,
)
from core.guardrails.sending import (
    DRY_RUN,
    KILL_SWITCH,
    bounce_share,
    bounce_warning,
    caps,
    dry_run,
    four_eyes,
    full,
    kill_switch,
    rooms,
)
from core.guardrails.settings import GuardrailSettings
from core.plan import Plan

__all__ = [
    "ALWAYS",
    "DRY_RUN",
    "INWARD",
    "KILL_SWITCH",
    "RULES",
    "Blocked",
    "GuardFacts",
    "GuardrailSettings",
    "Overview",
    "Period",
    "Recipient",
    "Room",
    "Rule",
    "SentAndBounced",
    "Touch",
    "basis_for",
    "bounce_share",
    "bounce_warning",
    "dry_run",
    "first_block",
    "full",
    "kill_switch",
    "rooms",
    "rules_for",
]

Rule = Callable[[GuardFacts], Blocked | None]

INWARD: tuple[Rule, ...] = (kill_switch, dry_run, four_eyes)
"""For a plan of which nobody outside hears by mail: a task, a deal, a post."""
ALWAYS: tuple[Rule, ...] = (
    kill_switch,
    dry_run,
    address_validity,
    suppression,
    already_replied,
    opt_in,
    legal_basis,
)
"""For every step of a plan that has recipients."""
RULES: tuple[Rule, ...] = (
    *ALWAYS,
    four_eyes,
    same_purpose,
    touches_per_person,
    touches_per_company,
    bounce_share,
    quiet_hours,
    caps,
)
"""For the step that sends. What ends a plan comes before what only makes it wait."""


def rules_for(plan: Plan, *, sends: bool) -> tuple[Rule, ...]:
    """What a step of this plan meets: all that concerns it, and what the plan itself says."""
    if not plan.recipients:
        return INWARD
    content: tuple[Rule, ...] = (sound(plan), marketing_form(plan))
    # Content between the two: it ends the plan as the rules before it do, and the rules after it make it wait.
    return (*ALWAYS, *content, *RULES[len(ALWAYS) :]) if sends else (*ALWAYS, *content)


def first_block(facts: GuardFacts, rules: tuple[Rule, ...] = RULES) -> Blocked | None:
    for rule in rules:
        if (blocked := rule(facts)) is not None:
            return blocked
    return None
