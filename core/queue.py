"""The command queue: a move's life, one function per arrow of its state diagram (`docs/reference/states.md`).

The arrow to done is in `core/finishing.py`.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, false, func, literal, null, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from core import audit
from core.audit import Entry, What
from core.database import Db
from core.identity import new_id
from core.tables import move_events, moves, recommendations

LIVE = ("open", "snoozed", "approved")
UNDECIDED = ("open", "snoozed")
CAN_BE_TAKEN_BACK = ("approved", "done")


class NoSuchMove(Exception):
    """There is no move with this id in this workspace."""


class Ambiguous(Exception):
    """Several moves have an id that begins like this."""


@dataclass(eq=False)  # not frozen: an exception gets its traceback assigned on its way
class AlreadyDecided(Exception):
    """Somebody was first, or the move is over: its state, and who brought it there."""

    state: str
    by: str | None

    def __str__(self) -> str:
        return f"already {self.state}" + (f" by {self.by}" if self.by else "")


class _Arrow:
    """One arrow: from one of `start`, in one statement together with its line in the history.

    The statement is built once, at import: building it again would cost a press more than everything else in Python.
    """

    def __init__(self, what: str, *, start: Sequence[str], audited: What | None, **values: Any) -> None:
        self._audited = audited
        at = bindparam("at", type_=move_events.c.at.type)
        by = bindparam("by", type_=move_events.c.by.type)
        changed = (
            update(moves)
            # Not `in_`, whose list is written into the statement anew for each execution.
            .where(moves.c.id == bindparam("move"), or_(*(moves.c.state == state for state in start)))
            .values(**values, revision=moves.c.revision + 1, card_due_at=at, updated_at=at)
            .returning(moves.c.workspace_id, moves.c.id)
            .cte("changed")
        )
        event = bindparam("event", type_=move_events.c.id.type)
        detail = bindparam("detail", type_=move_events.c.detail.type)
        line = select(changed.c.workspace_id, event, changed.c.id, literal(what), by, detail, at)
        columns = ["workspace_id", "id", "move_id", "what", "by", "detail", "at"]
        self._statement = insert(move_events).from_select(columns, line).returning(move_events.c.move_id)

    async def go(
        self, db: Db, move: UUID, *, now: datetime, by: str = "caseyos", detail: str = "", **bound: Any
    ) -> None:
        """`bound` are the parameters in the arrow's values. Raises NoSuchMove, AlreadyDecided."""
        given = {"move": move, "event": new_id(), "by": by, "detail": detail, "at": now, **bound}
        if (await db.execute(self._statement, given)).first() is None:
            raise await refusal(db, move)
        if self._audited is not None:
            audit.note(db, Entry(what=self._audited, who=by, move=move, said=detail), now=now)


async def refusal(db: Db, move: UUID) -> Exception:
    """Why an arrow could not be taken."""
    row = (await db.execute(select(moves.c.state, moves.c.decided_by).where(moves.c.id == move))).one_or_none()
    return NoSuchMove(str(move)) if row is None else AlreadyDecided(row.state, row.decided_by)


async def add(
    db: Db,
    *,
    workspace_id: UUID,
    recommendation: UUID,
    owner: str,
    aps: int,
    now: datetime,
    rule: str = "",
    title: str = "",
    to: Sequence[str] = (),
    **of: Any,
) -> UUID:
    """A new open move (`of`: person_id, purpose, due_at, expires_at). A person has one live move for a purpose: the key sees to it.

    `rule`, `title` and `to`, the person's address, are for the audit.
    """
    id = new_id()
    await db.execute(
        insert(moves).values(
            workspace_id=workspace_id,
            id=id,
            recommendation_id=recommendation,
            owner=owner,
            state="open",
            aps=aps,
            revision=1,
            shown_revision=0,
            created_at=now,
            updated_at=now,
            **of,
        )
    )
    await _history(db, workspace_id, id, "proposed", "caseyos", "", now)
    audit.note(db, Entry(what=What.PROPOSED, move=id, grounds=rule, to=to, said=title), now=now)
    return id


async def _history(db: Db, workspace_id: UUID, move: UUID, what: str, by: str, detail: str, now: datetime) -> None:
    await db.execute(
        insert(move_events).values(
            workspace_id=workspace_id, id=new_id(), move_id=move, what=what, by=by, detail=detail, at=now
        )
    )


