"""What outcomes taught: counts per feature and value, from which the score's corrections are made."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.aps import Correction
from core.database import Db
from core.tables import corrections


async def count(
    db: Db, features: Mapping[str, str], *, workspace: UUID, succeeded: bool, counted_as_failure: bool, now: datetime
) -> None:
    """One more outcome for each feature. `counted_as_failure`: it was counted before, and now turns into a success."""
    tried, won = (0 if counted_as_failure else 1), int(succeeded)
    for feature, value in sorted(features.items()):
        statement = insert(corrections).values(
            workspace_id=workspace, feature=feature, value=value, tried=max(tried, won), succeeded=won, updated_at=now
        )
        await db.execute(
            statement.on_conflict_do_update(
                index_elements=["workspace_id", "feature", "value"],
                set_={
                    # What was counted before may have been forgotten since.
                    "tried": func.greatest(corrections.c.tried + tried, corrections.c.succeeded + won),
                    "succeeded": corrections.c.succeeded + won,
                    "updated_at": now,
                },
            )
        )


async def corrections_for(db: Db, features: Mapping[str, str]) -> tuple[Correction, ...]:
    """What is known about these features, each beside all other values of the same feature."""
    found = []
    for feature, value in sorted(features.items()):
        mine = corrections.c.value == value
        sums = select(
            func.coalesce(func.sum(corrections.c.tried).filter(mine), 0),
            func.coalesce(func.sum(corrections.c.succeeded).filter(mine), 0),
            func.coalesce(func.sum(corrections.c.tried).filter(~mine), 0),
            func.coalesce(func.sum(corrections.c.succeeded).filter(~mine), 0),
        ).where(corrections.c.feature == feature)
        tried, won, others_tried, others_won = (await db.execute(sums)).one()
        if tried:
            found.append(
                Correction(
                    feature=feature,
                    value=value,
                    tried=tried,
                    succeeded=won,
                    others_tried=others_tried,
                    others_succeeded=others_won,
                )
            )
    return tuple(found)


async def forget_all(db: Db) -> None:
    """Empties what was learned: the product then works on its priors."""
    await db.execute(update(corrections).values(tried=0, succeeded=0))
