"""`caseyos digest`: prints what a list would say, makes today's once, and says why there is none."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from core.database import Database
from core.tables import digests, effects
from tests.support.clock import HandClock
from tests.support.command_line import Caseyos
from tests.support.factories import OWNER, furnished, proposed


async def rows(database: Database, table: Any) -> int:
    async with database.begin() as db:
        return len((await db.execute(select(table))).all())


async def test_a_dry_run_prints_the_list_and_makes_nothing(
    caseyos: Caseyos, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    for _ in range(12):
        await proposed(database, now=clock())

    ran = await caseyos("digest", "--dry-run")

    assert ran.exit_code == 0
    assert "Today's Moves of Casey Morgan" in ran.stdout
    assert "3 worth your morning, about " in ran.stdout
    listed = [line.split()[0] for line in ran.stdout.splitlines() if "Reply to" in line or "Dana Whitfield" in line]
    assert listed == [str(n) for n in range(1, 11)]
    assert "shown on request:" in ran.stdout
    assert "and 2 more: caseyos moves" in ran.stdout
    assert await rows(database, digests) == 0


async def test_todays_list_is_made_once_whatever_the_time(
    caseyos: Caseyos, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    await proposed(database, now=clock())

    first, second = await caseyos("digest", "--now"), await caseyos("digest", "--now", "--owner", OWNER)

    assert "is on its way" in first.stdout
    assert "has been made already; there is one a day" in second.stdout
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert await rows(database, digests) == 1
    async with database.begin() as db:
        [told] = (await db.execute(select(effects.c.action).where(effects.c.action == "post_digest"))).scalars()
    assert told == "post_digest"


async def test_without_now_only_what_is_due_is_made(caseyos: Caseyos, database: Database, clock: HandClock) -> None:
    await furnished(database, now=clock())

    new_here = await caseyos("digest")
    async with database.begin() as db:
        await db.execute(text("update members set created_at = created_at - interval '9 days'"))
        always = """{"digest": {"at": "00:00", "days": [1, 2, 3, 4, 5, 6, 7]}}"""
        await db.execute(
            text("update workspaces set settings = settings || cast(:always as jsonb)"), {"always": always}
        )
    due = await caseyos("digest")

    assert "nothing is due now. `caseyos digest --now`" in new_here.stdout
    assert "is on its way" in due.stdout
    assert await rows(database, digests) == 1


async def test_nobody_to_make_a_list_for_is_said(caseyos: Caseyos, database: Database, clock: HandClock) -> None:
    stranger = await caseyos("digest", "--now", "--owner", "U0NOBODY")
    assert stranger.exit_code == 1
    assert "No bot or worker has run for this workspace yet" in stranger.stderr

    await furnished(database, now=clock() - timedelta(days=1))
    stranger = await caseyos("digest", "--now", "--owner", "U0NOBODY")

    assert stranger.exit_code == 1
    assert "U0NOBODY gets no moves here" in stranger.stderr
