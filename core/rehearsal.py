"""Dry run: everything of a plan but the calls. It stops where a guardrail, a validation or a read of the service would."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from core import approval, arming, guardrails, marketing, queue, workspace
from core.actions.registry import ACTIONS
from core.database import Database, Db
from core.guardrails import GuardFacts
from core.plan import Plan, Step
from core.ports import CannotTell, Ports, Rejected, Unavailable, Unclear

KEY = "0" * 33
"""The key of nothing: whatever is looked for under it is not there."""


@dataclass(frozen=True)
class Rehearsal:
    """`exact` is what would leave, label by label; all of it may hold outside text."""

    summary: str
    exact: tuple[tuple[str, str], ...]
    stops: tuple[str, ...]
    """Why it would not leave now; empty when nothing is in its way."""
    open: tuple[str, ...]
    """What only the call itself can show."""


async def rehearse(
    database: Database, ports: Ports, *, move: UUID, params: Mapping[str, Any] | None, now: datetime
) -> Rehearsal:
    """What approving `params` (None: as proposed) would do. Changes nothing. Raises queue.NoSuchMove."""
    async with database.begin() as db:
        row = await queue.get(db, move)
        name, proposed = await approval.proposed(db, move)
        action = ACTIONS[name]
        try:
            chosen = action.params.model_validate({**proposed, **(params or {})})
        except ValidationError as wrong:
            return Rehearsal(action.words.title, (), tuple(one["msg"] for one in wrong.errors()), ())
        facts = await _facts(db, action.plan(chosen), row, now)
        chosen = await marketing.with_way_out(db, chosen, move=move, facts=facts)
        plan = action.plan(chosen)
        stops = _guarded(plan, facts)
    exact = plan.exact
    try:
        if action.rendered is not None:
            exact += (("As it leaves", await action.rendered(chosen, ports, KEY)),)
        await _readable(action.steps[0], chosen, ports)
    except (Rejected, CannotTell) as no:
        stops.append(str(no))
    except (Unavailable, Unclear) as busy:
        stops.append(f"it would wait: {busy}")
    return Rehearsal(plan.summary, exact, tuple(dict.fromkeys(stops)), tuple(_open(step) for step in action.steps))


async def _facts(db: Db, plan: Plan, row: Any, now: datetime) -> GuardFacts:
    zone = (await workspace.member(db, row.owner)).zone
    since = await queue.opened_at(db, row.id)
    return await arming.guard_facts(
        db, recipients=plan.recipients, since=since, zone=zone, now=now, purpose=row.purpose, owner=row.owner
    )


def _guarded(plan: Plan, facts: GuardFacts) -> list[str]:
    """The reasons of all guardrails that would block it, not only the first."""
    found = [rule(facts) for rule in guardrails.rules_for(plan, sends=True)]
    reasons = [blocked.reason for blocked in found if blocked is not None]
    if plan.expires_at is not None and facts.now >= plan.expires_at:
        reasons.append("its time has passed: choose a later one")
    return reasons


async def _readable(step: Step[Any], params: Any, ports: Ports) -> None:
    """The reads that the first step makes before and after its request."""
    if await step.check(params, ports, KEY, (), first=True) is None:
        await step.find(params, ports, KEY, ())


def _open(step: Step[Any]) -> str:
    return f"whether {step.service.capitalize()} takes it ({step.name.replace('_', ' ')})"
