"""What a step has to know beyond its own row, read by one statement once the row is locked: nobody changes it then."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from core.database import Db
from core.effect_rows import EffectRow
from core.money import Money
from core.ports import Receipt, Receipts
from core.watched import WatchedDeal


@dataclass(frozen=True)
class Around:
    """The steps before, who approved the plan and what it is about. Around what is only told there is nothing."""

    done: Receipts = ()
    """Of the steps before, in order."""
    its_turn: bool = True
    """Whether every step before is applied."""
    watched: tuple[WatchedDeal, ...] = ()
    zone: str = "UTC"
    """The owner's."""
    approvers: frozenset[str] = frozenset()
    value: Money | None = None


_AROUND = (
    text(
        """
        select members.zone, approvals.approved_by, approvals.seconded_by, proposed.facts, proposed.watched,
            (select jsonb_agg(receipt order by step) from effects
                where approval_id = approvals.id and step < :step and receipt is not null) as done,
            (select count(*) from effects
                where approval_id = approvals.id and step < :step and state = 'applied') as applied
        from approvals
        join moves on moves.workspace_id = approvals.workspace_id and moves.id = approvals.move_id
        join recommendations as proposed
            on proposed.workspace_id = moves.workspace_id and proposed.id = moves.recommendation_id
        left join members on members.workspace_id = moves.workspace_id and members.slack_user_id = moves.owner
        where approvals.id = :approval
        """
    )
    .bindparams(bindparam("approval", type_=Uuid), bindparam("step", type_=Integer))
    .columns(facts=JSONB, watched=JSONB, done=JSONB)
)


async def of(db: Db, row: EffectRow) -> Around:
    """For a step of an approved plan."""
    found = (await db.execute(_AROUND, {"approval": row.approval_id, "step": row.step})).one()
    return Around(
        done=[Receipt(**receipt) for receipt in found.done or ()],
        its_turn=found.applied == row.step,
        watched=tuple(WatchedDeal.model_validate(one) for one in found.watched),
        zone=found.zone or "UTC",
        approvers=frozenset(one for one in (found.approved_by, found.seconded_by) if one),
        value=value_in(found.facts),
    )


def value_in(facts: Mapping[str, Any]) -> Money | None:
    """What a proposal is about, in money, if its facts say so."""
    worth, currency = facts.get("value"), facts.get("currency")
    return Money.of(Decimal(str(worth)), currency) if worth is not None and currency else None
