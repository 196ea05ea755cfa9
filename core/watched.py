"""Facts outside that a person would want to know had changed since they approved: a deal's stage and who looks after it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select, update

from core.database import Db
from core.ports import Crm, CrmRecord, DealNow
from core.tables import moves, recommendations


class WatchedDeal(BaseModel, frozen=True):
    """How a deal stood when the plan was put before its owner; ids as the CRM has them."""

    id: str
    name: str
    stage: str
    owner: str


def of_record(record: CrmRecord | None) -> list[dict[str, str]]:
    """What is watched of somebody's open deals, ready to be stored."""
    deals = record.open_deals if record is not None else ()
    return [
        WatchedDeal(id=deal.id, name=deal.name, stage=deal.values["stage"], owner=deal.owner_id).model_dump()
        for deal in deals
        if "stage" in deal.values
    ]


async def look(crm: Crm, watched: Sequence[WatchedDeal]) -> tuple[tuple[WatchedDeal, ...], str]:
    """How they stand now, and what has changed in words; empty when nothing has. Raises what the CRM raises."""
    now, changed = [], []
    for deal in watched:
        seen = await crm.read_deal(deal.id)
        if seen is None:
            changed.append(f"the deal {deal.name} is gone from HubSpot")
            continue
        now.append(_as_it_stands(deal, seen))
        if differences := _differences(deal, now[-1]):
            changed.append(f"the deal {deal.name}: {'; '.join(differences)}")
    return tuple(now), "; ".join(changed)


async def remember(db: Db, move: UUID, watched: Sequence[WatchedDeal], now: datetime) -> None:
    """From now on this is what the owner has been told: only a further change is asked about again."""
    mine = select(moves.c.recommendation_id).where(moves.c.id == move).scalar_subquery()
    kept = [one.model_dump() for one in watched]
    await db.execute(update(recommendations).where(recommendations.c.id == mine).values(watched=kept))


def _as_it_stands(deal: WatchedDeal, seen: DealNow) -> WatchedDeal:
    return WatchedDeal(id=deal.id, name=seen.name or deal.name, stage=seen.values["stage"], owner=seen.owner_id)


def _differences(before: WatchedDeal, now: WatchedDeal) -> list[str]:
    pairs: Mapping[str, tuple[str, str]] = {"stage": (before.stage, now.stage), "owner": (before.owner, now.owner)}
    return [
        f"its {what} was {old or 'empty'} and is {new or 'empty'}" for what, (old, new) in pairs.items() if old != new
    ]
