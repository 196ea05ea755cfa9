"""What the audit can say: a fixed list of words, and one entry before it has its place in the chain."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core import effect as machine
from core.ports import Receipt

WORKER = "worker"


class What(StrEnum):
    """What was done. Words are added, never changed: the chain keeps them."""

    PROPOSED = "proposed"
    EDITED = "edited"
    APPROVED = "approved"
    ASKED_AGAIN = "asked_again"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    DISMISSED = "dismissed"
    EXPIRED = "expired"
    RETIRED = "retired"
    HANDED_OVER = "handed_over"
    REOPENED = "reopened"
    DONE = "done"
    TAKING_BACK = "taking_back"
    NOT_TAKEN_BACK = "not_taken_back"
    HELD = "held"
    ARMED = "armed"
    BLOCKED = "blocked"
    POSTPONED = "postponed"
    APPLIED = "applied"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    FOUND = "found"
    ABSENT = "absent"
    NEEDS_HUMAN = "needs_human"
    DECIDED = "decided"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    LATE_ANSWER = "late_answer"
    UNDO_ARMED = "undo_armed"
    UNDO_UNKNOWN = "undo_unknown"
    UNDONE = "undone"
    CANNOT_UNDO = "cannot_undo"
    PAUSED = "paused"
    RESUMED = "resumed"
    DRY_RUN_ON = "dry_run_on"
    DRY_RUN_OFF = "dry_run_off"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    OPTED_IN = "opted_in"
    SETTING_CHANGED = "setting_changed"
    OUTCOME = "outcome"
    ERASED = "erased"
    RESTARTED = "restarted"


def word_for(event: machine.Event, after: machine.State) -> What:
    """What an effect that took `event` and is `after` now has done."""
    match event:
        case machine.Found():
            return What.FOUND
        case machine.Unavailable():
            return What.POSTPONED
        case machine.SaysSent() | machine.SaysAgain():
            return What.DECIDED
        case _:
            return What(str(after))


_PLAIN_WORD = re.compile(r"[\w .,:/+-]{0,80}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line for the audit. Whatever a person wrote or is called goes into `to` and `said`, which can be erased.

    `who` is a member's id or a name of ours, `grounds` the name of a rule or guardrail, `to` bare addresses. Raises
    ValueError when `who` or `grounds` could be more than a word of ours: they are never erased.
    """

    what: What
    who: str = WORKER
    move: UUID | None = None
    effect: UUID | None = None
    to: Sequence[str] = ()
    until: datetime | None = None
    grounds: str = ""
    content_hash: str = ""
    receipt: Receipt | None = None
    said: str = ""

    def __post_init__(self) -> None:
        for name, given in (("who", self.who), ("grounds", self.grounds)):
            if not _PLAIN_WORD.fullmatch(given):
                raise ValueError(f"{name} of an audit entry must be a word of ours, of 80 characters at most")
