"""Carries out effects: claim, commit, act, record. No transaction stays open across a request.

The only place that asks a service for a change. Whatever happens to this process in between, the row says how far it
had come, and the next look reads the service back before anything is asked for again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core import around, clearance, effect_change, effect_rows, execution, telling, watched
from core import effect as machine
from core.actions.registry import ACTIONS
from core.around import Around
from core.database import Database, Db, is_away
from core.effect import State, Timing
from core.effect_rows import EffectRow
from core.plan import Step
from core.ports import CannotTell, Ports, Receipt, Rejected, Unavailable, Unclear

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=5)
RETRY_AT_MOST = timedelta(seconds=30)
READ_AT_MOST = timedelta(seconds=15)
"""Reading costs little, and until it is done nobody knows whether something happened."""
LOOK_AGAIN = timedelta(seconds=2)
WRITE_AGAIN_S = 0.5
AT_WORK = frozenset({State.ARMED, State.UNDO_ARMED})
TELL_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Job:
    """One effect that this worker has taken, with all that its step needs."""

    row: EffectRow
    step: Step[Any]
    params: Any
    around: Around


class Runner:
    """Runs one effect at a time; many may run beside each other, in any number of processes."""

    def __init__(
        self, database: Database, ports: Ports, clock: Callable[[], datetime], timings: Mapping[str, Timing]
    ) -> None:
        self._database = database
        self._ports = ports
        self._clock = clock
        self._timings = timings
        self._at_work: dict[UUID, int] = {}
        """The effects that this worker is at, with their fences."""

    async def run(self, id: UUID) -> None:
        """Takes the effect as far as it goes now. Returns when it waits, has ended, or another worker has it.

        A fault that nobody foresaw is logged and counted: an effect that meets one again and again is parked.
        """
        try:
            await self._run(id)
        except Exception as problem:
            if is_away(problem):
                raise
            log.exception("an effect met a fault that nobody foresaw", extra={"effect": str(id)})
            await self._broke(id, self._at_work.get(id))
        finally:
            self._at_work.pop(id, None)

    async def renew(self) -> None:
        """Keeps the leases of what this worker is at; to be called several times within the shortest lease."""
        if self._at_work:
            until = self._clock() + min(timing.lease for timing in self._timings.values())
            async with self._database.begin() as db:
                await effect_rows.renew(db, dict(self._at_work), until)

    async def _run(self, id: UUID) -> None:
        async with self._database.begin() as db:
            taken = await around.take_up(db, id)
            now = self._clock()
            if taken is None:
                return
            row, beside = taken
            if row.effect.due_at is None or row.effect.due_at > now:
                return
            if row.effect.state in AT_WORK:
                await execution.advance(db, row, machine.WorkerLost(), now)
                return
            if row.effect.state is State.BLOCKED:
                await execution.advance(db, row, machine.Unblock(), now)
                return
            tries = max(row.effect.claims, row.effect.looks)
            if tries >= machine.MOST_CLAIMS and not row.tells:
                await execution.advance(db, row, machine.Park(f"{tries} tries ended without a word"), now)
                return
            job = await self._job(db, row, beside)
            claimed, act = await self._claim(db, job, now)
        if claimed is not None:
            self._at_work[id] = claimed.row.effect.fence
            await act(claimed)

    async def _claim(self, db: Db, job: Job, now: datetime) -> tuple[Job | None, Callable[[Job], Awaitable[None]]]:
        """The job under a lease, and what is to be done with it; None when its time has not come."""
        match job.row.effect.state:
            case State.APPROVED | State.HELD | State.ABSENT:
                return await self._arm(db, job, now), self._send
            case State.UNKNOWN:
                looking = machine.Look(self._timings[job.step.service].lease)
                return replace(job, row=await execution.advance(db, job.row, looking, now)), self._read_back
            case State.APPLIED | State.UNDO_UNKNOWN:
                return await self._arm_undo(db, job, now), self._undo
            case _:
                raise AssertionError(f"an effect that is {job.row.effect.state} is never due")

    async def _broke(self, id: UUID, fence: int | None) -> None:
        """Nobody knows how far it came: what was armed is read back, everything else is looked at again later."""
        async with self._database.begin() as db:
            row = await effect_rows.lock(db, id)
            anothers = row is not None and row.effect.state in AT_WORK and row.effect.fence != fence
            if row is not None and row.effect.due_at is not None and not anothers:
                why = "it met a fault that nobody foresaw; the log says more"
                wait = min(RETRY_AFTER * (1 << min(row.effect.claims, 10)), RETRY_AT_MOST)
                await execution.advance(db, row, machine.WorkerLost(why, look_again=wait), self._clock())

    async def _job(self, db: Db, row: EffectRow, beside: Around) -> Job:
        if row.tells:
            step = telling.STEPS[row.action]
            return Job(row, step, await telling.params(db, row, self._clock()), beside)
        action = ACTIONS[row.action]
        return Job(row, action.steps[row.step], action.params.model_validate(row.params), beside)

    async def _arm(self, db: Db, job: Job, now: datetime) -> Job | None:
        """Arms the effect if its turn has come and every guardrail lets it; None when it has to wait."""
        row = job.row
        if not row.tells:
            if not job.around.its_turn:
                # The step before has no receipt yet; in the transaction in which it gets one it wakes this step.
                await effect_rows.look_later(db, row, None)
                return None
            if (blocked := await clearance.blocked(db, row, job.step, job.params, job.around, now)) is not None:
                event = (
                    machine.Drop(blocked.reason)
                    if blocked.final
                    else machine.Block(blocked.reason, blocked.lifts_at, blocked.rule)
                )
                await execution.advance(db, row, event, now)
                return None
        elif not job.params.too_early:
            await effect_rows.say_where(db, row, job.params.where)
        armed = await execution.advance(db, row, machine.Arm(self._timings[job.step.service]), now, last=True)
        return replace(job, row=armed)

    async def _send(self, job: Job) -> None:
        row, step, receipt = job.row, job.step, None
        try:
            first = row.effect.attempt == 1
            await self._unchanged(job)
            receipt = await step.check(job.params, self._ports, row.key, job.around.done, first=first)
            if receipt is None:
                assert row.effect.start_by is not None
                if self._clock() > row.effect.start_by:
                    # Too late to begin: what is sent now could land after the horizon. Nothing has left yet.
                    event: machine.Event = machine.Unavailable("it came too late to begin", RETRY_AFTER)
                else:
                    receipt = await step.send(job.params, self._ports, row.key, job.around.done)
        except Rejected as no:
            event = self._refused(row, str(no))
        except Unavailable as busy:
            event = machine.Unavailable(str(busy), busy.retry_after or self._patience(row))
        except Unclear as lost:
            event = machine.Unclear(str(lost))
        if receipt is not None:
            event = machine.Applied()
        await self._record(row, event, receipt)

    async def _unchanged(self, job: Job) -> None:
        """Raises Rejected when a fact has changed that the person who approved would want to know."""
        if not job.step.sends or not job.around.watched or job.row.move_id is None:
            return
        now, changed = await watched.look(self._ports.crm, job.around.watched)
        if changed:
            async with self._database.begin() as db:
                await watched.remember(db, job.row.move_id, now, self._clock())
            raise Rejected(f"changed since you approved: {changed}")

    def _refused(self, row: EffectRow, why: str) -> machine.Event:
        """What should be told is never given up: the fault is in a setting that somebody mends."""
        if not row.tells:
            return machine.Refused(why)
        log.warning("Slack refuses what should be told", extra={"effect": str(row.id), "slack": why})
        return machine.Unavailable(why, TELL_AGAIN)

    async def _read_back(self, job: Job) -> None:
        row = job.row
        receipt: Receipt | None = None
        event: machine.Event
        asked_at = self._clock()
        try:
            receipt = await job.step.find(job.params, self._ports, row.key, job.around.done)
            event = machine.Found() if receipt is not None else machine.NotFound(LOOK_AGAIN, asked_at)
        except (CannotTell, Rejected) as known:
            # A note that nobody can find is said again rather than lost; of a change a person is asked.
            told_again = machine.NotFound(LOOK_AGAIN, asked_at)
            event = told_again if row.tells else machine.CannotTell(str(known))
        except (Unavailable, Unclear) as busy:
            event = machine.CannotReadNow(
                str(busy), getattr(busy, "retry_after", None) or self._patience(row, READ_AT_MOST)
            )
        await self._record(row, event, receipt)

    async def _arm_undo(self, db: Db, job: Job, now: datetime) -> Job | None:
        if await clearance.undo_waits(db, job.row, job.step):
            await effect_rows.look_later(db, job.row, now + RETRY_AFTER)
            return None
        armed = await execution.advance(db, job.row, machine.Undo(self._timings[job.step.service]), now, last=True)
        return replace(job, row=armed)

    async def _undo(self, job: Job) -> None:
        row = job.row
        assert row.receipt is not None
        event: machine.Event
        try:
            await job.step.undo(job.params, self._ports, row.key, row.receipt)
            event = machine.UndoDone()
        except Rejected as no:
            event = machine.UndoImpossible(str(no))
        except (Unavailable, Unclear) as lost:
            event = machine.UndoUnclear(str(lost), getattr(lost, "retry_after", None) or self._patience(row))
        await self._record(row, event, None)

    async def _record(self, row: EffectRow, event: machine.Event, receipt: Receipt | None) -> None:
        """Writes down what came of it, unless somebody has taken the effect over since: then as late evidence only.

        A database that is away is waited for: what is known here nobody else knows.
        """
        while True:
            try:
                await self._write_down(row, event, receipt)
            except Exception as problem:
                if not is_away(problem):
                    raise
                log.warning("what came of an effect waits for the database", extra={"effect": str(row.id)})
                await asyncio.sleep(WRITE_AGAIN_S)
            else:
                return

    async def _write_down(self, row: EffectRow, event: machine.Event, receipt: Receipt | None) -> None:
        """As a rule nobody has touched the effect in between: one statement looks, locks and writes."""
        async with self._database.begin() as db:
            now = self._clock()
            try:
                await execution.advance(db, row, event, now, receipt=receipt, last=True)
            except effect_change.MovedOn:
                await self._late(db, row, event, receipt, now)

    async def _late(self, db: Db, row: EffectRow, event: machine.Event, receipt: Receipt | None, now: datetime) -> None:
        current = await effect_rows.lock(db, row.id)
        assert current is not None
        if current.effect.fence == row.effect.fence and current.effect.state is row.effect.state:
            await execution.advance(db, current, event, now, receipt=receipt)  # only its tries were counted anew
            return
        log.warning("late answer kept as evidence", extra={"effect": str(row.id), "event": type(event).__name__})
        evidence = {"event": type(event).__name__, "fence": row.effect.fence, "receipt": receipt and asdict(receipt)}
        await effect_rows.keep_late_evidence(db, current, evidence, now)

    def _patience(self, row: EffectRow, at_most: timedelta = RETRY_AT_MOST) -> timedelta:
        """Longer between tries the more often it failed, within bounds."""
        doublings = max(0, min(row.effect.attempt - 1 + row.effect.claims + row.effect.looks - 1, 10))
        return min(RETRY_AFTER * (1 << doublings), at_most)
