"""Rules about what a plan says: bound to the plan, as they need nothing else."""

from collections.abc import Callable
from urllib.parse import urlsplit

from core import validation
from core.guardrails.facts import Blocked, GuardFacts
from core.plan import Plan

UNSUBSCRIBE = "List-Unsubscribe"
ONE_CLICK = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
"""RFC 8058: with this header the mail program unsubscribes by itself, by one POST."""


def sound(plan: Plan) -> Callable[[GuardFacts], Blocked | None]:
    """The rule that subject and text hold nothing that must not leave."""

    def content(facts: GuardFacts) -> Blocked | None:
        flaw = validation.first_flaw(plan.subject, plan.body)
        return None if flaw is None else Blocked(flaw.rule, flaw.said, final=True)

    return content


def marketing_form(plan: Plan) -> Callable[[GuardFacts], Blocked | None]:
    """The rule that marketing mail says who sends it and how to get out of it."""

    def marketing(facts: GuardFacts) -> Blocked | None:
        if facts.purpose not in facts.settings.legal.marketing:
            return None
        address = " ".join(facts.settings.legal.postal_address.split())
        if not address:
            return Blocked(
                "postal_address", "marketing mail needs a postal address: set it in the settings", final=True
            )
        if address not in " ".join(plan.body.split()):
            return Blocked("postal_address", f"the text does not give the postal address {address}: add it", final=True)
        headers = dict(plan.exact)
        way_out = headers.get(UNSUBSCRIBE, "").strip().removeprefix("<").removesuffix(">")
        parts = urlsplit(way_out)
        if parts.scheme != "https" or not parts.hostname or headers.get(ONE_CLICK[0]) != ONE_CLICK[1]:
            return Blocked("unsubscribe", "marketing mail needs a one-click unsubscribe header over https", final=True)
        return None

    return marketing
