"""Cards that no longer say what is true: found, taken, and brought up to what the move is now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, literal, null, or_, select, update

from core.database import Db
from core.ports import Posted
from core.tables import moves


@dataclass(frozen=True)
class Claim:
    """A message that was taken for updating.

    It is `abandoned` when whoever had it before let the lease run out: stopped, perhaps, and still to send an older state.
    """

    abandoned: bool


async def posted(db: Db, move: UUID, post: Posted, *, shown: int, digest: str | None, now: datetime) -> None:
    due = case((moves.c.revision > shown, now), else_=null())
    values = {"card_channel": post.channel, "card_ts": post.ts, "shown_revision": shown, "shown_digest": digest}
    await db.execute(update(moves).where(moves.c.id == move).values(**values, card_due_at=due))


def _is_free(now: datetime) -> ColumnElement[bool]:
    """The card is up, says something old, and no worker is at it."""
    unleased = or_(moves.c.card_lease_until.is_(None), moves.c.card_lease_until <= now)
    return and_(moves.c.card_due_at <= now, moves.c.card_ts.is_not(None), unleased)


async def due(db: Db, now: datetime, *, limit: int = 50) -> list[UUID]:
    """Moves whose card is up and no longer says what is true."""
    statement = select(moves.c.id).where(_is_free(now)).order_by(moves.c.card_due_at).limit(limit)
    return list((await db.execute(statement)).scalars())


async def claim(db: Db, move: UUID, *, until: datetime, now: datetime) -> Claim | None:
    """Takes the card for updating until `until`, so that an older state never overwrites a newer one; None: it is not due."""
    free = select(moves.c.workspace_id, moves.c.id, moves.c.card_lease_until.is_not(None).label("abandoned"))
    free_one = free.where(moves.c.id == move, _is_free(now)).with_for_update(key_share=True).cte("free")
    same = moves.c.workspace_id == free_one.c.workspace_id, moves.c.id == free_one.c.id
    taken = update(moves).where(*same).values(card_lease_until=until).returning(free_one.c.abandoned)
    row = (await db.execute(taken)).one_or_none()
    return None if row is None else Claim(abandoned=row.abandoned)


async def is_changing(db: Db, move: UUID) -> None:
    """Until `shown` nobody knows what the card says: the answer to an update may be lost."""
    await db.execute(update(moves).where(moves.c.id == move).values(shown_digest=null()))


async def shown(
    db: Db,
    move: UUID,
    *,
    lease: datetime,
    revision: int,
    digest: str,
    now: datetime,
    again_at: datetime | None = None,
) -> None:
    """The card says revision `revision` now; if the move went on meanwhile it is due again.

    `lease` is until when it was taken. `again_at`: it is updated once more then, whatever it says: somebody may still
    overwrite it, as we may just have done where somebody else has taken it since.
    """
    due = case((moves.c.revision > revision, literal(now)), else_=null() if again_at is None else literal(again_at))
    values = {"shown_revision": revision, "shown_digest": digest if again_at is None else None, "card_due_at": due}
    if not await _release(db, move, lease, values):
        overtaken = {"shown_digest": null(), "card_due_at": now}
        await db.execute(update(moves).where(moves.c.id == move).values(**overtaken))


async def later(db: Db, move: UUID, *, lease: datetime, until: datetime) -> None:
    """The card could not be updated now."""
    await _release(db, move, lease, {"card_due_at": until})


async def _release(db: Db, move: UUID, lease: datetime, values: dict[str, Any]) -> bool:
    """Whether it was still ours."""
    ours = moves.c.id == move, moves.c.card_lease_until == lease
    return (await db.execute(update(moves).where(*ours).values(**values, card_lease_until=null()))).rowcount == 1
