"""A process that arms as workers do, as fast as it can: run beside others of its kind by the tests of caps and the switch."""

import argparse
import asyncio
import random
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from bot.bell import Bell
from core import arming, guardrails, workspace
from core.database import Database
from core.guardrails import GuardFacts, Recipient
from core.tables import caps, effects
from core.workspace import WorkspaceSettings

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOMAINS = ("northpier.example", "harbour.example", "quayside.example", "lighthouse.example")
BUSY = (6, 2, 1, 1)
"""Most of the mail goes to the first, so that its cap is reached long before the mailbox's."""
REFUSED = 0.1
"""So often the service refuses what was armed, and the room comes back."""
EFFECTS = select(effects.c.id).order_by(effects.c.id)


def facts_of(settings: WorkspaceSettings, email: str, company: str) -> GuardFacts:
    """As read before another took the room: only the statement that takes it keeps the caps."""
    rooms = guardrails.rooms(
        settings.guardrails.caps,
        daily=settings.daily_mail_cap,
        mailbox=settings.mailbox,
        companies=(company,),
        now=NOON,
        zone="UTC",
    )
    known = (Recipient(email, company=company),)
    return GuardFacts(NOON, "UTC", (email,), (email,), known=known, rooms=rooms, settings=settings.guardrails)


async def attempt(database: Database, settings: WorkspaceSettings, effect: UUID, company: str) -> bool:
    """Whether there was room."""
    async with database.begin() as db:
        facts = facts_of(settings, f"{effect.hex}@{company}", company)
        return await arming.take(db, facts, workspace_id=database.workspace, effect=effect) is None


async def take_room(database: Database, bell: Bell, *, seed: int, first: int, number: int, at_once: int) -> None:
    """So many attempts, one for each effect from `first` on; the bell rings for what may go."""
    dice = random.Random(seed)
    async with database.begin() as db:
        settings = await workspace.settings(db)
        mine = list((await db.execute(EFFECTS.offset(first).limit(number))).scalars())
    waiting = iter([(id, dice.choices(DOMAINS, BUSY)[0], dice.random() < REFUSED) for id in mine])

    async def worker() -> None:
        for id, company, refused in waiting:
            if await attempt(database, settings, id, company):
                bell.ring("effect", [id])
                if refused:
                    async with database.begin() as db:
                        await arming.release(db, id)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())


async def arm_without_end(database: Database, *, seed: int, at_once: int) -> None:
    """Arms the same effects again and again until it is killed; how often each looked stands in `caps`."""
    async with database.begin() as db:
        mine = list((await db.execute(EFFECTS.offset(seed * at_once).limit(at_once))).scalars())

    async def worker(id: UUID) -> None:
        while True:
            async with database.begin() as db:
                facts = await arming.guard_facts(
                    db,
                    recipients=(f"dana@{id.hex}.example",),
                    since=NOON,
                    zone="UTC",
                    now=NOON,
                    effect=id,
                    locked=True,
                )
                if guardrails.first_block(facts, (guardrails.kill_switch, guardrails.dry_run)) is None:
                    await db.execute(update(effects).where(effects.c.id == id).values(fence=effects.c.fence + 1))
                looked = {"workspace_id": database.workspace, "scope": "looked", "subject": id.hex, "window": ""}
                counted = insert(caps).values(**looked, used=1)
                again = counted.on_conflict_do_update(index_elements=list(looked), set_={"used": caps.c.used + 1})
                await db.execute(again)

    async with asyncio.TaskGroup() as group:
        for id in mine:
            group.create_task(worker(id))


MAKE_EFFECTS = text(
    "insert into effects (workspace_id, id, action, step, key, params, state, attempt, fence, created_at, updated_at)"
    " select :workspace, gen_random_uuid(), 'send_email', 1, n::text, '{}', 'approved', 0, 0, :now, :now"
    " from generate_series(1, :number) as n"
)


async def make_effects(database: Database, number: int) -> None:
    async with database.begin() as db:
        await db.execute(MAKE_EFFECTS, {"workspace": database.workspace, "number": number, "now": NOON})


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("workspace", type=UUID)
    parser.add_argument("--redis", default="")
    for name in ("seed", "first", "number", "at-once"):
        parser.add_argument(f"--{name}", type=int, default=0)
    given = parser.parse_args()
    database = Database(given.url, workspace=given.workspace, pool_size=given.at_once)
    if given.number:
        bell = Bell(given.redis)
        bell.start()
        span = {"first": given.first, "number": given.number, "at_once": given.at_once}
        await take_room(database, bell, seed=given.seed, **span)
        await bell.close()
    else:
        await arm_without_end(database, seed=given.seed, at_once=given.at_once)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
