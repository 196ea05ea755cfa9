"""People we may write to, and the addresses we must not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from core.address import domain
from core.database import Db
from core.identity import new_id
from core.tables import WORKSPACE_SETTING, people, suppressions


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


_HOLD = text(
    f"select pg_advisory_xact_lock(hashtextextended(current_setting('{WORKSPACE_SETTING}') || ' ' || :address, 0))"
)


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


async def hold(db: Db, emails: Sequence[str]) -> None:
    """Until the commit nobody else arms, suppresses or records a reply for these addresses, known to us or not.

    A suppression that is not there cannot be locked, nor can a person we have not met: so the address itself is.
    """
    for email in sorted(emails):
        await db.execute(_HOLD, {"address": email})


async def suppress(db: Db, *, workspace: UUID, email: str, reason: str, evidence: str, by: str, now: datetime) -> None:
    """From the commit on nobody here writes to `email`: no arming for this address runs beside it."""
    await hold(db, [email])
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
