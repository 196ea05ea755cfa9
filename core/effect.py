"""The life of one effect: a pure state machine, from approval to a receipt.

Each change outside is armed (and that is committed) before the first byte leaves. What came of it is then recorded, or,
where nobody can say, read back from the service. The states and arrows are drawn in `docs/reference/states.md`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from core.effect_events import (
    Applied,
    Arm,
    Block,
    Cancel,
    CannotReadNow,
    CannotTell,
    Drop,
    Event,
    Found,
    Look,
    NotFound,
    Park,
    Refused,
    SaysAgain,
    SaysSent,
    TakeBack,
    Timing,
    Unavailable,
    Unblock,
    Unclear,
    Undo,
    UndoDone,
    UndoImpossible,
    UndoUnclear,
    WorkerLost,
)

__all__ = [
    "ARMABLE",
    "ENDED_WITHOUT_EFFECT",
    "FINAL",
    "MOST_CLAIMS",
    "Applied",
    "Arm",
    "Block",
    "Cancel",
    "CannotReadNow",
    "CannotTell",
    "Drop",
    "Effect",
    "Event",
    "Found",
    "Illegal",
    "Look",
    "NotFound",
    "Park",
    "Refused",
    "SaysAgain",
    "SaysSent",
    "State",
    "TakeBack",
    "Timing",
    "Unavailable",
    "Unblock",
    "Unclear",
    "Undo",
    "UndoDone",
    "UndoImpossible",
    "UndoUnclear",
    "WorkerLost",
    "allowed",
    "transition",
]


class State(StrEnum):
    APPROVED = "approved"
    HELD = "held"
    ARMED = "armed"
    BLOCKED = "blocked"
    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    NEEDS_HUMAN = "needs_human"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    UNDO_ARMED = "undo_armed"
    UNDO_UNKNOWN = "undo_unknown"
    UNDONE = "undone"
    CANNOT_UNDO = "cannot_undo"


FINAL = frozenset(
    {State.APPLIED, State.REFUSED, State.CANCELLED, State.DROPPED, State.UNDONE, State.CANNOT_UNDO, State.NEEDS_HUMAN}
)
"""States in which nothing happens by itself; a person or an undo may still move them."""

ENDED_WITHOUT_EFFECT = frozenset({State.REFUSED, State.CANCELLED, State.DROPPED, State.UNDONE})
ARMABLE = frozenset({State.APPROVED, State.HELD, State.ABSENT})


MOST_CLAIMS = 5
"""So often in a row an effect is taken up without an answer; then the fault is likely its own, and a person looks."""


@dataclass(frozen=True)
class Effect:
    """`due_at` is when a worker should look at it next, None when nothing happens by itself.

    `fence` grows with each arming and undo: an answer that carries an older fence changes nothing. `claims` counts how
    often in a row a worker asked for it and gave no answer, `looks` how often in a row one read it back and gave none:
    what merely was under way when its worker died gets its answer soon. `rule` is the guardrail that blocks it.
    """

    state: State
    attempt: int = 0
    fence: int = 0
    due_at: datetime | None = None
    start_by: datetime | None = None
    horizon_until: datetime | None = None
    cause: str | None = None
    claims: int = 0
    looks: int = 0
    rule: str | None = None


class Illegal(Exception):
    """The event has no arrow out of the state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"an effect that is {state} cannot take {type(event).__name__}")
        self.state = state
        self.event = event


_S = State
_FROM: dict[type[object], frozenset[State]] = {
    Arm: ARMABLE,
    Block: ARMABLE | {_S.BLOCKED},
    Unblock: frozenset({_S.BLOCKED}),
    Applied: frozenset({_S.ARMED, _S.UNKNOWN}),
    Refused: frozenset({_S.ARMED}),
    Unavailable: frozenset({_S.ARMED}),
    Unclear: frozenset({_S.ARMED}),
    WorkerLost: ARMABLE | {_S.ARMED, _S.BLOCKED, _S.UNKNOWN, _S.APPLIED, _S.UNDO_ARMED, _S.UNDO_UNKNOWN},
    Look: frozenset({_S.UNKNOWN}),
    Park: ARMABLE | {_S.BLOCKED, _S.UNKNOWN, _S.APPLIED, _S.UNDO_UNKNOWN},
    Found: frozenset({_S.UNKNOWN}),
    NotFound: frozenset({_S.UNKNOWN}),
    CannotTell: frozenset({_S.UNKNOWN}),
    CannotReadNow: frozenset({_S.UNKNOWN}),
    Cancel: frozenset({_S.HELD}),
    Drop: frozenset({_S.APPROVED, _S.HELD, _S.ABSENT, _S.BLOCKED, _S.NEEDS_HUMAN}),
    SaysSent: frozenset({_S.NEEDS_HUMAN}),
    SaysAgain: frozenset({_S.NEEDS_HUMAN}),
    TakeBack: frozenset({_S.APPLIED}),
    Undo: frozenset({_S.APPLIED, _S.UNDO_UNKNOWN}),
    UndoDone: frozenset({_S.UNDO_ARMED, _S.UNDO_UNKNOWN}),
    UndoImpossible: frozenset({_S.UNDO_ARMED, _S.UNDO_UNKNOWN}),
    UndoUnclear: frozenset({_S.UNDO_ARMED, _S.UNDO_UNKNOWN}),
}
"""From which states each event has an arrow."""


