"""Digests whose message no longer says what is true: found, taken, and brought up to what their moves are now."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, literal, null, or_, select, update

from core import cards, telemetry
from core.card import Card, CardState
from core.database import Db
from core.digest import HEADLINES, Digest, Report
from core.ports import Posted
from core.tables import digest_moves, digests, moves
from core.telemetry import Event, Happened

KEPT_UP_FOR = timedelta(days=7)
"""For so long a digest shows what became of its moves; their buttons go on working after that."""


class NoSuchDigest(Exception):
    """There is no such list here, or it is somebody else's."""


async def get(db: Db, digest: UUID) -> Row[Any]:
    """Raises NoSuchDigest."""
    row = (await db.execute(select(digests).where(digests.c.id == digest))).one_or_none()
    if row is None:
        raise NoSuchDigest(str(digest))
    return row


async def to_show(db: Db, digest: UUID, now: datetime) -> Digest:
    """The list that is about to be shown: the receipts of its scores are kept. Raises NoSuchDigest."""
    row = await get(db, digest)
    listed = select(digest_moves.c.move_id).where(digest_moves.c.digest_id == digest)
    ids = (await db.execute(listed.order_by(digest_moves.c.position))).scalars().all()
    # In the order of their ids, as whoever changes several moves locks them.
    shown = {id: await cards.to_show(db, id, now) for id in sorted(ids)}
    listed_cards = tuple(_as_seen_by(row.owner, shown[id]) for id in ids)
    return Digest(
        str(row.id), row.owner, row.day, row.kind, Report.model_validate(row.facts), listed_cards, row.expanded
    )


def _as_seen_by(owner: str, card: Card) -> Card:
    """What is somebody else's by now cannot be decided here any more."""
    if card.owner == owner:
        return card
    return replace(card, state=CardState.HANDED_OVER, by=card.owner, undoable=False)


async def posted(db: Db, digest: UUID, post: Posted, *, shown: str | None) -> None:
    values = {"channel": post.channel, "ts": post.ts, "shown_hash": shown}
    await db.execute(update(digests).where(digests.c.id == digest).values(**values))
    row = await get(db, digest)
    telemetry.note(db, Happened(Event.DIGEST_POSTED, of=row.kind))
    listed = select(digest_moves.c.move_id).where(digest_moves.c.digest_id == digest)
    headlines = listed.where(digest_moves.c.position <= HEADLINES).order_by(digest_moves.c.position)
    for move in (await db.execute(headlines)).scalars().all():
        telemetry.note(db, Happened(Event.RECOMMENDATION_VIEWED, move, "digest"))


async def expand(db: Db, digest: UUID, *, by: str, now: datetime) -> None:
    """Shows the whole list, or the headlines alone again. Raises NoSuchDigest where it is not theirs."""
    if (await get(db, digest)).owner != by:
        raise NoSuchDigest(str(digest))
    await db.execute(update(digests).where(digests.c.id == digest).values(expanded=~digests.c.expanded, due_at=now))


def _is_free(now: datetime) -> ColumnElement[bool]:
    """The message is up, says something old, and no worker is at it."""
    changed = (
        select(digest_moves.c.position)
        .join(
            moves,
            and_(moves.c.id == digest_moves.c.move_id, moves.c.workspace_id == digest_moves.c.workspace_id),
        )
        .where(
            digest_moves.c.workspace_id == digests.c.workspace_id,
            digest_moves.c.digest_id == digests.c.id,
            moves.c.revision > digest_moves.c.shown_revision,
        )
        .exists()
    )
    unleased = or_(digests.c.lease_until.is_(None), digests.c.lease_until <= now)
    stale = or_(digests.c.due_at <= now, and_(digests.c.due_at.is_(None), changed))
    return and_(digests.c.ts.is_not(None), digests.c.created_at > now - KEPT_UP_FOR, unleased, stale)


async def due(db: Db, now: datetime, *, limit: int = 50) -> list[UUID]:
    """Digests whose message no longer says what is true."""
    return list((await db.execute(select(digests.c.id).where(_is_free(now)).limit(limit))).scalars())


@dataclass(frozen=True)
class Claim:
    """A message that was taken for updating, and what it should say.

    It is `abandoned` when whoever had it before let the lease run out: stopped, perhaps, and still to send an older state.
    """

    says: Digest
    abandoned: bool


async def claim(db: Db, digest: UUID, *, until: datetime, now: datetime) -> Claim | None:
    """Takes the message for updating until `until`; None when it says what it should or somebody else is at it."""
    free = select(digests.c.lease_until, digests.c.shown_hash).where(digests.c.id == digest, _is_free(now))
    row = (await db.execute(free.with_for_update(key_share=True))).one_or_none()
    if row is None:
        return None
    found = await to_show(db, digest, now)
    # Until `shown` nobody knows what the message says: the answer to an update may be lost.
    taken = {"lease_until": until, "shown_hash": null()}
    await db.execute(update(digests).where(digests.c.id == digest).values(**taken))
    if row.shown_hash == found.digest():
        await shown(db, digest, found, lease=until, now=now)
        return None
    return Claim(found, abandoned=row.lease_until is not None)


async def shown(
    db: Db, digest: UUID, said: Digest, *, lease: datetime, now: datetime, again_at: datetime | None = None
) -> None:
    """The message says `said` now; what went on meanwhile makes it due again.

    `lease` is until when it was taken. `again_at`: it is updated once more then, whatever it says: somebody may still
    overwrite it, as we may just have done where somebody else has taken it since.
    """
    due = case((digests.c.expanded != said.expanded, literal(now)), else_=literal(again_at) if again_at else null())
    values = {"shown_hash": said.digest() if again_at is None else None, "due_at": due}
    if not await _release(db, digest, lease, values):
        await db.execute(update(digests).where(digests.c.id == digest).values(shown_hash=null(), due_at=now))
        return
    for card in said.cards:
        mine = digest_moves.c.digest_id == digest, digest_moves.c.move_id == UUID(card.move_id)
        await db.execute(update(digest_moves).where(*mine).values(shown_revision=card.revision))


async def later(db: Db, digest: UUID, *, lease: datetime, until: datetime) -> None:
    """The message could not be updated now."""
    await _release(db, digest, lease, {"due_at": until})


async def _release(db: Db, digest: UUID, lease: datetime, values: dict[str, Any]) -> bool:
    """Whether it was still ours."""
    ours = digests.c.id == digest, digests.c.lease_until == lease
    return (await db.execute(update(digests).where(*ours).values(**values, lease_until=null()))).rowcount == 1
