"""Digests in the database: made once for each owner and date. What keeps one up is in `core/digest_updates.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Text, and_, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core import cards, effect_rows, scoring, workspace
from core.actions.registry import ACTIONS
from core.database import Db
from core.digest import HEADLINES, MOST, Digest, Kind, Report
from core.identity import new_id
from core.scoring import ScoredMove
from core.tables import WORKSPACE_SETTING, digest_moves, digests, move_events, moves, outcomes, recommendations

A_DAY = timedelta(days=1)


# Nobody waits for whoever makes a list: not for one that stands still, and not with effects that are due.
_IS_MINE = text(
    "select pg_try_advisory_xact_lock(hashtextextended(current_setting(:wall) || ' ' || cast(:what as text), 0))"
).bindparams(bindparam("wall", WORKSPACE_SETTING, type_=Text), bindparam("what", type_=Text))


@dataclass(frozen=True)
class _Made:
    """A list before it is stored."""

    report: Report
    moves: Sequence[ScoredMove]


async def due(db: Db, now: datetime) -> list[tuple[str, date]]:
    """Whose list of which date should be out by now and is not made yet. Each is made in a transaction of its own."""
    wanted = [(member.user, day) for member in await workspace.owners(db) for day in member.due(now)]
    if not wanted:
        return []
    days = digests.c.kind == "morning", digests.c.day >= min(day for _, day in wanted)
    there = {(row.owner, row.day) for row in await db.execute(select(digests.c.owner, digests.c.day).where(*days))}
    return [one for one in wanted if one not in there]


async def make(db: Db, *, workspace_id: UUID, owner: str, day: date, now: datetime) -> UUID | None:
    """The owner's list of this date, and the effect that posts it; None when there is one already, or somebody is at it."""
    if not (await db.execute(_IS_MINE, {"what": f"digest {owner} {day}"})).scalar_one():
        return None
    id = await _reserve(db, workspace_id=workspace_id, owner=owner, day=day, kind="morning", now=now)
    if id is None:
        return None
    await scoring.rescore_open(db, now, owner=owner)
    return await _fill(db, id, await _morning(db, owner, day, now), workspace_id=workspace_id, owner=owner, now=now)


async def top_up(db: Db, *, workspace_id: UUID, owner: str, day: date, now: datetime) -> UUID | None:
    """One more move, the once in a day that something outranks all of the morning's list and has not been told itself.

    The effect that posts it; None when nothing does, or it has been done.
    """
    mine = select(digests.c.id, digests.c.kind, digests.c.created_at).where(
        digests.c.owner == owner, digests.c.day == day
    )
    rows = (await db.execute(mine)).all()
    morning = next((row for row in rows if row.kind == "morning"), None)
    if morning is None or len(rows) > 1:
        return None
    bar = await db.execute(select(func.max(digest_moves.c.aps)).where(digest_moves.c.digest_id == morning.id))
    highest = bar.scalar_one()
    listed = select(digest_moves.c.move_id).where(digest_moves.c.digest_id == morning.id)
    told = or_(moves.c.id.in_(listed), moves.c.created_at > morning.created_at)
    candidates = moves.c.owner == owner, moves.c.state == "open", ~told
    untold = set((await db.execute(select(moves.c.id).where(*candidates))).scalars())
    if highest is None or not untold:
        return None
    best = next((move for move in await scoring.ranked(db, now, owner=owner) if move.id in untold), None)
    if best is None or best.score.aps <= highest:
        return None
    id = await _reserve(db, workspace_id=workspace_id, owner=owner, day=day, kind="top_up", now=now)
    if id is None:
        return None
    minutes = (await scoring.facts_of(db, best.id)).effort_minutes
    made = _Made(Report(worth=1, minutes=minutes), [best])
    return await _fill(db, id, made, workspace_id=workspace_id, owner=owner, now=now)


async def would_be(db: Db, owner: str, day: date, now: datetime) -> Digest:
    """The list as it would be made now. Reads only."""
    made = await _morning(db, owner, day, now)
    shown = [await cards.card(db, move.id, now) for move in made.moves]
    return Digest("", owner, day, "morning", made.report, tuple(shown), expanded=True)


