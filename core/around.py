"""What a step has to know beyond its own row, read by the statement that takes it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, Text, Uuid, bindparam, column, text
from sqlalchemy.dialects.postgresql import JSONB

from core import effect_rows
from core.database import Db
from core.effect_rows import EffectRow
from core.money import Money
from core.ports import Receipt, Receipts
from core.tables import effects
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
        select mine.id as of_effect, members.zone, approvals.approved_by, approvals.seconded_by,
            proposed.facts, proposed.watched,
            (select jsonb_agg(receipt order by step) from effects
                where approval_id = approvals.id and step < mine.step and receipt is not null) as done,
            (select count(*) from effects
                where approval_id = approvals.id and step < mine.step and state = 'applied') as applied
        from effects as mine
        join approvals on approvals.workspace_id = mine.workspace_id and approvals.id = mine.approval_id
        join moves on moves.workspace_id = approvals.workspace_id and moves.id = approvals.move_id
        join recommendations as proposed
            on proposed.workspace_id = moves.workspace_id and proposed.id = moves.recommendation_id
        left join members on members.workspace_id = moves.workspace_id and members.slack_user_id = moves.owner
        where mine.id = :effect
        """
    )
    .bindparams(bindparam("effect", type_=Uuid))
    .columns(
        column("of_effect", Uuid),
        column("zone", Text),
        column("approved_by", Text),
        column("seconded_by", Text),
        column("facts", JSONB),
        column("watched", JSONB),
        column("done", JSONB),
        column("applied", Integer),
    )
)
_BESIDE = _AROUND.subquery("beside")
_TAKE_UP = effect_rows.LOCK_IF_FREE.add_columns(*_BESIDE.c).outerjoin(_BESIDE, _BESIDE.c.of_effect == effects.c.id)


async def take_up(db: Db, id: UUID) -> tuple[EffectRow, Around] | None:
    """The effect, locked until the commit, and what is around it; None when there is none or another worker has it."""
    found = (await db.execute(_TAKE_UP, {"effect": id})).one_or_none()
    if found is None:
        return None
    row = effect_rows.from_row(found)
    if row.tells:
        return row, Around()
    if (read := _from_row(found, row)).its_turn:
        return row, read
    # What lies around was read before the lock was had: the step before may have been applied in between.
    return row, _from_row((await db.execute(_AROUND, {"effect": id})).one(), row)


def _from_row(found: Row[Any], row: EffectRow) -> Around:
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
