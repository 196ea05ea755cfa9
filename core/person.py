"""People we may write to, and the addresses we must not."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from core.address import domain
from core.database import Db
from core.identity import new_id
from core.tables import people, suppressions


async def upsert(db: Db, *, workspace: UUID, email: str, name: str, company: str, now: datetime) -> UUID:
    """The person with this address; a name or company we did not know is added, a known one is kept."""
    statement = insert(people).values(
        workspace_id=workspace, id=new_id(), email=email, name=name, company=company, created_at=now
    )
    kept = {
        column.name: func.coalesce(func.nullif(column, ""), statement.excluded[column.name])
        for column in (people.c.name, people.c.company)
    }
    statement = statement.on_conflict_do_update(index_elements=["workspace_id", "email"], set_=kept)
    id: UUID = (await db.execute(statement.returning(people.c.id))).scalar_one()
    return id


@dataclass(frozen=True)
class Suppression:
    reason: str
    evidence: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.reason.replace('_', ' ')}, {self.evidence}"


async def suppression(db: Db, email: str) -> Suppression | None:
    """Why this address must not be written to, or None."""
    suppressed = select(suppressions.c.reason, suppressions.c.evidence, suppressions.c.at).where(
        or_(
            (suppressions.c.kind == "address") & (suppressions.c.value == email),
            (suppressions.c.kind == "domain") & (suppressions.c.value == domain(email)),
        )
    )
    row = (await db.execute(suppressed.limit(1))).one_or_none()
    return None if row is None else Suppression(row.reason, row.evidence, row.at)


async def suppress(db: Db, *, workspace: UUID, email: str, reason: str, evidence: str, by: str, now: datetime) -> None:
    """From the commit on nobody here writes to `email`. Takes the person's lock, so that no arming runs beside it."""
    await db.execute(select(people.c.id).where(people.c.email == email).with_for_update())
    statement = insert(suppressions).values(
        workspace_id=workspace,
        id=new_id(),
        kind="address",
        value=email,
        reason=reason,
        evidence=evidence,
        by=by,
        at=now,
    )
    await db.execute(statement.on_conflict_do_nothing(index_elements=["workspace_id", "kind", "value"]))
