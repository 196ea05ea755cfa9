"""App Home in the database: who has theirs open, on which tab and page, and what stands there now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core import arming, cards, cursor, scoring, switch, workspace
from core.card import Card
from core.database import Db
from core.home import PAGE, Came, Chosen, Home, Tab
from core.identity import new_id
from core.tables import approvals, effects, homes, moves, outcomes, recommendations

KEPT_UP_FOR = timedelta(hours=1)
"""For so long after it was opened it shows what changes; opening it again draws it anew."""
COMMITS_WITHIN = timedelta(seconds=2)
"""A change that was timed before the home was read may be committed after it: what changed so recently is read again."""
AGAIN_AFTER = timedelta(seconds=1)
_STATE = {"under_way": "approved", "snoozed": "snoozed", "done": "done"}
"""The moves of each tab that is a list of moves in the order in which they came, the newest first."""
_SAID = {"needs_human": "need your eyes", "unknown": "uncertain", "blocked": "blocked", "held": "held"}
"""What the card says of a move with such an effect."""


@dataclass(frozen=True)
class _Page:
    """Rows of one tab. `ends_with` is where the page after it begins."""

    older: bool
    ends_with: str
    cards: tuple[Card, ...] = ()
    outcomes: tuple[Came, ...] = ()


async def opened(db: Db, *, workspace_id: UUID, user: str, now: datetime) -> UUID:
    """Somebody looks at their App Home: it is drawn anew, and kept up for a while."""
    fresh = insert(homes).values(
        workspace_id=workspace_id, id=new_id(), slack_user_id=user, tab="today", path=[], opened_at=now, due_at=now
    )
    again = fresh.on_conflict_do_update(
        index_elements=["workspace_id", "slack_user_id"], set_={"opened_at": now, "due_at": now}
    )
    id: UUID = (await db.execute(again.returning(homes.c.id))).scalar_one()
    return id


async def turn(db: Db, user: str, tab: Tab, *, now: datetime) -> UUID | None:
    """Shows the first page of a tab; None when the member has never opened their App Home."""
    return await _change(db, user, {"tab": tab, "path": []}, now)


async def older(db: Db, user: str, *, now: datetime) -> UUID | None:
    """Shows the page after the one that is shown."""
    row = await _of(db, user)
    if row is None:
        return None
    page = await _page(db, row, now)
    path = [*row.path, page.ends_with] if page.older else row.path
    return await _change(db, user, {"path": path}, now)


async def newer(db: Db, user: str, *, now: datetime) -> UUID | None:
    """Shows the page before the one that is shown."""
    row = await _of(db, user)
    return None if row is None else await _change(db, user, {"path": row.path[:-1]}, now)


async def touch(db: Db, user: str, *, now: datetime) -> UUID | None:
    """Something it shows has changed."""
    return await _change(db, user, {}, now)


async def draw_anew(db: Db, user: str, *, now: datetime) -> UUID | None:
    """It shows what another release drew: whatever that says, it is drawn once more."""
    return await _change(db, user, {"shown_hash": None}, now)


async def _change(db: Db, user: str, values: dict[str, Any], now: datetime) -> UUID | None:
    changed = update(homes).where(homes.c.slack_user_id == user).values(**values, opened_at=now, due_at=now)
    id: UUID | None = (await db.execute(changed.returning(homes.c.id))).scalar_one_or_none()
    return id


async def _of(db: Db, user: str) -> Row[Any] | None:
    return (await db.execute(select(homes).where(homes.c.slack_user_id == user))).one_or_none()


def _is_free(now: datetime) -> ColumnElement[bool]:
    """It is being looked at, shows something old, and no worker is at it."""
    changed = (
        select(moves.c.id)
        .where(
            moves.c.workspace_id == homes.c.workspace_id,
            moves.c.owner == homes.c.slack_user_id,
            or_(
                moves.c.updated_at > homes.c.shown_at,
                and_(moves.c.updated_at > homes.c.shown_at - COMMITS_WITHIN, homes.c.shown_at <= now - AGAIN_AFTER),
            ),
        )
        .exists()
    )
    unleased = or_(homes.c.lease_until.is_(None), homes.c.lease_until <= now)
    stale = or_(homes.c.due_at <= now, and_(homes.c.due_at.is_(None), changed))
    return and_(homes.c.opened_at > now - KEPT_UP_FOR, unleased, stale)


async def due(db: Db, now: datetime, *, limit: int = 20) -> list[UUID]:
    return list((await db.execute(select(homes.c.id).where(_is_free(now)).limit(limit))).scalars())


@dataclass(frozen=True)
class Claim:
    """A Home that was taken for drawing, and what it should show.

    It is `abandoned` when whoever had it before let the lease run out: stopped, perhaps, and still to draw an older state.
    """

    says: Home
    abandoned: bool
    opened_at: datetime
    """When it was last turned or touched, as far as this knows."""


async def claim(db: Db, id: UUID, *, until: datetime, now: datetime) -> Claim | None:
    """Takes it for drawing until `until`; None when it shows what it should or somebody else is at it."""
    row = (
        await db.execute(select(homes).where(homes.c.id == id, _is_free(now)).with_for_update(key_share=True))
    ).one_or_none()
    if row is None:
        return None
    home = await _home(db, row, now)
    # Until `shown` nobody knows what it shows: the answer to the drawing may be lost.
    await db.execute(update(homes).where(homes.c.id == id).values(lease_until=until, shown_hash=None))
    if home.known and row.shown_hash == home.digest():
        await shown(db, id, home, lease=until, opened_at=row.opened_at)
        return None
    return Claim(home, abandoned=row.lease_until is not None, opened_at=row.opened_at)


async def shown(
    db: Db, id: UUID, said: Home, *, lease: datetime, opened_at: datetime, again_at: datetime | None = None
) -> None:
    """It shows `said` now; whoever turned a page meanwhile gets that one next.

    `lease` is until when it was taken. `again_at`: it is drawn once more then, whatever it shows: somebody may still
    draw an older one over it, as we may just have done where somebody else has taken it since.
    """
    due = case((homes.c.opened_at != opened_at, homes.c.due_at), else_=literal(again_at) if again_at else null())
    values = {"shown_at": said.at, "shown_hash": said.digest() if again_at is None else None, "due_at": due}
    if not await _release(db, id, lease, values):
        await db.execute(update(homes).where(homes.c.id == id).values(shown_hash=None, due_at=said.at))


async def later(db: Db, id: UUID, *, lease: datetime, until: datetime) -> None:
    """It could not be drawn now."""
    await _release(db, id, lease, {"due_at": until})


async def _release(db: Db, id: UUID, lease: datetime, values: dict[str, Any]) -> bool:
    """Whether it was still ours."""
    ours = homes.c.id == id, homes.c.lease_until == lease
    return (await db.execute(update(homes).where(*ours).values(**values, lease_until=None))).rowcount == 1


async def _home(db: Db, row: Row[Any], now: datetime) -> Home:
    user = row.slack_user_id
    member = await workspace.member(db, user)
    page = await _page(db, row, now)
    return Home(
        user=user,
        known=member.known,
        zone=member.zone,
        at=now,
        tab=row.tab,
        first=len(row.path) * PAGE + 1,
        older=page.older,
        counts=await _counts(db, user),
        under_way=await _under_way(db, user),
        switch=await switch.sending(db),
        cards=page.cards,
        outcomes=page.outcomes,
        chosen=await _chosen(db, user, member.zone, now) if row.tab == "settings" else None,
    )


async def _page(db: Db, row: Row[Any], now: datetime) -> _Page:
    after = row.path[-1] if row.path else None
    match row.tab:
        case "today":
            ranked = await scoring.ranked(db, now, owner=row.slack_user_id)
            first = len(row.path) * PAGE
            ids = [move.id for move in ranked[first : first + PAGE]]
            page = await _of_moves(db, ids, older=len(ranked) > first + PAGE, now=now)
            # A card keeps the score that it was shown with until something about it changes.
            return replace(page, cards=tuple(sorted(page.cards, key=lambda card: -card.score.aps)))
        case "outcomes":
            return await _of_outcomes(db, row.slack_user_id, after)
        case "settings":
            return _Page(older=False, ends_with="")
        case _:
            mine = moves.c.owner == row.slack_user_id, moves.c.state == _STATE[row.tab]
            found = await _newest_first(db, select(moves.c.id).where(*mine), moves.c.id, after)
            return await _of_moves(db, [one.id for one in found[:PAGE]], older=len(found) > PAGE, now=now)


async def _newest_first(db: Db, rows: Select[Any], id: ColumnElement[UUID], after: str | None) -> Sequence[Row[Any]]:
    """A page of rows and one more, those that are older than `after`."""
    if after is not None:
        rows = rows.where(id < UUID(after))
    found: Sequence[Row[Any]] = (await db.execute(rows.order_by(id.desc()).limit(PAGE + 1))).all()
    return found


async def _of_moves(db: Db, ids: Sequence[UUID], *, older: bool, now: datetime) -> _Page:
    # In the order of their ids, as whoever changes several moves locks them.
    shown = {id: await cards.to_show(db, id, now) for id in sorted(ids)}
    return _Page(older, str(ids[-1]) if ids else "", cards=tuple(shown[id] for id in ids))


async def _of_outcomes(db: Db, user: str, after: str | None) -> _Page:
    rows = (
        select(outcomes.c.id, outcomes.c.kind, outcomes.c.at, recommendations.c.title)
        .join(
            recommendations,
            and_(
                recommendations.c.id == outcomes.c.recommendation_id,
                recommendations.c.workspace_id == outcomes.c.workspace_id,
            ),
        )
        .join(
            moves,
            and_(
                moves.c.recommendation_id == recommendations.c.id,
                moves.c.workspace_id == recommendations.c.workspace_id,
            ),
        )
        .where(moves.c.owner == user)
    )
    found = await _newest_first(db, rows, outcomes.c.id, after)
    came = tuple(Came(one.title, one.kind, one.at) for one in found[:PAGE])
    return _Page(len(found) > PAGE, str(found[:PAGE][-1].id) if found else "", outcomes=came)


async def _counts(db: Db, user: str) -> dict[str, int]:
    live = moves.c.state.in_(["open", "snoozed", "approved"])
    rows = await db.execute(
        select(moves.c.state, func.count().label("many")).where(moves.c.owner == user, live).group_by(moves.c.state)
    )
    found = {row.state: row.many for row in rows}
    return {"today": found.get("open", 0), **{tab: found.get(_STATE[tab], 0) for tab in ("under_way", "snoozed")}}


async def _under_way(db: Db, user: str) -> dict[str, int]:
    rows = await db.execute(
        select(effects.c.state, func.count(moves.c.id.distinct()).label("many"))
        .join(moves, and_(moves.c.id == effects.c.move_id, moves.c.workspace_id == effects.c.workspace_id))
        .join(
            approvals, and_(approvals.c.id == effects.c.approval_id, approvals.c.workspace_id == effects.c.workspace_id)
        )
        .where(moves.c.owner == user, moves.c.state == "approved", approvals.c.withdrawn_at.is_(None))
        .where(effects.c.state.in_(list(_SAID)))
        .group_by(effects.c.state)
    )
    found = {row.state: row.many for row in rows}
    return {_SAID[state]: found[state] for state in _SAID if state in found}


async def _chosen(db: Db, user: str, zone: str, now: datetime) -> Chosen:
    digest, own = await workspace.digest_of(db, user)
    return Chosen(
        digest, own, await arming.room(db, zone=zone, now=now, owner=user), await cursor.reading(db, cursor.MAILBOX)
    )
