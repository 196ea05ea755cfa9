"""The mail thread in which somebody answered us, so that the next mail to them can go on in it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.database import Db
from core.plays.facts import Conversation
from core.tables import outcomes, people, recommendations, signals

_NEWEST = (
    select(signals.c.payload)
    .join(outcomes, (outcomes.c.workspace_id == signals.c.workspace_id) & (outcomes.c.signal_id == signals.c.id))
    .join(
        recommendations,
        (recommendations.c.workspace_id == outcomes.c.workspace_id)
        & (recommendations.c.id == outcomes.c.recommendation_id),
    )
    .join(
        people,
        (people.c.workspace_id == recommendations.c.workspace_id) & (people.c.id == recommendations.c.person_id),
    )
    .order_by(outcomes.c.at.desc())
    .limit(1)
)


async def newest(db: Db, person: UUID, *, since: datetime) -> Conversation | None:
    """Of the person's own answers since then the newest that an answer can name.

    What a colleague answered for them is left out: they may never have seen it, nor its subject.
    """
    theirs = _NEWEST.where(
        recommendations.c.person_id == person,
        outcomes.c.kind == "reply",
        signals.c.payload["sender"].astext == people.c.email,
        outcomes.c.at >= since,
        signals.c.payload["header_id"].astext != "",
    )
    mail = (await db.execute(theirs)).scalar_one_or_none()
    return None if mail is None else Conversation(mail["thread_id"], mail["subject"], mail["header_id"])