async def _morning(db: Db, owner: str, day: date, now: datetime) -> _Made:
    ranked = await scoring.ranked(db, now, owner=owner)
    listed = ranked[:MOST]
    minutes = [(await scoring.facts_of(db, move.id)).effort_minutes for move in listed[:HEADLINES]]
    before = await _before(db, owner, day)
    since = before.created_at if before is not None else now - A_DAY
    report = Report(
        worth=len(listed),
        beyond=len(ranked) - len(listed),
        minutes=sum(minutes),
        since=before.day if before is not None else None,
        done=await _done(db, owner, since),
        outcomes=await _outcomes(db, owner, since),
        **await _unanswered(db, before.id) if before is not None else {},
    )
    return _Made(report, listed)


async def _before(db: Db, owner: str, day: date) -> Row[Any] | None:
    """The owner's list before this one."""
    earlier = digests.c.owner == owner, digests.c.kind == "morning", digests.c.day < day
    return (await db.execute(select(digests).where(*earlier).order_by(digests.c.day.desc()).limit(1))).one_or_none()


def _same_recommendation() -> ColumnElement[bool]:
    return and_(
        recommendations.c.id == moves.c.recommendation_id, recommendations.c.workspace_id == moves.c.workspace_id
    )


async def _done(db: Db, owner: str, since: datetime) -> dict[str, int]:
    """What was carried out and still stands, by the kind of action."""
    counts = (
        select(recommendations.c.action, func.count(moves.c.id.distinct()).label("many"))
        .join(moves, _same_recommendation())
        .join(
            move_events, and_(move_events.c.move_id == moves.c.id, move_events.c.workspace_id == moves.c.workspace_id)
        )
        .where(moves.c.owner == owner, moves.c.state == "done", move_events.c.what == "done", move_events.c.at > since)
        .group_by(recommendations.c.action)
    )
    found = {row.action: row.many for row in await db.execute(counts)}
    return {kind: found[kind] for kind in ACTIONS if kind in found}


async def _outcomes(db: Db, owner: str, since: datetime) -> dict[str, int]:
    counts = (
        select(outcomes.c.kind, func.count().label("many"))
        .join(
            moves,
            and_(
                moves.c.recommendation_id == outcomes.c.recommendation_id,
                moves.c.workspace_id == outcomes.c.workspace_id,
            ),
        )
        .where(moves.c.owner == owner, outcomes.c.at > since, outcomes.c.kind == "reply")
        .group_by(outcomes.c.kind)
    )
    return {row.kind: row.many for row in await db.execute(counts)}


async def _unanswered(db: Db, digest: UUID) -> dict[str, int]:
    """What became of the moves on a list that nobody answered."""
    states = (
        select(moves.c.state, func.count().label("many"))
        .join(
            digest_moves,
            and_(digest_moves.c.move_id == moves.c.id, digest_moves.c.workspace_id == moves.c.workspace_id),
        )
        .where(digest_moves.c.digest_id == digest)
        .group_by(moves.c.state)
    )
    found = {row.state: row.many for row in await db.execute(states)}
    kept = found.get("open", 0) + found.get("snoozed", 0)
    return {"kept": kept, "expired": found.get("expired", 0), "retired": found.get("retired", 0)}


async def _reserve(db: Db, *, workspace_id: UUID, owner: str, day: date, kind: Kind, now: datetime) -> UUID | None:
    """The row by which nobody else makes this list; None when somebody has."""
    statement = insert(digests).values(
        workspace_id=workspace_id, id=new_id(), owner=owner, day=day, kind=kind, facts={}, created_at=now
    )
    statement = statement.on_conflict_do_nothing(index_elements=["workspace_id", "owner", "day", "kind"])
    reserved: UUID | None = (await db.execute(statement.returning(digests.c.id))).scalar_one_or_none()
    return reserved


async def _fill(db: Db, id: UUID, made: _Made, *, workspace_id: UUID, owner: str, now: datetime) -> UUID | None:
    """What is on the list, and the effect that posts it."""
    await db.execute(update(digests).where(digests.c.id == id).values(facts=made.report.model_dump(mode="json")))
    rows = [
        {"workspace_id": workspace_id, "digest_id": id, "position": n, "move_id": move.id, "aps": move.score.aps}
        for n, move in enumerate(made.moves, start=1)
    ]
    if rows:
        await db.execute(insert(digest_moves).values(rows))
    return await effect_rows.tell(
        db,
        workspace_id=workspace_id,
        action=effect_rows.POST_DIGEST,
        move=None,
        params={"digest": str(id), "owner": owner},
        now=now,
        key=f"digest{id.hex}",
    )
