"""What the guardrails look at inside the arming transaction, read under locks; and the room a sending step takes.

Three statements: one takes the locks, one reads what they keep still, one takes the room. A statement sees what was
committed when it began, so what is locked is read by the next. The locks come in one order for everybody: switch,
suppression list, addresses and companies, caps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, func, select

from core import address, guardrails, switch, workspace
from core.database import Db
from core.guard_statements import FACTS, HOLD
from core.guardrails import GuardFacts, Overview, Recipient, SentAndBounced, Touch
from core.money import Money
from core.person import SUPPRESSION_LIST, Suppression, company_domain
from core.quiet import known_zone
from core.reserving import COMPANY, PERSON, forget_purpose, release, take
from core.switch import GATE, GATE_OF_ALL, SENDING
from core.switched import MISSING
from core.tables import WORKSPACE_SETTING, caps, suppressions
from core.workspace import WorkspaceSettings

__all__ = ["forget_purpose", "guard_facts", "release", "reserve", "room", "take"]

_HELD_GIVEN = {
    "switch": SENDING,
    "gate_of_all": GATE_OF_ALL,
    "gate": GATE,
    "wall": WORKSPACE_SETTING,
    "list": SUPPRESSION_LIST,
    "nobody": MISSING.by,
}


async def guard_facts(
    db: Db,
    *,
    recipients: tuple[str, ...],
    since: datetime,
    zone: str,
    now: datetime,
    effect: UUID | None = None,
    locked: bool = False,
    purpose: str | None = None,
    owner: str = "",
    value: Money | None = None,
    approvers: frozenset[str] = frozenset(),
) -> GuardFacts:
    """The facts for `recipients`. `since`: when the plan was proposed or approved. `locked` holds them until the commit.

    With an `effect` it is about to leave, and purpose and owner are its move's; without one it is being approved.
    """
    valid = tuple(address.parse(one) for one in recipients)
    emails = sorted({one for one in valid if one is not None})
    at_companies = {email: company_domain(email) for email in emails}
    facts = GuardFacts(
        now=now,
        zone=zone,
        recipients=recipients,
        valid_recipients=valid,
        purpose=purpose,
        owner=owner,
        arming=effect is not None,
        value=value,
        approvers=approvers,
    )
    if locked:
        facts, settings = await _hold(db, facts, at_companies, effect)
    else:
        settings = await workspace.settings(db)
        facts = replace(await _switched(db, facts), settings=settings.guardrails, public_url=settings.public_url)
    return await _read(db, facts, settings, at_companies, since=since, effect=effect) if recipients else facts


async def _switched(db: Db, facts: GuardFacts) -> GuardFacts:
    """With how the switches stand now, for who does not arm and so needs no lock."""
    found = await switch.sending(db)
    return replace(
        facts,
        paused=found.paused,
        paused_by=await workspace.paused_by(db, found),
        all_paused=found.all_workspaces.paused,
        dry_runs=frozenset(found.dry_runs),
    )


async def _hold(
    db: Db, facts: GuardFacts, at_companies: Mapping[str, str | None], effect: UUID | None
) -> tuple[GuardFacts, WorkspaceSettings]:
    """Until the commit: nobody pauses, suppresses one of them, or arms a mail to one of them or to their companies."""
    companies = sorted({f"company {company}" for company in at_companies.values() if company})
    given = {**_HELD_GIVEN, "names": [*at_companies, *companies], "effect": effect}
    row = (await db.execute(HOLD, given)).one()
    settings = WorkspaceSettings.model_validate(row.settings)
    facts = replace(
        facts,
        paused=row.paused,
        paused_by=row.paused_by,
        all_paused=row.all_paused,
        dry_runs=frozenset(row.dry_runs),
        purpose=facts.purpose or row.purpose,
        owner=facts.owner or row.owner or "",
        settings=settings.guardrails,
        public_url=settings.public_url,
    )
    return facts, settings


async def _read(
    db: Db,
    facts: GuardFacts,
    settings: WorkspaceSettings,
    at_companies: Mapping[str, str | None],
    *,
    since: datetime,
    effect: UUID | None,
    busiest: Sequence[str] = (),
) -> GuardFacts:
    rooms = guardrails.rooms(
        settings.guardrails.caps,
        daily=settings.daily_mail_cap,
        mailbox=settings.mailbox,
        companies=tuple(sorted({one for one in (*at_companies.values(), *busiest) if one})),
        now=facts.now,
        zone=facts.zone,
    )
    longest = max(facts.contact.touch_window, timedelta(days=facts.contact.dedup_days))
    bounces_since = facts.now - timedelta(days=settings.guardrails.bounces.window_days)
    if settings.guardrails.bounces.since is not None:
        bounces_since = max(bounces_since, settings.guardrails.bounces.since)
    row = (
        await db.execute(
            FACTS,
            {
                "emails": list(at_companies),
                "companies": list(at_companies.values()),
                "since": facts.now - longest,
                "effect": effect,
                "scopes": [room.scope for room in rooms],
                "subjects": [room.subject for room in rooms],
                "windows": [room.window for room in rooms],
                "mailbox": settings.mailbox,
                "counted_from": bounces_since.astimezone(ZoneInfo(facts.zone)).date().isoformat(),
                "bounces_since": bounces_since,
            },
        )
    ).one()
    held = frozenset((scope, subject, window) for scope, subject, window in row.held or ())
    used = {(scope, subject, window): number for scope, subject, window, number in row.used or ()}
    known = tuple(_recipient(email, company, row, facts) for email, company in at_companies.items())
    replies = [_at(person["replied_at"]) for person in (row.people or {}).values() if person["replied_at"]]
    return replace(
        facts,
        known=known,
        replied_since=max((at for at in replies if at > since), default=None),
        rooms=tuple(replace(room, used=used.get(room.key, 0) - (room.key in held)) for room in rooms),
        held=held,
        bounces=SentAndBounced(int(row.sent), row.bounced),
    )


def _recipient(email: str, company: str | None, row: Row[Any], facts: GuardFacts) -> Recipient:
    person: dict[str, Any] = (row.people or {}).get(email, {})
    listed: dict[str, str] | None = (row.suppressed or {}).get(email)
    heard = [_at(person[name]) for name in ("replied_at", "inquired_at") if person.get(name)]
    touches = [(scope, subject, _at(at), purpose) for scope, subject, at, purpose in row.touches or ()]
    return Recipient(
        email=email,
        company=company,
        suppressed=None
        if listed is None
        else str(Suppression(at=facts.now, **{k: v for k, v in listed.items() if k != "email"})),
        zone=person["zone"] if known_zone(person.get("zone")) else None,
        heard_at=max(heard, default=None),
        touches=tuple(
            Touch(at, purpose) for scope, subject, at, purpose in touches if (scope, subject) == (PERSON, email)
        ),
        company_touches=tuple(
            at
            for scope, subject, at, purpose in touches
            if (scope, subject) == (COMPANY, company) and purpose not in facts.contact.at_any_hour
        ),
        legal_basis=person.get("legal_basis"),
        opted_in=email in (row.opted_in or ()),
    )


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def reserve(
    db: Db,
    *,
    workspace_id: UUID,
    effect: UUID,
    recipients: tuple[str, ...],
    zone: str,
    now: datetime,
    even_if_full: bool = False,
) -> bool:
    """Takes the room of one mail; False when another took the last of it. With the facts at hand, `take` says which.

    A second attempt keeps what the first took, unless midnight has passed in between: then it takes room of today.
    """
    facts = await guard_facts(db, recipients=recipients, since=now, zone=zone, now=now, effect=effect, locked=True)
    return await take(db, facts, workspace_id=workspace_id, effect=effect, even_if_full=even_if_full) is None


_BUSIEST = (
    select(caps.c.subject)
    .where(caps.c.scope == "domain_day", caps.c.window == bindparam("today"), caps.c.used > 0)
    .order_by(caps.c.used.desc(), caps.c.subject)
    .limit(3)
)
_LISTED = (
    select(suppressions.c.kind, func.count())
    .where(suppressions.c.removed_at.is_(None))
    .group_by(suppressions.c.kind)
    .order_by(suppressions.c.kind)
)


async def room(db: Db, *, zone: str, now: datetime, owner: str = "") -> Overview:
    """How the guardrails stand for this owner now: what `/moves guardrails` shows."""
    settings = await workspace.settings(db)
    facts = GuardFacts(
        now=now,
        zone=zone,
        recipients=(),
        valid_recipients=(),
        owner=owner,
        settings=settings.guardrails,
        public_url=settings.public_url,
    )
    today = now.astimezone(ZoneInfo(zone)).date().isoformat()
    busiest = list((await db.execute(_BUSIEST, {"today": today})).scalars())
    read = await _read(db, await _switched(db, facts), settings, {}, since=now, effect=None, busiest=busiest)
    return Overview(read, tuple((kind, number) for kind, number in (await db.execute(_LISTED)).all()))
