"""The room a mail takes under its caps, in one statement: of all of them, or of none; and gives back, once.

Caps' rows are always locked in the order of their keys, so that two who want several never wait for each other. What
an effect holds stands in `reservations`; a later attempt of it takes only what it does not hold yet.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Integer, Text, Uuid, bindparam, text, update

from core.database import Db
from core.guardrails import Blocked, GuardFacts, Room, basis_for, full
from core.tables import reservations

PERSON = "person"
COMPANY = "company"

Key = tuple[str, str, str]
"""(scope, subject, window)"""

_NO_CAP = 2**31 - 1

_KEYS = [bindparam(name, type_=ARRAY(Text)) for name in ("scopes", "subjects", "windows")]

_TAKE = text(
    """
    with wanted as materialized (
        select * from unnest(:scopes, :subjects, :windows, :changes, :caps)
            as given (scope, subject, "window", change, cap)
    ), moved as (
        insert into caps as held (workspace_id, scope, subject, "window", used)
        select :workspace, scope, subject, "window", 1 from wanted order by scope, subject, "window"
        on conflict (workspace_id, scope, subject, "window") do update set used = held.used + (
            select change from wanted
            where (scope, subject, "window") = (excluded.scope, excluded.subject, excluded."window")
        )
        where held.used < (
            select cap from wanted
            where (scope, subject, "window") = (excluded.scope, excluded.subject, excluded."window")
        )
        returning scope, subject, "window"
    ), got as materialized (
        select count(*) = cardinality(:scopes) as everything from moved
    ), dropped as (
        delete from reservations using got
        where got.everything and effect_id = :effect
            and (scope, subject) not in (select * from unnest(:row_scopes, :row_subjects))
    ), written as (
        insert into reservations as kept
            (workspace_id, effect_id, scope, subject, "window", at, purpose, legal_basis)
        select :workspace, :effect, row.scope, row.subject, row."window", :at, :purpose, row.basis
        from unnest(:row_scopes, :row_subjects, :row_windows, :row_bases) as row (scope, subject, "window", basis), got
        where got.everything
        on conflict (workspace_id, effect_id, scope, subject) do update
            set "window" = excluded."window", at = excluded.at, legal_basis = excluded.legal_basis
    )
    select scope, subject, "window", change
    from moved join wanted using (scope, subject, "window")
    """
).bindparams(
    *_KEYS,
    bindparam("changes", type_=ARRAY(Integer)),
    bindparam("caps", type_=ARRAY(Integer)),
    bindparam("workspace", type_=Uuid),
    bindparam("effect", type_=Uuid),
    bindparam("at", type_=DateTime(timezone=True)),
    bindparam("purpose", type_=Text),
    *(bindparam(f"row_{name}", type_=ARRAY(Text)) for name in ("scopes", "subjects", "windows", "bases")),
)

_PUT_BACK = text(
    """
    update caps set used = used - moved.change
    from unnest(:scopes, :subjects, :windows, :changes) as moved (scope, subject, "window", change)
    where caps.scope = moved.scope and caps.subject = moved.subject and caps."window" = moved."window"
    """
).bindparams(*_KEYS, bindparam("changes", type_=ARRAY(Integer)))

_RELEASE = text(
    """
    with freed as (
        delete from reservations where effect_id = :effect returning workspace_id, scope, subject, "window"
    )
    insert into caps as held (workspace_id, scope, subject, "window", used)
    select workspace_id, scope, subject, "window", 0 from freed where "window" <> ''
    order by scope, subject, "window"
    on conflict (workspace_id, scope, subject, "window") do update set used = held.used - 1
    """
).bindparams(bindparam("effect", type_=Uuid))


async def take(
    db: Db, facts: GuardFacts, *, workspace_id: UUID, effect: UUID, even_if_full: bool = False
) -> Blocked | None:
    """Takes the room of this mail under every cap, or nothing and the cap that was reached.

    `even_if_full` is for what has left already, by a person's hand: it counts, room or not.
    What the effect holds already is kept; room of a day, hour or minute that has passed is exchanged for room of now.
    """
    wanted = [room for room in facts.rooms if room.key not in facts.held]
    passed = sorted(set(facts.held) - {room.key for room in facts.rooms})
    if not facts.known or not (wanted or passed):
        return None
    for room in wanted:
        if room.cap < 1 and not even_if_full:
            return full(room, facts.zone)
    keys: list[Key] = [*(room.key for room in wanted), *passed]
    changes = {**dict.fromkeys(keys, 1), **dict.fromkeys(passed, -1)}
    limits = [*(_NO_CAP if even_if_full else room.cap for room in wanted), *(_NO_CAP for _ in passed)]
    given = {
        **_columns(keys),
        "changes": [changes[key] for key in keys],
        "caps": limits,
        "workspace": workspace_id,
        "effect": effect,
        "at": facts.now,
        "purpose": facts.purpose or "",
        **_rows(facts),
    }
    moved: list[Key] = [(row[0], row[1], row[2]) for row in (await db.execute(_TAKE, given)).all()]
    if len(moved) == len(keys):
        return None
    await db.execute(_PUT_BACK, {**_columns(moved), "changes": [changes[key] for key in moved]})
    return full(_first_missing(wanted, moved), facts.zone)


async def release(db: Db, effect: UUID) -> None:
    """Gives the room back: the effect ended without anything having left."""
    await db.execute(_RELEASE, {"effect": effect})


async def forget_purpose(db: Db, effect: UUID) -> None:
    """What was taken back stays a touch, but its purpose is open again: it may be done anew."""
    await db.execute(update(reservations).where(reservations.c.effect_id == effect).values(purpose=""))


def _columns(keys: Sequence[Key], prefix: str = "") -> dict[str, list[str]]:
    names = ("scopes", "subjects", "windows")
    return {f"{prefix}{name}": [key[n] for key in keys] for n, name in enumerate(names)}


def _rows(facts: GuardFacts) -> dict[str, list[str] | list[str | None]]:
    """What the effect holds from now on: its caps, the people it reaches, with the grounds, and their companies."""
    people = {one.email: basis_for(facts, one) for one in facts.known}
    companies = sorted({one.company for one in facts.known if one.company})
    keys: list[Key] = [room.key for room in facts.rooms]
    keys += [(PERSON, email, "") for email in sorted(people)] + [(COMPANY, company, "") for company in companies]
    bases = [people.get(subject) if scope == PERSON else None for scope, subject, _ in keys]
    return {**_columns(keys, "row_"), "row_bases": bases}


def _first_missing(wanted: Sequence[Room], moved: Sequence[Key]) -> Room:
    return next(room for room in wanted if room.key not in moved)