_DECIDED: dict[str, Any] = {"decided_by": bindparam("by"), "decided_at": bindparam("at")}
_UNDECIDED: dict[str, Any] = {"decided_by": null(), "decided_at": null()}
_APPROVED = _Arrow(
    "approved", start=UNDECIDED, state="approved", snoozed_until=null(), audited=None, note=null(), **_DECIDED
)
_PUT_OFF: dict[str, Any] = {
    "start": UNDECIDED,
    "state": "snoozed",
    "snoozed_until": bindparam("until"),
    "audited": What.SNOOZED,
    **_DECIDED,
}
_SNOOZED = _Arrow("snoozed", wakes_on_reply=false(), **_PUT_OFF)
_SNOOZED_UNTIL_REPLY = _Arrow("snoozed", wakes_on_reply=true(), **_PUT_OFF)
_DISMISSED = _Arrow(
    "dismissed",
    start=UNDECIDED,
    audited=What.DISMISSED,
    state="dismissed",
    dismiss_reason=bindparam("detail"),
    snoozed_until=null(),
    **_DECIDED,
)
_HANDED_OVER = _Arrow("handed over", start=UNDECIDED, audited=What.HANDED_OVER, owner=bindparam("detail"))
_WOKEN = _Arrow("woken", start=("snoozed",), audited=What.WOKEN, state="open", snoozed_until=null(), **_UNDECIDED)
_TAKING_BACK = _Arrow("taking back", start=CAN_BE_TAKEN_BACK, audited=What.TAKING_BACK, note=bindparam("detail"))
_STAYS_DONE = _Arrow(
    "not taken back", start=CAN_BE_TAKEN_BACK, audited=What.NOT_TAKEN_BACK, state="done", note=bindparam("detail")
)
_REOPENED = _Arrow(
    "reopened", start=CAN_BE_TAKEN_BACK, state="open", note=bindparam("detail"), audited=What.REOPENED, **_UNDECIDED
)
_RETIRED_TAKEN_BACK = _Arrow(
    "retired", start=CAN_BE_TAKEN_BACK, audited=What.RETIRED, state="retired", note=bindparam("detail")
)
_RETIRED = _Arrow(
    "retired", start=UNDECIDED, state="retired", note=bindparam("detail"), audited=What.RETIRED, snoozed_until=null()
)
_EXPIRED = _Arrow("expired", start=UNDECIDED, state="expired", audited=What.EXPIRED, snoozed_until=null())


async def mark_approved(db: Db, move: UUID, *, by: str, now: datetime) -> None:
    await _APPROVED.go(db, move, by=by, now=now)


async def snooze(db: Db, move: UUID, *, until: datetime, by: str, now: datetime, wakes_on_reply: bool = False) -> None:
    """Puts it off until then, or until its person replies where that is wanted and comes first."""
    arrow, sooner = (_SNOOZED_UNTIL_REPLY, ", or their reply") if wakes_on_reply else (_SNOOZED, "")
    await arrow.go(db, move, by=by, detail=f"{until:%Y-%m-%dT%H:%MZ}{sooner}", now=now, until=until)


async def dismiss(db: Db, move: UUID, *, reason: str, by: str, now: datetime) -> None:
    await _DISMISSED.go(db, move, by=by, detail=reason, now=now)


async def hand_over(db: Db, move: UUID, *, to: str, by: str, now: datetime) -> None:
    """It is `to`'s from now on, and waits for their decision as it did for the other's."""
    await _HANDED_OVER.go(db, move, by=by, detail=to, now=now)


async def wake(db: Db, move: UUID, *, now: datetime) -> None:
    await _WOKEN.go(db, move, now=now)


async def taking_back(db: Db, move: UUID, *, reason: str, now: datetime, by: str) -> None:
    """What was approved is being stopped or undone; how that ends is one of the next three."""
    await _TAKING_BACK.go(db, move, by=by, detail=reason, now=now)


async def stays_done(db: Db, move: UUID, *, note: str, now: datetime) -> None:
    """Something of it could not be taken back."""
    await _STAYS_DONE.go(db, move, detail=note, now=now)


async def retire_taken_back(db: Db, move: UUID, *, reason: str, now: datetime) -> None:
    """It was taken back, and another move stands where this one stood."""
    await _RETIRED_TAKEN_BACK.go(db, move, detail=reason, now=now)


async def reopen(db: Db, move: UUID, *, reason: str, now: datetime) -> None:
    """Nothing of what was approved stands: the move waits for a decision again and says why."""
    await _REOPENED.go(db, move, detail=reason, now=now)


async def retire(db: Db, move: UUID, *, reason: str, now: datetime) -> None:
    await _RETIRED.go(db, move, detail=reason, now=now)


async def expire(db: Db, now: datetime, *, limit: int = 100) -> int:
    """Lets go what nobody has decided and makes no sense any more; how many moves that were."""
    past = moves.c.state.in_(UNDECIDED), moves.c.expires_at <= now
    found = select(moves.c.id).where(*past).order_by(moves.c.id).limit(limit)
    expired: list[UUID] = list((await db.execute(found.with_for_update(key_share=True, skip_locked=True))).scalars())
    for move in expired:
        await _EXPIRED.go(db, move, now=now)
    return len(expired)


async def remark(db: Db, move: UUID, note: str, *, now: datetime) -> None:
    """Something more that its card should say."""
    await db.execute(update(moves).where(moves.c.id == move).values(note=note))
    await touch(db, move, now=now)


