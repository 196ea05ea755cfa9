"""When the audit's entry is written by the statement that changes the effect, and when what follows has to come first."""

import pytest
from sqlalchemy import update

from core import audit, effect_change, effect_rows, execution
from core import effect as machine
from core.audit import Entry, What
from core.ports import Receipt
from core.tables import moves
from tests.support.rig import TIMING, rigged


@pytest.fixture
async def rig(database, clock):
    rig = await rigged(database, clock)
    await rig.held()  # from here on the connections know the chain
    return rig


async def nothing(plan):
    pass


async def written(rig, plan, *, finishes, between=nothing):
    """What the statement says by which the armed draft becomes applied; `between` happens meanwhile."""
    async with rig.database.begin() as db:
        row = await effect_rows.lock(db, plan.draft)
        row = await execution.advance(db, row, machine.Arm(TIMING), rig.clock.now)
    await between(plan)
    async with rig.database.begin() as db:
        after = machine.transition(row.effect, machine.Applied(), rig.clock.now)
        entries = audit.at_once(db, [Entry(what=What.APPLIED, move=plan.move, effect=row.id)], now=rig.clock.now)
        assert entries is not None
        return await effect_change.write(
            db,
            row,
            after,
            receipt=Receipt("draft"),
            shows=True,
            finishes=finishes,
            now=rig.clock.now,
            entries=entries,
        )


@pytest.mark.parametrize("finishes", [False, True])
async def test_where_nothing_follows_the_entry_is_written_too(rig, finishes):
    plan = await rig.approved()
    result = await written(rig, plan, finishes=finishes)
    assert result == (False, finishes, True)
    assert (await rig.move(plan)).state == ("done" if finishes else "approved")


@pytest.mark.parametrize("finishes", [False, True])
async def test_a_plan_that_is_taken_back_locks_more_so_the_audits_head_waits(rig, finishes):
    plan = await rig.approved()
    result = await written(rig, plan, finishes=finishes, between=rig.undo)
    assert result == (True, False, False)


async def test_a_move_that_cannot_be_finished_leaves_the_audits_head_free(rig):
    plan = await rig.approved()

    async def retired(plan):
        async with rig.database.begin() as db:
            await db.execute(update(moves).where(moves.c.id == plan.move).values(state="retired"))

    assert await written(rig, plan, finishes=True, between=retired) == (False, False, False)
