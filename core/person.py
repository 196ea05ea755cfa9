"""People we may write to, on what grounds, and those whom we must not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, and_, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core import audit, consent
from core.address import FREE_MAIL, domain
from core.audit import Entry, What
from core.database import Db
from core.guardrails.settings import LegalBasis
from core.identity import new_id
from core.quiet import known_zone
from core.tables import WORKSPACE_SETTING, people, suppressions

Kind = Literal["address", "domain", "account"]

_WEIGHT = {"manual": 0, "hard_bounce": 1, "opt_out": 2, "complaint": 3, "legal": 4}
"""A heavier reason takes a lighter one's place: the lighter could be removed more easily."""
NEEDS_REASON = frozenset({"opt_out", "complaint", "legal"})


class ReasonNeeded(Exception):
    """A person's own word that we must not write cannot be set aside without saying in writing why."""


class NotSuppressed(Exception):
    """There is nothing to remove."""


def account(company: str) -> str:
    """A company's name as accounts are compared: case and spaces do not matter. Empty for no name."""
    return " ".join(company.split()).casefold()


def company_domain(email: str) -> str | None:
    """The domain that belongs to the company; None for a free-mail address, which belongs to none."""
    found = domain(email)
    return None if found in FREE_MAIL else found


async def upsert(
    db: Db,
    *,
    workspace: UUID,
    email: str,
    name: str,
    company: str,
    now: datetime,
    zone: str | None = None,
    inquired_at: datetime | None = None,
) -> UUID:
    """The person with this address; what we did not know is added, what we know is kept.

    `inquired_at`: when they wrote to us by a form, which is as good as an answer. A zone that is none is left out.
    """
    statement = insert(people).values(
        workspace_id=workspace,
        id=new_id(),
        email=email,
        name=name,
        company=company,
        account=account(company),
        zone=zone if known_zone(zone) else None,
        inquired_at=inquired_at,
        created_at=now,
    )
    new = statement.excluded
    kept: dict[str, ColumnElement[Any]] = {
        column.name: func.coalesce(func.nullif(column, ""), new[column.name])
        for column in (people.c.name, people.c.company, people.c.account, people.c.zone)
    }
    kept["inquired_at"] = func.greatest(people.c.inquired_at, new.inquired_at)
    statement = statement.on_conflict_do_update(index_elements=["workspace_id", "email"], set_=kept)
    id: UUID = (await db.execute(statement.returning(people.c.id))).scalar_one()
    return id


async def zone_of(db: Db, person: UUID) -> str | None:
    """The name of the zone they live in, if we know it."""
    zone: str | None = (await db.execute(select(people.c.zone).where(people.c.id == person))).scalar_one_or_none()
    return zone if known_zone(zone) else None


async def record_basis(db: Db, email: str, *, basis: LegalBasis, evidence: str) -> None:
    """On what grounds this person may be written to, and how that is known."""
    values = {"legal_basis": basis, "legal_basis_evidence": evidence}
    await db.execute(update(people).where(people.c.email == email).values(**values))


SUPPRESSION_LIST = "the suppression list"
"""Shared by everybody who arms, held alone by who suppresses more than one address."""

_HOLD = text(
    """
    select pg_advisory_xact_lock(key) from (
        select distinct hashtextextended(current_setting(:wall) || ' ' || name, 0) as key
        from unnest(:names) as name order by key
    ) as keys
    """
).bindparams(bindparam("wall", WORKSPACE_SETTING, type_=Text), bindparam("names", type_=ARRAY(Text)))


async def hold(db: Db, emails: Sequence[str]) -> None:
    """Until the commit nobody else arms, suppresses or records a reply for these addresses, known to us or not.

    A suppression that is not there cannot be locked, nor can a person we have not met: so the address itself is.
    """
    await db.execute(_HOLD, {"names": list(emails)})


@dataclass(frozen=True)
class Suppression:
    reason: str
    evidence: str
    at: datetime
    kind: str = "address"
    value: str = ""

    def __str__(self) -> str:
        whose = {"domain": f"{self.value} as a whole: ", "account": f"{self.value} as an account: "}.get(self.kind, "")
        return f"{whose}{self.reason.replace('_', ' ')}, {self.evidence}"