def allowed(state: State, event: type[object]) -> bool:
    return state in _FROM[event]


def transition(effect: Effect, event: Event, now: datetime) -> Effect:
    """The effect after `event`. Raises Illegal when there is no such arrow."""
    if effect.state not in _FROM[type(event)]:
        raise Illegal(effect.state, event)
    after = _after(effect, event, now)
    if not isinstance(event, _ANSWERS):
        return after
    return replace(after, looks=0) if effect.state is State.UNKNOWN else replace(after, claims=0)


def _after(effect: Effect, event: Event, now: datetime) -> Effect:
    match event:
        case Arm(timing):
            return Effect(
                state=_S.ARMED,
                claims=effect.claims + 1,
                attempt=effect.attempt + 1,
                fence=effect.fence + 1,
                due_at=now + timing.lease,
                start_by=now + timing.start_within,
                horizon_until=now + timing.start_within + timing.request_timeout + timing.horizon,
            )
        case Undo(timing):
            return replace(
                effect,
                state=_S.UNDO_ARMED,
                claims=effect.claims + 1,
                fence=effect.fence + 1,
                due_at=now + timing.lease,
                start_by=now + timing.start_within,
            )
        case TakeBack():
            return replace(effect, due_at=now)
        case Look(lease):
            return replace(effect, due_at=now + lease, looks=effect.looks + 1)
        case WorkerLost(why, look_again):
            return _worker_lost(effect, why, now + look_again)
        case Park(why):
            undoing = effect.state in {_S.APPLIED, _S.UNDO_UNKNOWN}
            return replace(effect, state=_S.CANNOT_UNDO if undoing else _S.NEEDS_HUMAN, due_at=None, cause=why)
        case Block(reason, lifts_at, rule):
            return replace(effect, state=_S.BLOCKED, due_at=lifts_at, cause=reason, rule=rule)
        case Unblock() | SaysAgain():
            return replace(effect, state=_S.APPROVED, due_at=now, cause=None, rule=None)
        case Applied() | Found() | SaysSent():
            return replace(effect, state=_S.APPLIED, due_at=None, cause=None)
        case Refused(why):
            return replace(effect, state=_S.REFUSED, due_at=None, cause=why)
        case Unavailable(why, retry_after):
            return replace(effect, state=_S.APPROVED, due_at=now + retry_after, cause=why)
        case Unclear(why):
            return replace(effect, state=_S.UNKNOWN, due_at=now, cause=why)
        case NotFound(look_again, asked_at):
            return _not_found(effect, now, look_again, asked_at)
        case CannotTell(known):
            return replace(effect, state=_S.NEEDS_HUMAN, due_at=None, cause=known)
        case CannotReadNow(why, look_again):
            return replace(effect, due_at=now + look_again, cause=why)
        case Cancel():
            return replace(effect, state=_S.CANCELLED, due_at=None)
        case Drop(why):
            return replace(effect, state=_S.DROPPED, due_at=None, cause=why)
        case UndoDone():
            return replace(effect, state=_S.UNDONE, due_at=None, cause=None)
        case UndoImpossible(why):
            return replace(effect, state=_S.CANNOT_UNDO, due_at=None, cause=why)
        case UndoUnclear(why, look_again):
            return replace(effect, state=_S.UNDO_UNKNOWN, due_at=now + look_again, cause=why)
        case _:
            assert_never(event)


_ANSWERS = (
    Applied,
    Refused,
    Unavailable,
    Unclear,
    Found,
    NotFound,
    CannotTell,
    CannotReadNow,
    UndoDone,
    UndoImpossible,
    UndoUnclear,
)
"""What a worker says that took the effect up: those before it that got no answer were not the effect's fault."""


def _worker_lost(effect: Effect, why: str, due_at: datetime) -> Effect:
    """What was armed may have happened; what was only looked at is looked at again, if anybody would have."""
    if effect.due_at is None:
        return effect
    match effect.state:
        case _S.ARMED:
            return replace(effect, state=_S.UNKNOWN, due_at=due_at, cause=why)
        case _S.UNDO_ARMED:
            return replace(effect, state=_S.UNDO_UNKNOWN, due_at=due_at, cause=why)
        case _S.UNKNOWN | _S.UNDO_UNKNOWN:
            return replace(effect, due_at=due_at)
        case _:
            return replace(effect, due_at=due_at, claims=effect.claims + 1)


def _not_found(effect: Effect, now: datetime, look_again: timedelta, asked_at: datetime) -> Effect:
    """Absent only if it was not there when it could no longer land; until then, look again, at the latest at the horizon.

    What counts is when the reading began: what landed after that was not seen.
    """
    assert effect.horizon_until is not None
    if asked_at >= effect.horizon_until:
        return replace(effect, state=_S.ABSENT, due_at=now)
    return replace(effect, due_at=max(now, min(now + look_again, effect.horizon_until)))
