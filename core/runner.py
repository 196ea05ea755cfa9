"""Carries out effects: claim, commit, act, record. No transaction stays open across a request.

The only place that asks a service for a change. Whatever happens to this process in between, the row says how far it
had come, and the next look reads the service back before anything is asked for again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core import arming, execution, guardrails, queue, telling, workspace
from core import effect as machine
from core.actions.registry import ACTIONS
from core.database import Database, Db
from core.effect import State, Timing
from core.execution import EffectRow
from core.plan import Step
from core.ports import CannotTell, Ports, Receipt, Receipts, Rejected, Unavailable, Unclear

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(seconds=5)
RETRY_AT_MOST = timedelta(minutes=5)
LOOK_AGAIN = timedelta(seconds=2)


@dataclass(frozen=True)
class Job:
    """One effect that this worker has taken, with all that its step needs."""

    row: EffectRow
    step: Step[Any]
    params: Any
    done: Receipts


class Runner:
    """Runs one effect at a time; many may run beside each other, in any number of processes."""

    def __init__(
        self, database: Database, ports: Ports, clock: Callable[[], datetime], timings: Mapping[str, Timing]
    ) -> None:
        self._database = database
        self._ports = ports
        self._clock = clock
        self._timings = timings

    async def run(self, id: UUID) -> None:
        """Takes the effect as far as it goes now. Returns when it waits, has ended, or another worker has it."""
        async with self._database.begin() as db:
            row = await execution.lock(db, id, wait=False)
            now = self._clock()
            if row is None or row.effect.due_at is None or row.effect.due_at > now:
                return
            job = await self._job(db, row)
            match row.effect.state:
                case State.APPROVED | State.HELD | State.ABSENT:
                    armed = await self._arm(db, job, now)
                    act = self._send
                case State.BLOCKED:
                    await execution.advance(db, row, machine.Unblock(), now)
                    return
                case State.ARMED:
                    await execution.advance(db, row, machine.Unclear("the worker stopped before it could say"), now)
                    return
                case State.UNKNOWN:
                    await execution.look_later(db, row, now + 1.5 * self._timings[job.step.service].request_timeout)
                    armed, act = job, self._read_back
                case State.APPLIED | State.UNDO_UNKNOWN:
                    armed = await self._arm_undo(db, job, now)
                    act = self._undo
                case State.UNDO_ARMED:
                    event = machine.UndoUnclear("the worker stopped before it could say", timedelta())
                    await execution.advance(db, row, event, now)
                    return
                case _:
                    raise AssertionError(f"an effect that is {row.effect.state} is never due")
        if armed is not None:
            await act(armed)

    async def _job(self, db: Db, row: EffectRow) -> Job:
        if row.tells:
            step = telling.STEPS[row.action]
            return Job(row, step, await telling.params(db, row, self._clock()), ())
        action = ACTIONS[row.action]
        return Job(
            row, action.steps[row.step], action.params.model_validate(row.params), await execution.receipts(db, row)
        )

    async def _arm(self, db: Db, job: Job, now: datetime) -> Job | None:
        """Arms the effect if its turn has come and every guardrail lets it; None when it has to wait."""
        row = job.row
        if not row.tells:
            if not await execution.previous_applied(db, row):
                # The step before has no receipt yet; it wakes this one when it has.
                await execution.look_later(db, row, now + RETRY_AFTER)
                return None
            if (blocked := await self._blocked(db, job, now)) is not None:
                event = (
                    machine.Drop(blocked.reason) if blocked.final else machine.Block(blocked.reason, blocked.lifts_at)
                )
                await execution.advance(db, row, event, now)
                return None
        armed = await execution.advance(db, row, machine.Arm(self._timings[job.step.service]), now)
        return Job(armed, job.step, job.params, job.done)

    async def _blocked(self, db: Db, job: Job, now: datetime) -> guardrails.Blocked | None:
        """The guardrails inside the arming transaction: their facts are locked until it commits."""
        row = job.row
        assert row.move_id is not None
        zone = (await workspace.member(db, (await queue.get(db, row.move_id)).owner)).zone
        recipients = ACTIONS[row.action].plan(job.params).recipients
        facts = await arming.guard_facts(
            db, recipients=recipients, since=row.created_at, zone=zone, now=now, effect=row.id, locked=True
        )
        rules = guardrails.RULES if job.step.sends else guardrails.ALWAYS
        if (blocked := guardrails.first_block(facts, rules)) is not None:
            return blocked
        known = tuple(one for one in facts.valid_recipients if one is not None)
        if job.step.sends and not await arming.reserve(
            db, workspace_id=row.workspace_id, effect=row.id, recipients=known, zone=zone, now=now
        ):
            full = facts.daily_cap, facts.tomorrow
            return guardrails.Blocked(
                "daily_cap", f"{full[0]} mails left this mailbox today, its cap", lifts_at=full[1]
            )
        return None

    async def _send(self, job: Job) -> None:
        row, step, receipt = job.row, job.step, None
        try:
            receipt = await step.check(job.params, self._ports, row.key, job.done)
            if receipt is None:
                assert row.effect.start_by is not None
                if self._clock() > row.effect.start_by:
                    # Too late to begin: what is sent now could land after the horizon. Nothing has left yet.
                    event: machine.Event = machine.Unavailable("it came too late to begin", RETRY_AFTER)
                else:
                    receipt = await step.send(job.params, self._ports, row.key, job.done)
        except Rejected as no:
            event = machine.Refused(str(no))
        except Unavailable as busy:
            event = machine.Unavailable(str(busy), busy.retry_after or self._patience(row))
        except Unclear as lost:
            event = machine.Unclear(str(lost))
        if receipt is not None:
            event = machine.Applied()
        await self._record(row, event, receipt)

    async def _read_back(self, job: Job) -> None:
        row = job.row
        receipt: Receipt | None = None
        event: machine.Event
        try:
            receipt = await job.step.find(job.params, self._ports, row.key, job.done)
            event = machine.Found() if receipt is not None else machine.NotFound(LOOK_AGAIN)
        except CannotTell as known:
            event = machine.CannotTell(str(known))
        except (Unavailable, Unclear) as busy:
            event = machine.CannotReadNow(str(busy), RETRY_AFTER)
        except Rejected as no:
            event = machine.CannotTell(str(no))
        await self._record(row, event, receipt)

    async def _arm_undo(self, db: Db, job: Job, now: datetime) -> Job:
        armed = await execution.advance(db, job.row, machine.Undo(self._timings[job.step.service]), now)
        return Job(armed, job.step, job.params, job.done)

    async def _undo(self, job: Job) -> None:
        row = job.row
        assert row.receipt is not None
        event: machine.Event
        try:
            await job.step.undo(job.params, self._ports, row.receipt)
            event = machine.UndoDone()
        except Rejected as no:
            event = machine.UndoImpossible(str(no))
        except (Unavailable, Unclear) as lost:
            event = machine.UndoUnclear(str(lost), RETRY_AFTER)
        await self._record(row, event, None)

    async def _record(self, row: EffectRow, event: machine.Event, receipt: Receipt | None) -> None:
        """Writes down what came of it, unless somebody has taken the effect over since: then as late evidence only."""
        async with self._database.begin() as db:
            now = self._clock()
            current = await execution.lock(db, row.id)
            assert current is not None
            moved_on = current.effect.fence != row.effect.fence or current.effect.state is not row.effect.state
            if moved_on:
                log.warning(
                    "late answer kept as evidence", extra={"effect": str(row.id), "event": type(event).__name__}
                )
                evidence = {
                    "event": type(event).__name__,
                    "fence": row.effect.fence,
                    "receipt": receipt and asdict(receipt),
                }
                await execution.keep_late_evidence(db, current, evidence, now)
                return
            await execution.advance(db, current, event, now, receipt=receipt)

    def _patience(self, row: EffectRow) -> timedelta:
        """Longer between tries the more often it failed, within bounds."""
        doublings = min(row.effect.attempt - 1, 10)
        return min(RETRY_AFTER * (1 << doublings), RETRY_AT_MOST)
