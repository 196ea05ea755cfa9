"""App Home as a value: one of its tabs, with what stands on it now."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.card import Card
from core.digest_settings import DigestSettings
from core.guardrails import Overview
from core.switched import Switch

Tab = Literal["today", "under_way", "snoozed", "done", "outcomes", "settings"]
PAGE = 10
"""So many rows at once: four blocks each, and Slack takes a hundred."""


@dataclass(frozen=True)
class Came:
    """An outcome, and what it is about."""

    title: str
    kind: str
    at: datetime


@dataclass(frozen=True)
class Feed:
    """How the reading of a source stands: when it last went well, when it is next due, and what is wrong."""

    read_at: datetime | None
    due_at: datetime
    problem: str | None


@dataclass(frozen=True)
class Chosen:
    """What the settings tab shows."""

    digest: DigestSettings
    own: bool
    """Whether the member has chosen it, and it is not just the workspace's."""
    guardrails: Overview
    mailbox: Feed | None
    """None: nobody has begun to read it."""


@dataclass(frozen=True)
class Home:
    """`first` is the number of the first row on this page."""

    user: str
    known: bool
    """Whether Slack has told us of the member; until then the zone is UTC."""
    zone: str
    at: datetime
    tab: Tab
    first: int
    older: bool
    counts: Mapping[str, int]
    """How many rows each tab has; those without a number have no list."""
    under_way: Mapping[str, int]
    """Of the moves under way: how many are held, uncertain, blocked and so on, by the word their card says."""
    switch: Switch
    cards: tuple[Card, ...] = ()
    outcomes: tuple[Came, ...] = ()
    chosen: Chosen | None = None

    def digest(self) -> str:
        """The same for homes that look the same: one is not drawn again as it stands already."""
        shown = {**self.__dict__, "at": self.at.date(), "cards": [card.digest() for card in self.cards]}
        return hashlib.sha256(repr(sorted(shown.items())).encode()).hexdigest()
