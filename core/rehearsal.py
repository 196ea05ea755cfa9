"""Dry run: everything of a plan but the calls; it names what would stop the real run, and what would only delay it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row

from core import approval, arming, guardrails, marketing, queue, seconding, workspace
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
    """Why it would not be carried out; empty when nothing is in its way."""
    waits: tuple[str, ...]
    """What would only put it off: once it is approved, it leaves when that has passed."""
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
            return Rehearsal(action.words.title, (), tuple(one["msg"] for one in wrong.errors()), (), ())
        facts = await _facts(db, action.plan(chosen), row, now)
        chosen = await marketing.with_way_out(db, chosen, move=move, facts=facts)
        plan = action.plan(chosen)
        stops, waits = _guarded(plan, facts)
    exact = plan.exact
    try:
        if action.rendered is not None:
            exact += (("As it leaves", await action.rendered(chosen, ports, KEY)),)
        await _readable(action.steps[0], chosen, ports)
    except (Rejected, CannotTell) as no:
        stops.append(str(no))
    except (Unavailable, Unclear) as busy:
        waits.append(f"until it can be asked: {busy}")
    return Rehearsal(
        plan.summary,
        exact,
        tuple(dict.fromkeys(stops)),
        tuple(dict.fromkeys(waits)),
        tuple(_open(step) for step in action.steps),
    )


async def _facts(db: Db, plan: Plan, row: Row[Any], now: datetime) -> GuardFacts:
    return await arming.guard_facts(
        db,
        recipients=plan.recipients,
        since=await queue.opened_at(db, row.id),
        zone=(await workspace.member(db, row.owner)).zone,
        now=now,
        purpose=row.purpose,
        owner=row.owner,
        value=await seconding.worth(db, row.id),
    )


def _guarded(plan: Plan, facts: GuardFacts) -> tuple[list[str], list[str]]:
    """The reasons of all guardrails that would block it, not only the first: what stops it, and what puts it off."""
    about_to_leave = replace(facts, arming=True)
    stops, waits = [], []
    for rule in guardrails.rules_for(plan, sends=True):
        if rule is guardrails.dry_run:
            continue  # this is one
        if (blocked := rule(facts)) is not None:
            stops.append(blocked.reason)
        elif (blocked := rule(about_to_leave)) is not None:
            waits.append(blocked.reason)
    if plan.expires_at is not None and facts.now >= plan.expires_at:
        stops.append("its time has passed: choose a later one")
    return stops, waits


async def _readable(step: Step[Any], params: Any, ports: Ports) -> None:
    """The reads that the first step makes before and after its request."""
    if await step.check(params, ports, KEY, (), first=True) is None:
        await step.find(params, ports, KEY, ())


def _open(step: Step[Any]) -> str:
    return f"whether {step.service.capitalize()} takes it ({step.name.replace('_', ' ')})"
