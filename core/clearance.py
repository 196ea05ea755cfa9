"""Whether an effect may be armed now: asked inside the arming transaction, which keeps the facts locked until it commits."""

from datetime import datetime
from typing import Any

from core import arming, guardrails, queue, switch
from core.actions.registry import ACTIONS
from core.around import Around
from core.database import Db
from core.effect_rows import EffectRow
from core.guardrails import Blocked
from core.plan import Step


async def blocked(
    db: Db, row: EffectRow, step: Step[Any], params: Any, around: Around, now: datetime
) -> Blocked | None:
    """What stops a step of an approved plan; None when it may be armed, and then its room is taken."""
    plan = ACTIONS[row.action].plan(params)
    if plan.expires_at is not None and step.sends and now >= plan.expires_at:
        return Blocked("expired", "its time has passed", final=True)
    facts = await arming.guard_facts(
        db,
        recipients=plan.recipients,
        since=row.created_at,
        zone=around.zone,
        now=now,
        effect=row.id,
        locked=True,
        value=around.value,
        approvers=around.approvers,
    )
    rules = guardrails.rules_for(plan, sends=step.sends)
    if (found := guardrails.first_block(facts, rules)) is not None:
        return found
    if step.sends:
        return await arming.take(db, facts, workspace_id=row.workspace_id, effect=row.id)
    return None


async def undo_waits(db: Db, row: EffectRow, step: Step[Any]) -> bool:
    """Undoing what somebody outside heard of tells them again: that waits while a pause or a dry run is on."""
    if not step.sends:
        return False
    assert row.move_id is not None
    owner = (await queue.get(db, row.move_id)).owner
    found = await switch.sending(db, locked=True)
    return found.paused or found.dry_run_by([owner]) is not None
