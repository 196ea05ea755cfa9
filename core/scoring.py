"""Scores of moves in the database: made when read, kept with the receipt that makes them again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert

from core import aps, learning, queue
from core.aps import Facts, Score, ScoreReceipt
from core.database import Db
from core.identity import new_id
from core.tables import moves, recommendations, score_receipts


async def score_now(db: Db, facts: Facts, now: datetime) -> ScoreReceipt:
    return aps.receipt(facts, await learning.corrections_for(db, facts.features), now)


async def keep(db: Db, *, workspace: UUID, move: UUID, revision: int, receipt: ScoreReceipt) -> ScoreReceipt:
    """Keeps the receipt of what a card shows; a revision that was shown before keeps its first receipt."""
    # The move's row first: whoever changes a move and its receipts locks them in this order.
    await db.execute(update(moves).where(moves.c.id == move).values(aps=receipt.score.aps))
    statement = insert(score_receipts).values(
        workspace_id=workspace,
        id=new_id(),
        move_id=move,
        revision=revision,
        aps=receipt.score.aps,
        receipt=receipt.model_dump(mode="json"),
        at=receipt.at,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["workspace_id", "move_id", "revision"])
    if (await db.execute(statement.returning(score_receipts.c.id))).first() is not None:
        return receipt
    shown = select(score_receipts.c.receipt).where(
        score_receipts.c.move_id == move, score_receipts.c.revision == revision
    )
    return ScoreReceipt.model_validate((await db.execute(shown)).scalar_one())


async def posted(db: Db, move: UUID) -> ScoreReceipt | None:
    """The receipt of the score that was shown last."""
    statement = select(score_receipts.c.receipt).where(score_receipts.c.move_id == move)
    row = (await db.execute(statement.order_by(score_receipts.c.revision.desc()).limit(1))).scalar_one_or_none()
    return None if row is None else ScoreReceipt.model_validate(row)


async def facts_of(db: Db, move: UUID) -> Facts:
    statement = select(recommendations.c.facts).join(
        moves,
        (moves.c.recommendation_id == recommendations.c.id) & (moves.c.workspace_id == recommendations.c.workspace_id),
    )
    found = (await db.execute(statement.where(moves.c.id == move))).scalar_one_or_none()
    if found is None:
        raise queue.NoSuchMove(str(move))
    return Facts.model_validate(found)


@dataclass(frozen=True)
class ScoredMove:
    id: UUID
    title: str
    score: Score


async def ranked(db: Db, now: datetime, *, owner: str | None = None) -> list[ScoredMove]:
    """The owner's open moves, or everybody's, with their scores of now, best first. Reads only."""
    mine = _open_moves() if owner is None else _open_moves().where(moves.c.owner == owner)
    rows = (await db.execute(mine)).all()
    scored = [ScoredMove(row.id, row.title, (await _scored(db, row.facts, now)).score) for row in rows]
    return sorted(scored, key=lambda move: (-move.score.aps, move.id))


async def rescore_open(db: Db, now: datetime, *, owner: str | None = None) -> int:
    """Brings the stored scores of the owner's open moves, or of all, up to now; how many changed. Others are not written."""
    changed = 0
    open_moves = _open_moves() if owner is None else _open_moves().where(moves.c.owner == owner)
    for row in (await db.execute(open_moves.order_by(moves.c.id).with_for_update(of=moves, key_share=True))).all():
        aps_now = (await _scored(db, row.facts, now)).score.aps
        if aps_now != row.aps:
            changed += 1
            await db.execute(update(moves).where(moves.c.id == row.id).values(aps=aps_now))
            await queue.touch(db, row.id, now=now)
    return changed


def _open_moves() -> Select[Any]:
    same = (moves.c.recommendation_id == recommendations.c.id) & (
        moves.c.workspace_id == recommendations.c.workspace_id
    )
    columns = moves.c.id, moves.c.aps, recommendations.c.facts, recommendations.c.title
    return select(*columns).join(recommendations, same).where(moves.c.state == "open")


async def _scored(db: Db, stored: dict[str, Any], now: datetime) -> ScoreReceipt:
    return await score_now(db, Facts.model_validate(stored), now)
