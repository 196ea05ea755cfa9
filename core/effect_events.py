"""What can happen to an effect. Which event has an arrow out of which state is in `core/effect.py`."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Timing:
    """How long a request may take and how long after its last byte it may still land.

    `lease`: an effect whose worker has said nothing for this long has lost its worker. A worker that lives renews it.
    """

    start_within: timedelta
    request_timeout: timedelta
    horizon: timedelta
    lease: timedelta = timedelta(seconds=4)


@dataclass(frozen=True)
class Arm:
    timing: Timing


@dataclass(frozen=True)
class Block:
    """A guardrail said no. `lifts_at` is when it is worth asking again; None waits for a person."""

    reason: str
    lifts_at: datetime | None = None
    rule: str = ""


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
    """An answer was lost."""

    why: str


@dataclass(frozen=True)
class WorkerLost:
    """The lease has run out, or the worker met what it does not know: nobody says what came of it."""

    why: str = "the worker stopped before it could say"
    look_again: timedelta = timedelta()


@dataclass(frozen=True)
class Look:
    """A worker reads the service back."""

    lease: timedelta


@dataclass(frozen=True)
class Park:
    """It was taken up again and again without an answer: a person has to look."""

    why: str


@dataclass(frozen=True)
class Found: ...


@dataclass(frozen=True)
class NotFound:
    """Read back, and the change was not there when the reading began."""

    look_again: timedelta
    asked_at: datetime


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
    | WorkerLost
    | Look
    | Park
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
