"""The statement by which an effect changes, with what every change entails: the step after it, and its move's card."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Boolean, DateTime, Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from core import audit, finishing
from core.database import Db
from core.effect import Effect, State
from core.effect_rows import EffectRow
from core.finishing import FINISHING
from core.ports import Receipt

_CHANGING = (
    """
    plan as materialized (
        select approvals.id, approvals.withdrawn_at is not null as withdrawn
        from approvals join effects on effects.workspace_id = approvals.workspace_id and effects.approval_id = approvals.id
        where effects.id = :effect
        for no key update of approvals
    ), changed as (
        update effects set state = :state, attempt = :attempt, fence = :fence, due_at = :due_at, start_by = :start_by,
            horizon_until = :horizon_until, cause = :cause, claims = :claims, looks = :looks,
            rule = :rule, updated_at = :now,
            receipt = coalesce(:receipt, receipt)
        where id = :effect and (approval_id is null or exists (select from plan))
            and state = :was and fence = :fence_was and claims = :claims_was and looks = :looks_was
        returning move_id
    ), woken as (
        update effects set due_at = greatest(coalesce(due_at, :now), :now)
        from plan, changed
        where :applied and not plan.withdrawn and effects.approval_id = plan.id and effects.step = :next
            and effects.state in ('approved', 'held')
        returning effects.id
    ),
    """,
    FINISHING.format(
        of_move="from changed, plan where :finishes and not plan.withdrawn and moves.id = changed.move_id"
    ),
    """
    , shown as (
        update moves set revision = revision + 1, card_due_at = :now, updated_at = :now
        from changed
        where :shows and moves.id = changed.move_id and not exists (select from finished)
        returning moves.id
    )
    """,
)
# All of them are read before the audit's head is locked, and so whatever the CTEs before it lock is locked by then.
_NOTHING_FOLLOWS = """
    not coalesce((select withdrawn from plan), false) and (select count(*) from changed) = 1
    and (select count(*) from woken) >= 0 and (select count(*) from shown) >= 0
    and (select count(*) from finished) = case when :finishes then 1 else 0 end
"""
_GIVEN: tuple[BindParameter[Any], ...] = (
    *(bindparam(name, type_=DateTime(timezone=True)) for name in ("due_at", "start_by", "horizon_until")),
    *(bindparam(name, type_=Integer) for name in ("attempt", "fence", "claims", "looks", "next")),
    *(bindparam(name, type_=Integer) for name in ("fence_was", "claims_was", "looks_was")),
    *(bindparam(name, type_=Text) for name in ("state", "was", "cause", "rule")),
    *(bindparam(name, type_=Boolean) for name in ("applied", "finishes", "shows")),
    *finishing.GIVEN,
    bindparam("receipt", type_=JSONB(none_as_null=True)),
)
_CHANGE = text(
    " ".join(
        (
            "with recursive",
            *_CHANGING,
            ",",
            audit.APPENDING.format(only_if=_NOTHING_FOLLOWS),
            "select coalesce((select withdrawn from plan), false) as withdrawn, exists (select from finished) as finished,",
            "exists (select from kept) as audited from changed",
        )
    )
).bindparams(*_GIVEN)
_NO_ENTRY = {"key": None, "rows": "[]", "count": 0}


class MovedOn(Exception):
    """The effect is no longer as it was read: nothing was written."""


class Written(NamedTuple):
    withdrawn: bool
    """Whether its plan is taken back."""
    finished: bool
    """Whether its move is done now."""
    audited: bool
    """Whether the entries were written too."""


async def write(
    db: Db,
    row: EffectRow,
    after: Effect,
    *,
    receipt: Receipt | None,
    shows: bool,
    finishes: bool,
    now: datetime,
    entries: Mapping[str, object] | None = None,
) -> Written:
    """Writes `after` if the effect still is as it was read in `row`, locked or not. Raises MovedOn.

    `shows`: its move's card says something else now. `finishes`: with this its move is done, unless the plan is taken back.
    One that is applied wakes the step after it, unless the plan is taken back: at once, or when its hold ends. The
    approval is locked before the effect, as everywhere.
    `entries`, of `audit.at_once`, are written as well, unless the plan is taken back or the move is not finished though it
    should be: then more follows, and locks more.
    """
    was = row.effect
    given = {
        "effect": row.id,
        "state": str(after.state),
        "attempt": after.attempt,
        "fence": after.fence,
        "due_at": after.due_at,
        "start_by": after.start_by,
        "horizon_until": after.horizon_until,
        "cause": after.cause,
        "claims": after.claims,
        "looks": after.looks,
        "was": str(was.state),
        "fence_was": was.fence,
        "claims_was": was.claims,
        "looks_was": was.looks,
        "rule": after.rule,
        "receipt": None
        if receipt is None
        else {"external_id": receipt.external_id, "known_by": receipt.known_by, "detail": dict(receipt.detail)},
        "applied": shows and after.state is State.APPLIED,
        "next": row.step + 1,
        "finishes": finishes,
        "shows": shows,
        **finishing.given(now),
    }
    written = (await db.execute(_CHANGE, {**given, **(entries or _NO_ENTRY)})).one_or_none()
    if written is None:
        raise MovedOn
    return Written(*written)
