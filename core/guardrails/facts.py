"""What the rules look at, read once and never changed, and what a rule says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from core.guardrails.settings import Contact, GuardrailSettings
from core.money import Money


class Period(StrEnum):
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"


@dataclass(frozen=True)
class Room:
    """A cap and what is left of it. `whose` is mailbox, workspace or domain; `window` names the day, hour or minute."""

    whose: str
    period: Period
    subject: str
    window: str
    cap: int
    used: int
    lifts_at: datetime
    why: str = ""
    """What makes the cap lower than it is set."""

    @property
    def scope(self) -> str:
        return f"{self.whose}_{self.period}"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.scope, self.subject, self.window

    @property
    def left(self) -> int:
        return max(self.cap - self.used, 0)


@dataclass(frozen=True)
class Touch:
    """A mail of ours that left, or may still leave."""

    at: datetime
    purpose: str
    """Empty where it is not known."""


@dataclass(frozen=True)
class Recipient:
    """What is known of one address; for somebody we have not met, next to nothing."""

    email: str
    company: str | None = None
    """The domain of the company; None for a free-mail address, which belongs to none."""
    suppressed: str | None = None
    """Why this address must not be written to."""
    zone: str | None = None
    heard_at: datetime | None = None
    """When they last answered or wrote to us."""
    touches: tuple[Touch, ...] = ()
    company_touches: tuple[datetime, ...] = ()
    """Mails to anybody at the company, answers to what they asked left out."""
    legal_basis: str | None = None
    opted_in: bool = False


@dataclass(frozen=True)
class SentAndBounced:
    sent: int = 0
    bounced: int = 0

    @property
    def share(self) -> float:
        return self.bounced / self.sent if self.sent else 0.0


@dataclass(frozen=True)
class GuardFacts:
    """The facts of one plan at one moment. `valid_recipients` has None for one that cannot be mailed."""

    now: datetime
    zone: str
    """The owner's."""
    recipients: tuple[str, ...]
    valid_recipients: tuple[str | None, ...]
    paused: bool = False
    paused_by: str = ""
    all_paused: bool = False
    """Whether it is all workspaces that are paused."""
    dry_runs: frozenset[str] = frozenset()
    """For whom a dry run is on: members by their id, or `""` for the whole workspace."""
    purpose: str | None = None
    """What the mail is for; None where the caller could not say, and rules about purposes wait until it is armed."""
    arming: bool = True
    """Whether it is about to leave. A rule that only makes it wait does not stop an approval."""
    known: tuple[Recipient, ...] = ()
    replied_since: datetime | None = None
    """When somebody answered us after this plan was proposed or approved."""
    rooms: tuple[Room, ...] = ()
    """What the effect has taken already is not counted as used."""
    bounces: SentAndBounced = SentAndBounced()
    value: Money | None = None
    approvers: frozenset[str] = frozenset()
    settings: GuardrailSettings = field(default_factory=GuardrailSettings)
    public_url: str = ""
    """The https address under which people reach us; empty where there is none."""
    owner: str = ""
    """Who may have set other hours and limits than the workspace."""
    held: frozenset[tuple[str, str, str]] = frozenset()
    """(scope, subject, window) of the room that this effect has taken already."""

    @property
    def contact(self) -> Contact:
        return self.settings.contact_of(self.owner)

    @property
    def daily_cap(self) -> int:
        return self._mailbox_day.cap

    @property
    def tomorrow(self) -> datetime:
        """When the daily cap starts anew in the owner's zone."""
        return self._mailbox_day.lifts_at

    @property
    def _mailbox_day(self) -> Room:
        nothing = Room("mailbox", Period.DAY, "", "", 0, 0, self.now + timedelta(days=1))
        return next((room for room in self.rooms if room.scope == "mailbox_day"), nothing)

    @property
    def inbound(self) -> bool:
        """Whether this answers somebody who asked."""
        return self.purpose in self.contact.at_any_hour


@dataclass(frozen=True)
class Overview:
    """How the guardrails stand now, for nobody in particular."""

    facts: GuardFacts
    """Its rooms are those of the mailbox, of the workspace and of the domains that most mail went to today."""
    suppressed: tuple[tuple[str, int], ...] = ()
    """How many addresses, domains and accounts are on the list."""


@dataclass(frozen=True)
class Blocked:
    """`final`: the plan is over. Otherwise it waits: until `lifts_at`, or for a person where that is None."""

    rule: str
    reason: str
    final: bool = False
    lifts_at: datetime | None = None


def local(at: datetime, zone: str) -> str:
    """`24 Nov, 09:00 (Europe/Berlin)`: how a reason names a moment."""
    return f"{at.astimezone(ZoneInfo(zone)):%d %b, %H:%M} ({zone})"
