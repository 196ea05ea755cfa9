"""Rules about what a plan says: bound to the plan, as they need nothing else."""

from collections.abc import Callable

from core import validation
from core.guardrails.facts import Blocked, GuardFacts
from core.plan import Plan
from core.ports import ONE_CLICK, UNSUBSCRIBE

WAY_OUT = "/unsubscribe/"
"""Below the public address: where the links of marketing mail lead."""


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
        missing = _no_way_out(plan, facts)
        return Blocked("unsubscribe", missing, final=True) if missing else None

    return marketing


def _no_way_out(plan: Plan, facts: GuardFacts) -> str:
    """Why the recipient could not unsubscribe by one click; empty when they can."""
    if not facts.public_url.startswith("https://"):
        return (
            "marketing mail needs a link by which people unsubscribe: set CASEYOS_PUBLIC_URL to the https address"
            " under which they reach this bot"
        )
    if len(plan.recipients) != 1:
        return "an unsubscribe link is one person's alone: send marketing mail to one recipient at a time"
    headers = dict(plan.exact)
    way_out = headers.get(UNSUBSCRIBE, "")
    ours = way_out.startswith(f"<{facts.public_url}{WAY_OUT}") and way_out.endswith(">")
    if not ours or headers.get(ONE_CLICK[0]) != ONE_CLICK[1]:
        return "marketing mail needs a one-click unsubscribe link of the present address: approve it again"
    return ""
