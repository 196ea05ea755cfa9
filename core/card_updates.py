"""Cards that no longer say what is true: found, taken, and brought up to what the move is now."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, literal, null, or_, select, update

from core.database import Db
from core.ports import Posted
from core.tables import moves


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


async def claim(db: Db, move: UUID, *, until: datetime, now: datetime) -> bool:
    """Takes the card for updating until `until`, so that an older state never overwrites a newer one."""
    statement = update(moves).where(moves.c.id == move, _is_free(now)).values(card_lease_until=until)
    return (await db.execute(statement)).rowcount == 1


async def is_changing(db: Db, move: UUID) -> None:
    """Until `shown` nobody knows what the card says: the answer to an update may be lost."""
    await db.execute(update(moves).where(moves.c.id == move).values(shown_digest=null()))


async def shown(db: Db, move: UUID, *, revision: int, digest: str, now: datetime) -> None:
    """The card says revision `revision` now; if the move went on meanwhile it is due again."""
    due = case((moves.c.revision > revision, literal(now)), else_=null())
    values = {"shown_revision": revision, "shown_digest": digest, "card_due_at": due, "card_lease_until": null()}
    await db.execute(update(moves).where(moves.c.id == move).values(**values))


async def later(db: Db, move: UUID, *, until: datetime) -> None:
    """The card could not be updated now."""
    await db.execute(update(moves).where(moves.c.id == move).values(card_due_at=until, card_lease_until=null()))
