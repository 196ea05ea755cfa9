"""How often each step of a mail waits for the database, from being taken up until its receipt is committed."""

import asyncio

from bot.bench import round_trips
from tests.support.factories import HOLD
from tests.support.rig import rigged

DRAFT, SENDING = 9, 10


async def test_a_step_waits_for_the_database_no_more_often_than_it_must(database, clock):
    rig = await rigged(database, clock)
    with round_trips.counted() as trips:
        for _ in range(2):  # the first also prepares the statements
            trips.clear()
            plan = await rig.approved()
            await asyncio.create_task(rig.runner.run(plan.draft), name="draft")
            clock.advance(HOLD)
            await asyncio.create_task(rig.runner.run(plan.sending), name="sending")
    assert len(rig.mailbox.outbox) == 2
    assert (trips["draft"], trips["sending"]) == (DRAFT, SENDING)