def suppressing(email: ColumnElement[str], company: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a row of the list stands against this address; `company` is its company's domain, or null.

    An account is everybody whose company it is, and everybody at a domain where one of them is.
    """
    theirs = people.alias("theirs")
    at_account = (
        select(theirs.c.id)
        .where(
            theirs.c.workspace_id == suppressions.c.workspace_id,
            theirs.c.account == suppressions.c.value,
            theirs.c.account != "",
            or_(theirs.c.email == email, func.split_part(theirs.c.email, "@", 2) == company),
        )
        .exists()
    )
    return and_(
        suppressions.c.removed_at.is_(None),
        or_(
            and_(suppressions.c.kind == "address", suppressions.c.value == email),
            and_(suppressions.c.kind == "domain", suppressions.c.value == func.split_part(email, "@", 2)),
            and_(suppressions.c.kind == "account", at_account),
        ),
    )


_SUPPRESSION = (
    select(suppressions.c.reason, suppressions.c.evidence, suppressions.c.at, suppressions.c.kind, suppressions.c.value)
    .where(suppressing(bindparam("email", type_=Text), bindparam("company", type_=Text)))
    .order_by(suppressions.c.at)
    .limit(1)
)


async def suppression(db: Db, email: str) -> Suppression | None:
    """Why this address must not be written to, or None."""
    found = await db.execute(_SUPPRESSION, {"email": email, "company": company_domain(email)})
    row = found.one_or_none()
    return None if row is None else Suppression(row.reason, row.evidence, row.at, row.kind, row.value)


async def suppress(
    db: Db,
    *,
    workspace: UUID,
    email: str,
    reason: str,
    evidence: str,
    by: str,
    now: datetime,
    move: UUID | None = None,
) -> bool:
    """From the commit on nobody here writes to `email`: no arming for this address runs beside it.

    What they said themselves withdraws their opt-in as well; `move` is what they said it to. False when all of it was
    on the list already.
    """
    await hold(db, [email])
    if reason in NEEDS_REASON:
        await consent.withdraw(db, email, now=now)
    given = {"reason": reason, "evidence": evidence, "by": by}
    return await _write_down(db, workspace, "address", email, given, now, move=move)


async def suppress_all(
    db: Db, *, workspace: UUID, kind: Kind, value: str, reason: str, evidence: str, by: str, now: datetime
) -> None:
    """The same for a domain, or for an account by its company's name: no arming at all runs beside it."""
    await _hold_value(db, kind, _value(kind, value))
    given = {"reason": reason, "evidence": evidence, "by": by}
    await _write_down(db, workspace, kind, _value(kind, value), given, now)


async def unsuppress(db: Db, *, kind: Kind, value: str, reason: str, by: str, now: datetime) -> None:
    """Takes a suppression off the list; its story stays in the row. Raises ReasonNeeded, NotSuppressed."""
    wanted = _value(kind, value)
    await _hold_value(db, kind, wanted)
    row = await _listed(db, kind, wanted)
    if row is None or row["removed_at"] is not None:
        raise NotSuppressed(f"{value} is not on the list")
    if row["reason"] in NEEDS_REASON and not reason.strip():
        raise ReasonNeeded(f"{value} is on the list for {row['reason'].replace('_', ' ')}: say in writing why it goes")
    story = [*row["story"], {**_told(row), "removed_at": now.isoformat(), "removed_by": by, "removed_for": reason}]
    await db.execute(update(suppressions).where(suppressions.c.id == row["id"]).values(removed_at=now, story=story))
    audit.note(db, _entry(What.UNSUPPRESSED, kind, wanted, by=by, grounds=row["reason"], said=reason), now=now)


def _value(kind: Kind, value: str) -> str:
    return account(value) if kind == "account" else value.strip().lower()


async def _hold_value(db: Db, kind: Kind, value: str) -> None:
    await hold(db, [value if kind == "address" else SUPPRESSION_LIST])


async def _listed(db: Db, kind: Kind, value: str) -> Mapping[str, Any] | None:
    statement = select(suppressions).where(suppressions.c.kind == kind, suppressions.c.value == value)
    row = (await db.execute(statement)).mappings().one_or_none()
    return None if row is None else dict(row)


def _told(row: Mapping[str, Any]) -> dict[str, str]:
    return {"reason": row["reason"], "evidence": row["evidence"], "by": row["by"], "at": row["at"].isoformat()}


async def _write_down(
    db: Db,
    workspace: UUID,
    kind: Kind,
    value: str,
    given: Mapping[str, str],
    now: datetime,
    *,
    move: UUID | None = None,
) -> bool:
    """Puts it on the list; one that is there already keeps what weighs more, and the other in its story.

    False when all of it stood there.
    """
    row = await _listed(db, kind, value)
    if row is None:
        new = {"workspace_id": workspace, "id": new_id(), "kind": kind, "value": value, "at": now, **given}
        await db.execute(insert(suppressions).values(**new))
    else:
        changed: dict[str, Any]
        if row["removed_at"] is not None:
            changed = {**given, "at": now, "removed_at": None}
        elif _WEIGHT[given["reason"]] > _WEIGHT[row["reason"]]:
            changed = {**given, "at": now, "story": [*row["story"], _told(row)]}
        elif (given["reason"], given["evidence"]) not in _known_evidence(row):
            changed = {"story": [*row["story"], {**given, "at": now.isoformat()}]}
        else:
            return False
        await db.execute(update(suppressions).where(suppressions.c.id == row["id"]).values(**changed))
    entry = _entry(What.SUPPRESSED, kind, value, by=given["by"], grounds=given["reason"], said=given["evidence"])
    audit.note(db, replace(entry, move=move), now=now)
    return True


def _entry(what: What, kind: Kind, value: str, *, by: str, grounds: str, said: str) -> Entry:
    if kind == "address":
        return Entry(what=what, who=by, to=(value,), grounds=grounds, said=said)
    return Entry(what=what, who=by, grounds=grounds, said=f"the {kind} {value}: {said}")


def _known_evidence(row: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(one["reason"], one["evidence"]) for one in (row, *row["story"])}
