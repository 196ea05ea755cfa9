"""Effects on PostgreSQL with a mailbox in memory: the domain's own runner, without Slack, without a network."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from core import approval, effect_rows, execution, switch, undoing
from core.database import Database
from core.effect import State, Timing
from core.ports import Calendar, Crm, Messenger, Ports
from core.runner import Runner
from tests.support import factories
from tests.support.clock import HandClock
from tests.support.factories import HOLD, OWNER, Approved
from tests.support.fake_mailbox import FakeMailbox, NoCrm

TIMING = Timing(
    start_within=timedelta(seconds=5), request_timeout=timedelta(seconds=20), horizon=timedelta(seconds=120)
)
PAST_HORIZON = TIMING.start_within + TIMING.request_timeout + TIMING.horizon + timedelta(seconds=30)
ROUNDS = 200
SERVICES = ("gmail", "calendar", "hubspot", "slack")


class NoMessenger:
    """No effect of these tests tells anything; whoever asks is told so by the missing method."""


@dataclass
class Rig:
    database: Database
    clock: HandClock
    mailbox: FakeMailbox
    runner: Runner = field(init=False)

    def __post_init__(self) -> None:
        self.runner = self.another_runner()

    def another_runner(self) -> Runner:
        """As if a second process worked on the same database and the same mailbox."""
        return Runner(self.database, self.ports(), self.clock, dict.fromkeys(SERVICES, TIMING))

    def ports(self) -> Ports:
        return Ports(
            mailbox=self.mailbox,
            crm=cast(Crm, NoCrm()),
            calendar=cast(Calendar, NoCrm()),
            messenger=cast(Messenger, NoMessenger()),
        )

    async def settle(self) -> None:
        """Runs what is due until nothing is. A killed runner rises from here and leaves the rest as it was."""
        for _ in range(ROUNDS):
            async with self.database.begin() as db:
                due = await effect_rows.due(db, self.clock.now)
            if not due:
                return
            for id in due:
                await self.runner.run(id)
        raise AssertionError("there is always something due: an effect is worked on without an end")

    async def pass_time(self, span: timedelta) -> None:
        """Time passes in small steps with a worker at hand, as it would."""
        end = self.clock.now + span
        while self.clock.now < end:
            self.clock.advance(min(timedelta(seconds=2), end - self.clock.now))
            await self.settle()

    async def approved(self, **of: Any) -> Approved:
        return await factories.approved(self.database, now=self.clock.now, **of)

    async def held(self, **of: Any) -> Approved:
        """Approved, and its draft lies in the mailbox."""
        plan = await self.approved(**of)
        await self.settle()
        return plan

    async def ready_to_leave(self, number: int) -> list[Approved]:
        """So many plans whose hold has just passed."""
        plans = [await self.approved() for _ in range(number)]
        await self.settle()
        self.clock.advance(HOLD)
        return plans

    async def run_at_once(self, ids: Iterable[UUID]) -> None:
        """A worker for each, all at the same instant."""
        await asyncio.gather(*(self.another_runner().run(id) for id in ids))

    async def leaves(self) -> None:
        """The hold passes."""
        self.clock.advance(HOLD)
        await self.settle()

    async def undo(self, plan: Approved) -> None:
        async with self.database.begin() as db:
            await undoing.undo(db, move=plan.move, by=OWNER, now=self.clock.now)

    async def decide(self, plan: Approved, choice: str) -> None:
        async with self.database.begin() as db:
            await approval.decide(db, move=plan.move, choice=choice, by=OWNER, now=self.clock.now)

    async def pause(self) -> None:
        async with self.database.begin() as db:
            await switch.pause(db, by=OWNER, reason="stop", now=self.clock.now)

    async def resume(self) -> int:
        async with self.database.begin() as db:
            await switch.resume(db, by=OWNER, now=self.clock.now)
            return await execution.unblock(db, "kill_switch", self.clock.now)

    async def effect(self, id: UUID) -> effect_rows.EffectRow:
        return await factories.the_effect(self.database, id)

    async def state(self, id: UUID) -> State:
        return (await self.effect(id)).effect.state

    async def move(self, plan: Approved) -> Any:
        return await factories.the_move(self.database, plan.move)


async def rigged(database: Database, clock: HandClock, *, cap: int = 40) -> Rig:
    await factories.furnished(database, now=clock.now, cap=cap)
    return Rig(database, clock, FakeMailbox(clock))
