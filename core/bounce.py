"""Bounces: counted against the mailbox that sent, and what they say about the address."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from core import person
from core.database import Db
from core.reserving import PERSON
from core.tables import reservations

LOOK_BACK = timedelta(days=30)
"""A mail that bounces later than this was sent by nobody here."""

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")


@dataclass(frozen=True)
class Judged:
    """`counts` towards the mailbox's share of bounces; `hard` means that this address can never be reached."""

    counts: bool
    hard: bool


def judge(status: str) -> Judged:
    """What an enhanced status code (RFC 3463, such as 5.1.1) means. One that cannot be read counts, and suppresses nobody.

    4.x.x is a delay. 5.7.x is a policy block: about us, not about the address. A full mailbox (5.2.2) may be emptied.
    """
    found = _STATUS.search(status)
    if found is None:
        return Judged(counts=True, hard=False)
    kind, subject, detail = found.groups()
    return Judged(
        counts=kind == "5",
        hard=kind == "5" and subject != "7" and (subject, detail) not in {("2", "2"), ("3", "4"), ("2", "3")},
    )


async def record_bounce(db: Db, *, workspace: UUID, email: str, status: str, diagnostic: str, now: datetime) -> Judged:
    """Writes a bounce down, once for a mail however often it is told, and suppresses an address that is surely dead."""
    judged = judge(status)
    await person.hold(db, [email])
    if judged.counts:
        latest = (
            select(reservations.c.effect_id)
            .where(reservations.c.scope == PERSON, reservations.c.subject == email, reservations.c.at > now - LOOK_BACK)
            .order_by(reservations.c.at.desc())
            .limit(1)
            .scalar_subquery()
        )
        mail = reservations.c.effect_id == latest, reservations.c.scope == PERSON, reservations.c.subject == email
        first = update(reservations).where(*mail, reservations.c.bounced_at.is_(None))
        await db.execute(first.values(bounced_at=now, bounce=f"{status} {diagnostic}".strip()[:500]))
    if judged.hard:
        evidence = f"bounced with {status}: {diagnostic}".strip()[:500]
        await person.suppress(
            db, workspace=workspace, email=email, reason="hard_bounce", evidence=evidence, by="mailbox", now=now
        )
    return judged
