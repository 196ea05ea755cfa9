"""Who asked for marketing mail: each opt-in is kept with its evidence, also once it is withdrawn."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from core import audit
from core.audit import Entry, What
from core.database import Db
from core.identity import new_id
from core.tables import opt_ins, people


async def record_opt_in(
    db: Db,
    *,
    workspace: UUID,
    person: UUID,
    email: str,
    by: str,
    wording: str,
    at: datetime,
    signal: UUID | None = None,
) -> None:
    """They asked for marketing mail, in these words; `by` is the form, or the member who typed it.

    ValueError without evidence. Somebody on the suppression list stays there.
    """
    if not by.strip() or not wording.strip():
        raise ValueError("an opt-in without evidence is none")
    await db.execute(
        insert(opt_ins).values(
            workspace_id=workspace, id=new_id(), person_id=person, at=at, by=by, wording=wording, signal_id=signal
        )
    )
    audit.note(db, Entry(what=What.OPTED_IN, who=by, to=(email,), said=wording), now=at)


async def withdraw(db: Db, email: str, *, now: datetime) -> None:
    """What they agreed to before now counts no longer, even if they are taken off the suppression list."""
    theirs = select(people.c.id).where(people.c.email == email)
    standing = opt_ins.c.person_id.in_(theirs), opt_ins.c.withdrawn_at.is_(None)
    await db.execute(update(opt_ins).where(*standing).values(withdrawn_at=now))
