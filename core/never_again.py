"""“Never for this person”: the move is dismissed, and nobody here writes to them any more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core import outcome, person, queue
from core.database import Db
from core.tables import moves, people

NEVER = "never"
"""The reason for which the move is dismissed."""
SAID_ON_A_CARD = "said on a card"


@dataclass(frozen=True)
class Whom:
    name: str
    email: str


async def whom(db: Db, move: UUID) -> Whom:
    """Whom a move is about. Raises queue.NoSuchMove."""
    same = (people.c.id == moves.c.person_id) & (people.c.workspace_id == moves.c.workspace_id)
    row = (
        await db.execute(select(people.c.name, people.c.email).join(moves, same).where(moves.c.id == move))
    ).one_or_none()
    if row is None:
        raise queue.NoSuchMove(str(move))
    return Whom(row.name, row.email)


async def never_again(db: Db, *, workspace_id: UUID, move: UUID, by: str, why: str, now: datetime) -> None:
    """Dismisses the move, takes the person's other letters off the list and lets none leave from the commit on.

    `why` is kept as evidence; the suppression is a manual one, which can be taken off again. Raises queue.NoSuchMove and
    queue.AlreadyDecided.
    """
    email = (await whom(db, move)).email
    await person.hold(db, [email])
    await queue.dismiss(db, move, reason=NEVER, by=by, now=now)
    row = await queue.get(db, move)
    await person.suppress(
        db,
        workspace=workspace_id,
        email=email,
        reason="manual",
        evidence=why or SAID_ON_A_CARD,
        by=by,
        move=move,
        now=now,
    )
    reason = "nobody here writes to them any more"
    await outcome.retire_letters(db, row.person_id, reason=reason, now=now, besides=[move])
