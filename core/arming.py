"""What the guardrails look at inside the arming transaction, read under locks; and the room a sending step takes."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from core import address, person, switch, workspace
from core.database import Db
from core.guardrails import QUIET_PERIOD, GuardFacts
from core.tables import caps, people, reservations

MAILBOX = "mailbox_day"
PERSON = "person"


async def guard_facts(
    db: Db,
    *,
    recipients: tuple[str, ...],
    since: datetime,
    zone: str,
    now: datetime,
    effect: UUID | None = None,
    locked: bool = False,
) -> GuardFacts:
    """The facts for `recipients`. `since`: when the plan was proposed or approved. `locked` holds them until the commit."""
    switched = await switch.sending(db, locked=locked)
    valid = tuple(address.parse(one) for one in recipients)
    known = sorted(one for one in valid if one is not None)
    if locked:
        await person.hold(db, known)
    rows = select(people.c.email, people.c.replied_at).where(people.c.email.in_(known))
    replies = [row.replied_at for row in await db.execute(rows) if row.replied_at]
    suppressed = []
    for one in known:
        if (row := await person.suppression(db, one)) is not None:
            suppressed.append((one, str(row)))
    settings = await workspace.settings(db)
    window, tomorrow = _day(now, zone)
    used = select(caps.c.used).where(
        caps.c.scope == MAILBOX, caps.c.subject == settings.mailbox, caps.c.window == window
    )
    mine = 0
    if effect is not None:
        today = reservations.c.scope == MAILBOX, reservations.c.window == window
        held = select(func.count()).where(_of(effect), *today)
        mine = (await db.execute(held)).scalar_one()
    return GuardFacts(
        now=now,
        recipients=recipients,
        valid_recipients=valid,
        paused=switched.paused,
        paused_by=(await workspace.member(db, switched.by)).name if switched.paused else "",
        suppressed=tuple(suppressed),
        replied_since=max((at for at in replies if at > since), default=None),
        last_mail=await _last_mail(db, known, effect, now),
        mails_today=((await db.execute(used)).scalar_one_or_none() or 0) - mine,
        daily_cap=settings.daily_mail_cap,
        tomorrow=tomorrow,
    )


async def _last_mail(db: Db, known: list[str], effect: UUID | None, now: datetime) -> tuple[tuple[str, datetime], ...]:
    last = (
        select(reservations.c.subject, func.max(reservations.c.at))
        .where(
            reservations.c.scope.startswith(PERSON),
            reservations.c.subject.in_(known),
            reservations.c.at > now - QUIET_PERIOD,
        )
        .group_by(reservations.c.subject)
        .order_by(reservations.c.subject)
    )
    if effect is not None:
        last = last.where(reservations.c.effect_id != effect)
    return tuple((subject, at) for subject, at in (await db.execute(last)).all())


async def reserve(
    db: Db, *, workspace_id: UUID, effect: UUID, recipients: tuple[str, ...], zone: str, now: datetime
) -> bool:
    """Takes the room of one mail today; False when another took the last of it.

    A second attempt keeps what the first took, unless midnight has passed in between: then it takes room of today.
    """
    settings = await workspace.settings(db)
    today, _ = _day(now, zone)
    mine = (await db.execute(select(reservations.c.scope, reservations.c.window).where(_of(effect)))).all()
    held = next((row.window for row in mine if row.scope == MAILBOX), None)
    if held == today:
        return True
    if settings.daily_mail_cap < 1:
        return False
    where = {"workspace_id": workspace_id, "scope": MAILBOX, "subject": settings.mailbox, "window": today}
    counted = insert(caps).values(**where, used=1)
    counted = counted.on_conflict_do_update(
        index_elements=list(where), set_={"used": caps.c.used + 1}, where=caps.c.used < settings.daily_mail_cap
    )
    if (await db.execute(counted.returning(caps.c.used))).scalar_one_or_none() is None:
        return False
    if mine:
        await release(db, effect)
    rows = [(MAILBOX, settings.mailbox, today), *((f"{PERSON}:{n}", to, "") for n, to in enumerate(sorted(recipients)))]
    values = [
        {
            "workspace_id": workspace_id,
            "effect_id": effect,
            "scope": scope,
            "subject": subject,
            "window": when,
            "at": now,
        }
        for scope, subject, when in rows
    ]
    await db.execute(insert(reservations).values(values))
    return True


def _of(effect: UUID) -> ColumnElement[bool]:
    return reservations.c.effect_id == effect


async def release(db: Db, effect: UUID) -> None:
    """Gives the room back: the effect ended without anything having left."""
    freed = delete(reservations).where(_of(effect)).returning(reservations)
    for row in (await db.execute(freed)).all():
        if row.scope == MAILBOX:
            where = (caps.c.scope == MAILBOX) & (caps.c.subject == row.subject) & (caps.c.window == row.window)
            await db.execute(update(caps).where(where).values(used=caps.c.used - 1))


def _day(now: datetime, zone: str) -> tuple[str, datetime]:
    """The local date, which names the cap's window, and the instant at which the next one begins."""
    local = now.astimezone(ZoneInfo(zone))
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))
    return local.date().isoformat(), midnight.astimezone(UTC)
