"""What a card says: a small frozen value that the view turns into blocks."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.aps import Score


class CardState(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    HELD = "held"
    WORKING = "working"
    WAITING = "waiting"
    UNCERTAIN = "uncertain"
    NEEDS_HUMAN = "needs_human"
    BLOCKED = "blocked"
    TAKING_BACK = "taking_back"
    DONE = "done"
    DISMISSED = "dismissed"
    EXPIRED = "expired"
    RETIRED = "retired"
    HANDED_OVER = "handed_over"
    """On a list that has shown it; `by` is whose it is now."""


@dataclass(frozen=True)
class Card:
    """One move as its owner sees it. Texts are unescaped; times are UTC and become local in the view."""

    move_id: str
    revision: int
    state: CardState
    owner: str
    title: str
    why: str
    score: Score
    due_at: datetime | None
    effort_minutes: int
    zone: str
    at: datetime
    """As of when: times of the same day are shown without the date."""
    context: tuple[str, ...] = ()
    """Facts worth a line of their own: an existing customer, an open deal, what could not be checked."""
    by: str | None = None
    """Who approved, snoozed or dismissed."""
    until: datetime | None = None
    """When held mail leaves, a snooze ends, or the next try comes."""
    reason: str | None = None
    """Why it is blocked, uncertain, refused or dismissed; what lifts it, or ends a snooze before its time."""
    outcome: str | None = None
    done: str = "done"
    """What has happened once it is done: `sent`, `booked`."""
    place: str = ""
    """Where a person looks when nobody else can tell."""
    note: str | None = None
    """What of it did not go as planned."""
    undoable: bool = False
    dry_run_by: str | None = None
    """Who switched on the dry run because of which Execute only rehearses."""

    def digest(self) -> str:
        """The same for cards that look the same: a card is not updated to what it says already."""
        points = [(reason.part, reason.points) for reason in self.score.reasons]
        shown = {**self.__dict__, "score": points, "revision": None, "at": self.at.date()}
        return hashlib.sha256(repr(sorted(shown.items())).encode()).hexdigest()
