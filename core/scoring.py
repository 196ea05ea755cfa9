"""Scores of moves in the database: made when read, kept with the receipt that makes them again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
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
        await db.execute(update(moves).where(moves.c.id == move).values(aps=receipt.score.aps))
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


async def rescore_open(db: Db, now: datetime, *, owner: str | None = None) -> list[ScoredMove]:
    """Every open move with its score of now; rows and cards whose score is unchanged are not touched."""
    statement = (
        select(moves.c.id, moves.c.aps, moves.c.owner, recommendations.c.facts, recommendations.c.title)
        .join(
            recommendations,
            (moves.c.recommendation_id == recommendations.c.id)
            & (moves.c.workspace_id == recommendations.c.workspace_id),
        )
        .where(moves.c.state == "open")
    )
    if owner is not None:
        statement = statement.where(moves.c.owner == owner)
    scored = []
    for row in (await db.execute(statement)).all():
        receipt = await score_now(db, Facts.model_validate(row.facts), now)
        if receipt.score.aps != row.aps:
            await db.execute(update(moves).where(moves.c.id == row.id).values(aps=receipt.score.aps))
            await queue.touch(db, row.id, now=now)
        scored.append(ScoredMove(row.id, row.title, receipt.score))
    return sorted(scored, key=lambda move: (-move.score.aps, move.id))
