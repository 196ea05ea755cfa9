"""The life of one effect: a pure state machine, from approval to a receipt.

Each change outside is armed (and that is committed) before the first byte leaves. What came of it is then recorded, or,
where nobody can say, read back from the service. The states and arrows are drawn in `docs/reference/states.md`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never


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


@dataclass(frozen=True)
class Timing:
    """How long a request may take and how long after its last byte it may still land."""

    start_within: timedelta
    request_timeout: timedelta
    horizon: timedelta

    @property
    def lease(self) -> timedelta:
        """An armed effect whose worker has said nothing for this long has lost its worker."""
        return self.start_within + self.request_timeout + timedelta(seconds=1)


@dataclass(frozen=True)
class Effect:
    """`due_at` is when a worker should look at it next, None when nothing happens by itself.

    `fence` grows with each arming and undo: an answer that carries an older fence changes nothing.
    """

    state: State
    attempt: int = 0
    fence: int = 0
    due_at: datetime | None = None
    start_by: datetime | None = None
    horizon_until: datetime | None = None
    cause: str | None = None


class Illegal(Exception):
    """The event has no arrow out of the state."""

    def __init__(self, state: State, event: "Event") -> None:
        super().__init__(f"an effect that is {state} cannot take {type(event).__name__}")
        self.state = state
        self.event = event


@dataclass(frozen=True)
class Arm:
    timing: Timing


@dataclass(frozen=True)
class Block:
    """A guardrail said no. `lifts_at` is when it is worth asking again; None waits for a person."""

    reason: str
    lifts_at: datetime | None = None


@dataclass(frozen=True)
class Unblock: ...


@dataclass(frozen=True)
class Applied: ...


@dataclass(frozen=True)
class Refused:
    why: str


@dataclass(frozen=True)
class Unavailable:
    """The service surely did nothing."""

    why: str
    retry_after: timedelta


@dataclass(frozen=True)
class Unclear:
    """An answer was lost, or the worker with it (then the lease has run out)."""

    why: str


@dataclass(frozen=True)
class Found: ...


@dataclass(frozen=True)
class NotFound:
    """Read back, and the change is not there (yet)."""

    look_again: timedelta


@dataclass(frozen=True)
class CannotTell:
    known: str


@dataclass(frozen=True)
class CannotReadNow:
    """The service could not be read back just now; nothing is known yet."""

    why: str
    look_again: timedelta


@dataclass(frozen=True)
class Cancel:
    """Undo within the hold."""


@dataclass(frozen=True)
class Drop:
    why: str


@dataclass(frozen=True)
class SaysSent:
    """A person's word: it is there."""


@dataclass(frozen=True)
class SaysAgain:
    """A person's word: it is not there, do it again."""


@dataclass(frozen=True)
class TakeBack:
    """The approval was withdrawn: a worker should undo this."""


@dataclass(frozen=True)
class Undo:
    timing: Timing


@dataclass(frozen=True)
class UndoDone: ...


@dataclass(frozen=True)
class UndoImpossible:
    why: str


@dataclass(frozen=True)
class UndoUnclear:
    why: str
    look_again: timedelta


Event = (
    Arm
    | Block
    | Unblock
    | Applied
    | Refused
    | Unavailable
    | Unclear
    | Found
    | NotFound
    | CannotTell
    | CannotReadNow
    | Cancel
    | Drop
    | SaysSent
    | SaysAgain
    | TakeBack
    | Undo
    | UndoDone
    | UndoImpossible
    | UndoUnclear
)

_S = State
_FROM: dict[type[object], frozenset[State]] = {
    Arm: ARMABLE,
    Block: ARMABLE | {_S.BLOCKED},
    Unblock: frozenset({_S.BLOCKED}),
    Applied: frozenset({_S.ARMED, _S.UNKNOWN}),
    Refused: frozenset({_S.ARMED}),
    Unavailable: frozenset({_S.ARMED}),
    Unclear: frozenset({_S.ARMED}),
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
    match event:
        case Arm(timing):
            return Effect(
                state=_S.ARMED,
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
                fence=effect.fence + 1,
                due_at=now + timing.lease,
                start_by=now + timing.start_within,
            )
        case TakeBack():
            return replace(effect, due_at=now)
        case Block(reason, lifts_at):
            return replace(effect, state=_S.BLOCKED, due_at=lifts_at, cause=reason)
        case Unblock() | SaysAgain():
            return replace(effect, state=_S.APPROVED, due_at=now, cause=None)
        case Applied() | Found() | SaysSent():
            return replace(effect, state=_S.APPLIED, due_at=None, cause=None)
        case Refused(why):
            return replace(effect, state=_S.REFUSED, due_at=None, cause=why)
        case Unavailable(why, retry_after):
            return replace(effect, state=_S.APPROVED, due_at=now + retry_after, cause=why)
        case Unclear(why):
            return replace(effect, state=_S.UNKNOWN, due_at=now, cause=why)
        case NotFound(look_again):
            return _not_found(effect, now, look_again)
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


def _not_found(effect: Effect, now: datetime, look_again: timedelta) -> Effect:
    """Absent only once the first request can no longer land; until then, look again, at the latest at the horizon."""
    assert effect.horizon_until is not None
    if now >= effect.horizon_until:
        return replace(effect, state=_S.ABSENT, due_at=now)
    return replace(effect, due_at=min(now + look_again, effect.horizon_until))
