"""The day's list as a value: what its message says of yesterday, and the moves it shows."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import BaseModel

from core.card import Card

HEADLINES = 3
"""So many moves are shown at first."""
MOST = 10
"""So many after "show more"; what there is beyond, `/moves` lists."""

Kind = Literal["morning", "top_up"]


class Report(BaseModel, frozen=True):
    """What the first lines say, as it was when the list was made; it does not change any more."""

    worth: int = 0
    """Moves on the list."""
    beyond: int = 0
    """Open moves that are not on it."""
    minutes: int = 0
    """For the headlines together."""
    since: date | None = None
    """The date of the list before this one, from which on everything below is counted; a day back where there is none."""
    done: dict[str, int] = {}
    """By the kind of action."""
    outcomes: dict[str, int] = {}
    """By the kind of outcome."""
    kept: int = 0
    """Of the moves on the list before that nobody answered: still open, or put off."""
    expired: int = 0
    retired: int = 0


@dataclass(frozen=True)
class Digest:
    """One owner's list of one date, with its moves as they are now."""

    digest_id: str
    owner: str
    day: date
    kind: Kind
    report: Report
    cards: tuple[Card, ...] = ()
    """Best first, as they were ranked when the list was made; MOST at most."""
    expanded: bool = False

    @property
    def shown(self) -> tuple[Card, ...]:
        return self.cards if self.expanded else self.cards[:HEADLINES]

    def digest(self) -> str:
        """The same for lists that look the same: a message is not updated to what it says already."""
        shown = (self.expanded, len(self.cards), self.report, [card.digest() for card in self.shown])
        return hashlib.sha256(repr(shown).encode()).hexdigest()
