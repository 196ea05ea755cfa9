"""How a move gets done. As CTEs, for as a rule it is the statement by which its last step is applied that does it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid, bindparam, text

from core import audit, queue
from core.audit import Entry, What
from core.database import Db
from core.identity import new_id

FINISHING = """
    finished as (
        update moves set state = 'done', note = :note, revision = revision + 1, card_due_at = :now, updated_at = :now
        {of_move} and moves.state = 'approved'
        returning moves.workspace_id, moves.id
    ), remembered as (
        insert into move_events (workspace_id, id, move_id, what, by, detail, at)
        select workspace_id, :event, id, 'done', 'caseyos', :note, :now from finished
    )
"""
"""`of_move` says which move it is, `from ... where`. `finished` has one row if the move was approved, and now is done."""
GIVEN = (
    bindparam("event", type_=Uuid),
    bindparam("note", type_=Text),
    bindparam("now", type_=DateTime(timezone=True)),
)
_FINISH = text(
    " ".join(("with", FINISHING.format(of_move="where moves.id = :move"), "select id from finished"))
).bindparams(*GIVEN, bindparam("move", type_=Uuid))


def given(now: datetime, note: str = "") -> dict[str, object]:
    """What the CTEs take."""
    return {"event": new_id(), "note": note, "now": now}


def entry(move: UUID | None, note: str = "") -> Entry:
    return Entry(what=What.DONE, who="caseyos", move=move, said=note)


async def finish(db: Db, move: UUID, *, now: datetime, note: str = "") -> None:
    """All that was approved has happened; `note` says what of it did not. Raises NoSuchMove, AlreadyDecided."""
    if (await db.execute(_FINISH, {"move": move, **given(now, note)})).first() is None:
        raise await queue.refusal(db, move)
    audit.note(db, entry(move, note), now=now)
