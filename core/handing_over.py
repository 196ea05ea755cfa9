"""Handing a move over: it becomes somebody else's, with a card in their channel; the old card says whose it is now."""

from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import null, update

from core import effect_rows, finding, queue
from core.database import Db
from core.note import Note
from core.ports import Posted
from core.tables import moves

STILL_SET = timedelta(minutes=1)


class CannotHandOver(Exception):
    """It is not theirs to hand over, or not to this person, or not now; the message says which."""


async def hand_over(db: Db, *, workspace_id: UUID, move: UUID, to: str, by: str, why: str, now: datetime) -> list[UUID]:
    """Only an owner hands over, and only what nobody has decided. The effects that tell of it, to run next.

    Raises CannotHandOver, queue.NoSuchMove, queue.AlreadyDecided.
    """
    row = await queue.lock(db, move)
    if row.owner != by:
        raise CannotHandOver(f"it is {'yours no longer' if row.owner == to else 'somebody else’s'}")
    if to == by:
        raise CannotHandOver("it is yours already")
    if row.card_ts is None:
        raise CannotHandOver("its card is not there yet; try again in a moment")
    await queue.hand_over(db, move, to=to, by=by, now=now)
    old = Posted(row.card_channel, row.card_ts)
    # From here on the old card is nobody's to update: whoever is at it finds that it has no place and no lease.
    gone = {"card_channel": null(), "card_ts": null(), "card_lease_until": null(), "shown_digest": null()}
    await db.execute(update(moves).where(moves.c.id == move).values(**gone, shown_revision=0, card_due_at=null()))
    revision = (await queue.get(db, move)).revision
    title = await finding.title_of(db, move, owner=to)
    stands = Note("handed_over", {"title": title, "to": to})
    said = Note("handed_to_you", {"by": by, "why": why})
    told = [
        await effect_rows.tell(
            db,
            workspace_id=workspace_id,
            action=action,
            move=of,
            params=params,
            now=now,
            key=f"{key}{move.hex}-{revision}",
        )
        for action, of, key, params in (
            (effect_rows.REPLACE_CARD, None, "handed", {"owner": by, "note": asdict(stands), "old": asdict(old)}),
            (effect_rows.POST_CARD, move, "card", {"owner": to}),
            (effect_rows.POST_NOTE, move, "why", {"note": asdict(said), "thread": True}),
        )
    ]
    if row.card_lease_until is not None:
        # Somebody is at the old card and may still set it: it is replaced once more when they can hardly do so any more.
        again = {"owner": by, "note": asdict(stands), "old": asdict(old)}
        await effect_rows.tell(
            db,
            workspace_id=workspace_id,
            action=effect_rows.REPLACE_CARD,
            move=None,
            params=again,
            now=row.card_lease_until + STILL_SET,
            key=f"handed-again{move.hex}-{revision}",
        )
    return [one for one in told if one is not None]
