"""Approved mails in memory, moved by `core.effect.transition` alone: what the store on PostgreSQL is compared with."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from core import effect as machine
from core.actions.send_email import SEND_EMAIL, SendEmail
from core.effect import Effect, Event, State, Timing
from core.ports import Calendar, CannotTell, Messenger, Ports, Receipt, Rejected, Unavailable, Unclear
from tests.support.fake_mailbox import FakeMailbox, NoCrm
from tests.support.rig import NoMessenger

DRAFT, SENDING = 0, 1
RETRY, LOOK_AGAIN = timedelta(seconds=5), timedelta(seconds=2)


def patience(effect: Effect, at_most: timedelta = timedelta(seconds=30)) -> timedelta:
    """Twice as long after each try and after each crash, within bounds."""
    return min(RETRY * 2 ** (effect.attempt - 1 + effect.claims - 1), at_most)


class TooLate(Exception):
    """It cannot be taken back any more, or there is nothing to decide."""


@dataclass
class Plan:
    number: int
    params: SendEmail
    effects: list[Effect]
    receipts: list[Receipt | None] = field(default_factory=lambda: [None, None])
    withdrawn: bool = False

    def key(self, step: int) -> str:
        return f"{self.number:032x}{step}"

    def done(self, step: int) -> list[Receipt]:
        return [receipt for receipt in self.receipts[:step] if receipt is not None]


@dataclass
class Move:
    params: SendEmail
    state: str = "open"
    plans: list[Plan] = field(default_factory=list)


class MemoryEffects:
    """Any number of moves over one mailbox. Nothing here knows of a database; everything is one thread's own."""

    def __init__(self, mailbox: FakeMailbox, clock: Callable[[], datetime], timing: Timing) -> None:
        self._ports = Ports(
            mailbox=mailbox, crm=NoCrm(), calendar=cast(Calendar, NoCrm()), messenger=cast(Messenger, NoMessenger())
        )
        self._clock = clock
        self._timing = timing
        self._numbers = 0
        self.moves: list[Move] = []
        self.paused = False

    def approve(self, move: Move, *, hold: timedelta) -> None:
        if move.state != "open":
            raise TooLate(move.state)
        move.state = "approved"
        self._start(move, hold)

    def _start(self, move: Move, hold: timedelta) -> None:
        now = self._clock()
        self._numbers += 1
        waiting = [Effect(State.APPROVED, due_at=now), Effect(State.HELD, due_at=now + hold)]
        move.plans.append(Plan(self._numbers, move.params, waiting))

    def undo(self, move: Move) -> None:
        plan = self._live(move)
        if plan is None or move.state != "approved":
            raise TooLate(move.state)
        if plan.effects[SENDING].state not in {State.HELD, State.APPROVED, State.BLOCKED, State.ABSENT}:
            raise TooLate(plan.effects[SENDING].state)
        self._withdraw(move, plan)
        move.state = "open"

    def decide(self, move: Move, choice: str) -> None:
        plan = self._live(move)
        asked = [] if plan is None else [n for n in (DRAFT, SENDING) if plan.effects[n].state is State.NEEDS_HUMAN]
        if plan is None or not asked:
            raise TooLate(move.state)
        step = asked[0]
        if choice == "drop":
            self._advance(move, plan, step, machine.Drop("dropped"))
        elif choice == "sent":
            plan.receipts[step] = Receipt("", "word", {})
            self._advance(move, plan, step, machine.SaysSent())
            if step == DRAFT:
                self._advance(move, plan, SENDING, machine.Cancel())
                move.state = "done"
        else:
            plan.withdrawn = True
            self._start(move, timedelta())
            self._stop(move, plan)
            self._advance(move, plan, step, machine.Drop("again"))

    def resume(self) -> None:
        self.paused = False
        for move in self.moves:
            for plan in move.plans:
                for step, effect in enumerate(plan.effects):
                    if effect.state is State.BLOCKED and effect.rule == "kill_switch":
                        self._advance(move, plan, step, machine.Unblock())

    def _live(self, move: Move) -> Plan | None:
        return next((plan for plan in move.plans if not plan.withdrawn), None)

    def _withdraw(self, move: Move, plan: Plan) -> None:
        plan.withdrawn = True
        self._stop(move, plan)

    def _stop(self, move: Move, plan: Plan) -> None:
        for step, effect in enumerate(plan.effects):
            if effect.state is State.HELD:
                self._advance(move, plan, step, machine.Cancel())
            elif effect.state in {State.APPROVED, State.ABSENT, State.BLOCKED}:
                self._advance(move, plan, step, machine.Drop("taken back"))
            elif effect.state is State.APPLIED and step == DRAFT:
                self._advance(move, plan, step, machine.TakeBack())

    def _advance(self, move: Move, plan: Plan, step: int, event: Event) -> None:
        before = plan.effects[step]
        after = plan.effects[step] = machine.transition(before, event, self._clock())
        if after.state is before.state:
            return
        if after.state is State.APPLIED and plan.withdrawn:
            if step == DRAFT:
                self._advance(move, plan, step, machine.TakeBack())
        elif after.state is State.APPLIED and step == DRAFT:
            self._wake_sending(plan)
        elif after.state is State.APPLIED:
            move.state = "done"
        elif after.state in {State.REFUSED, State.DROPPED} and not plan.withdrawn:
            self._withdraw(move, plan)
            move.state = "open"
        elif after.state in {State.APPROVED, State.ABSENT, State.BLOCKED} and plan.withdrawn:
            self._advance(move, plan, step, machine.Drop("taken back"))

    def _wake_sending(self, plan: Plan) -> None:
        waiting = plan.effects[SENDING]
        if waiting.state in {State.APPROVED, State.HELD}:
            now = self._clock()
            self._due(plan, SENDING, max(waiting.due_at or now, now))

    def _due(self, plan: Plan, step: int, at: datetime | None) -> None:
        old = plan.effects[step]
        plan.effects[step] = replace(old, due_at=at)

    async def run(self, move: Move, plan: Plan, step: int) -> None:
        """What a worker does with this effect when it comes by."""
        effect, now = plan.effects[step], self._clock()
        if effect.due_at is None or effect.due_at > now:
            return
        match effect.state:
            case State.BLOCKED:
                self._advance(move, plan, step, machine.Unblock())
            case State.ARMED | State.UNDO_ARMED:
                self._advance(move, plan, step, machine.WorkerLost())
            case _ if effect.claims >= machine.MOST_CLAIMS:
                self._advance(move, plan, step, machine.Park("again and again"))
            case State.UNKNOWN:
                self._advance(move, plan, step, machine.Look(self._timing.lease))
                await self._read_back(move, plan, step)
            case State.APPLIED | State.UNDO_UNKNOWN:
                self._advance(move, plan, step, machine.Undo(self._timing))
                await self._take_back(move, plan, step)
            case _ if step == SENDING and plan.effects[DRAFT].state is not State.APPLIED:
                self._due(plan, step, None)
            case _ if self.paused:
                self._advance(move, plan, step, machine.Block("paused", rule="kill_switch"))
            case _:
                self._advance(move, plan, step, machine.Arm(self._timing))
                await self._send(move, plan, step)

    async def _send(self, move: Move, plan: Plan, step: int) -> None:
        armed, definition, key, done = plan.effects[step], SEND_EMAIL.steps[step], plan.key(step), plan.done(step)
        receipt: Receipt | None = None
        event: Event = machine.Applied()
        try:
            receipt = await definition.check(plan.params, self._ports, key, done, first=armed.attempt == 1)
            receipt = receipt or await definition.send(plan.params, self._ports, key, done)
        except Rejected as no:
            event = machine.Refused(str(no))
        except Unavailable as busy:
            event = machine.Unavailable(str(busy), busy.retry_after or patience(armed))
        except Unclear as lost:
            event = machine.Unclear(str(lost))
        self._record(move, plan, step, armed, event, receipt)

    async def _read_back(self, move: Move, plan: Plan, step: int) -> None:
        looked, asked_at = plan.effects[step], self._clock()
        receipt: Receipt | None = None
        try:
            receipt = await SEND_EMAIL.steps[step].find(plan.params, self._ports, plan.key(step), plan.done(step))
            event: Event = machine.Found() if receipt else machine.NotFound(LOOK_AGAIN, asked_at)
        except CannotTell as known:
            event = machine.CannotTell(str(known))
        except Unavailable as busy:
            event = machine.CannotReadNow(str(busy), busy.retry_after or patience(looked, timedelta(seconds=15)))
        self._record(move, plan, step, looked, event, receipt)

    async def _take_back(self, move: Move, plan: Plan, step: int) -> None:
        armed, receipt = plan.effects[step], plan.receipts[step]
        assert receipt is not None
        try:
            await SEND_EMAIL.steps[step].undo(plan.params, self._ports, plan.key(step), receipt)
            event: Event = machine.UndoDone()
        except Rejected as no:
            event = machine.UndoImpossible(str(no))
        except (Unavailable, Unclear) as lost:
            event = machine.UndoUnclear(str(lost), getattr(lost, "retry_after", None) or patience(armed))
        self._record(move, plan, step, armed, event, None)

    def _record(self, move: Move, plan: Plan, step: int, asked: Effect, event: Event, receipt: Receipt | None) -> None:
        now = plan.effects[step]
        if (now.fence, now.state) == (asked.fence, asked.state):
            plan.receipts[step] = receipt or plan.receipts[step]
            self._advance(move, plan, step, event)
        else:  # the worker was not lost after all
            plan.effects[step] = replace(now, claims=max(now.claims - 1, 0))