async def touch(db: Db, move: UUID, *, now: datetime) -> None:
    """Something the card shows has changed."""
    await db.execute(
        update(moves).where(moves.c.id == move).values(revision=moves.c.revision + 1, card_due_at=now, updated_at=now)
    )


async def touch_undecided(db: Db, *, owner: str | None, now: datetime) -> None:
    """Something that the cards of all undecided moves show has changed: of the owner's, or of everybody's."""
    mine = moves.c.state.in_(UNDECIDED) if owner is None else and_(moves.c.state.in_(UNDECIDED), moves.c.owner == owner)
    # In the order of their ids, as whoever changes several moves locks them.
    await db.execute(select(moves.c.id).where(mine).order_by(moves.c.id).with_for_update(key_share=True))
    values = {"revision": moves.c.revision + 1, "card_due_at": now, "updated_at": now}
    await db.execute(update(moves).where(mine).values(**values))


async def due_snoozes(db: Db, now: datetime, *, limit: int = 50) -> list[UUID]:
    over = moves.c.state == "snoozed", moves.c.snoozed_until <= now
    return list((await db.execute(select(moves.c.id).where(*over).order_by(moves.c.id).limit(limit))).scalars())


async def wake_by_reply(db: Db, person: UUID, *, now: datetime) -> list[UUID]:
    """Brings back what was put off until this person replies; which moves that were."""
    waits = moves.c.person_id == person, moves.c.state == "snoozed", moves.c.wakes_on_reply
    found = select(moves.c.id).where(*waits).order_by(moves.c.id).with_for_update(key_share=True)
    woken: list[UUID] = list((await db.execute(found)).scalars())
    for move in woken:
        await wake(db, move, now=now)
    return woken


async def bring_up(db: Db, now: datetime) -> None:
    """Lets go what has expired, and brings back what was put off until now."""
    await expire(db, now)
    for move in await due_snoozes(db, now):
        with suppress(AlreadyDecided):
            await wake(db, move, now=now)


async def today(db: Db, owner: str, *, limit: int = 10) -> Sequence[Row[Any]]:
    """The owner's open moves, the highest score first."""
    statement = (
        select(moves).where(moves.c.owner == owner, moves.c.state == "open").order_by(moves.c.aps.desc(), moves.c.id)
    )
    return (await db.execute(statement.limit(limit))).all()


async def get(db: Db, move: UUID) -> Row[Any]:
    row = (await db.execute(select(moves).where(moves.c.id == move))).one_or_none()
    if row is None:
        raise NoSuchMove(str(move))
    return row


async def lock(db: Db, move: UUID) -> Row[Any]:
    """The move, as it stays until the commit but for what this transaction does. Raises NoSuchMove."""
    locked = select(moves).where(moves.c.id == move).with_for_update(key_share=True)
    row = (await db.execute(locked)).one_or_none()
    if row is None:
        raise NoSuchMove(str(move))
    return row


async def opened_at(db: Db, move: UUID) -> datetime:
    """When it was last put before its owner: whatever happened before that, the owner could see."""
    opening = move_events.c.what.in_(["proposed", "woken", "reopened"])
    statement = select(func.max(move_events.c.at)).where(move_events.c.move_id == move, opening)
    at: datetime = (await db.execute(statement)).scalar_one()
    return at


async def named(db: Db, start: str) -> UUID:
    """The move whose id is `start` or begins with it, dashes or not. Raises NoSuchMove, Ambiguous."""
    digits = start.strip().lower().replace("-", "")
    if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
        raise NoSuchMove(start)
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    within = select(moves.c.id).where(moves.c.id.between(first, last)).limit(2)
    found: list[UUID] = list((await db.execute(within)).scalars())
    if not found:
        raise NoSuchMove(start)
    if len(found) > 1:
        raise Ambiguous(start)
    return found[0]


async def open_for_person(db: Db, person: UUID, *, actions: Sequence[str]) -> Sequence[UUID]:
    """The person's undecided moves that propose one of these actions."""
    proposal = (recommendations.c.id == moves.c.recommendation_id) & (
        recommendations.c.workspace_id == moves.c.workspace_id
    )
    statement = (
        select(moves.c.id)
        .join(recommendations, proposal)
        .where(moves.c.person_id == person, moves.c.state.in_(UNDECIDED), recommendations.c.action.in_(actions))
        .order_by(moves.c.id)
    )
    return (await db.execute(statement)).scalars().all()


async def live_purposes(db: Db, person: UUID) -> dict[str, UUID]:
    """The purposes for which the person has a move waiting, and those moves."""
    statement = select(moves.c.purpose, moves.c.id).where(moves.c.person_id == person, moves.c.state.in_(LIVE))
    return {row.purpose: row.id for row in await db.execute(statement)}


async def live_for(db: Db, person: UUID, purpose: str) -> Row[Any] | None:
    where = and_(moves.c.person_id == person, moves.c.purpose == purpose, or_(*(moves.c.state == s for s in LIVE)))
    return (await db.execute(select(moves).where(where))).one_or_none()
