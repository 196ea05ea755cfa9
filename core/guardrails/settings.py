"""What a workspace has set about its guardrails, and what an owner has set otherwise."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

Weekday = Annotated[int, Field(ge=1, le=7)]
"""As ISO numbers them: Monday is 1, Sunday is 7."""
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
LegalBasis = Literal["request", "contract", "consent", "legitimate_interest"]

INBOUND = ("answer_inquiry", "reply")
"""Purposes that answer what somebody asked us: minutes count, at any hour."""


class Contact(BaseModel, frozen=True, extra="forbid"):
    """When and how often people hear from us. An owner may set any of it otherwise."""

    touches_per_person: Count = Field(1, description="mails to one person that nobody answered, in the window")
    touches_per_company: Count = Field(5, description="mails to one company, in the window; answers do not count")
    touch_window_days: int = Field(7, ge=1, le=365, description="the window of both")
    dedup_days: int = Field(14, ge=0, le=365, description="how long one person hears of one purpose once")
    day_begins: time = Field(time(9), description="mails leave from this time on, in the recipient's zone")
    day_ends: time = Field(time(17), description="and until this time")
    working_days: frozenset[Weekday] = Field(frozenset({1, 2, 3, 4, 5}), description="and on these days, Monday is 1")
    at_any_hour: frozenset[str] = Field(frozenset(INBOUND), description="purposes that quiet hours do not delay")

    @property
    def touch_window(self) -> timedelta:
        return timedelta(days=self.touch_window_days)


class OwnContact(BaseModel, frozen=True, extra="forbid"):
    """What an owner has set otherwise; what is None is as the workspace has it."""

    touches_per_person: Count | None = None
    touches_per_company: Count | None = None
    touch_window_days: int | None = Field(None, ge=1, le=365)
    dedup_days: int | None = Field(None, ge=0, le=365)
    day_begins: time | None = None
    day_ends: time | None = None
    working_days: frozenset[Weekday] | None = None
    at_any_hour: frozenset[str] | None = None


class Caps(BaseModel, frozen=True, extra="forbid"):
    """How many mails may leave. What is None follows the mailbox's cap for a day, so that one number scales them all."""

    mailbox_per_hour: Count | None = Field(None, description="None: half of a day's")
    mailbox_per_minute: Count | None = Field(None, description="None: a quarter of a day's")
    workspace_per_day: Count | None = Field(None, description="None: five times the mailbox's")
    workspace_per_hour: Count | None = Field(None, description="None: half of the workspace's day")
    workspace_per_minute: Count | None = Field(None, description="None: a quarter of the workspace's day")
    domain_per_day: Count | None = Field(None, description="None: the mailbox's; free-mail domains have none")
    domain_per_hour: Count | None = Field(None, description="None: half of the domain's day")
    domain_per_minute: Count | None = Field(None, description="None: a quarter of the domain's day")
    mailbox_since: date | None = Field(None, description="a new mailbox's first day; None: it is not new")
    ramp_start: Count = Field(10, description="what a new mailbox may send a day in its first week")
    ramp_per_week: Count = Field(10, description="and so many more with each week, up to its cap")


class Bounces(BaseModel, frozen=True, extra="forbid"):
    """When bounces stop a mailbox."""

    warn_at: Share = 0.02
    stop_at: Share = 0.05
    least_sends: Count = Field(20, description="with fewer sends no share is judged")
    window_days: int = Field(30, ge=1, le=365)
    since: datetime | None = Field(None, description="bounces before are forgiven: set it once the list is mended")


class FourEyes(BaseModel, frozen=True, extra="forbid"):
    """What a second person has to approve; None: nothing."""

    amount: Decimal | None = Field(None, ge=0, description="a deal worth more than this, in `currency`")
    currency: str = Field("USD", min_length=3, max_length=3)
    recipients: Count | None = Field(None, description="more recipients than this")


class Legal(BaseModel, frozen=True, extra="forbid"):
    """Why we may write, and what marketing mail must carry."""

    basis: dict[str, LegalBasis] = Field(
        default={
            "answer_inquiry": "request",
            "reply": "request",
            "meeting": "request",
            "renewal": "contract",
            "onboarding": "contract",
        },
        description="by purpose",
    )
    basis_otherwise: LegalBasis | None = Field(
        "legitimate_interest", description="for other purposes; None: the person must have one on record"
    )
    marketing: frozenset[str] = Field(frozenset({"newsletter", "campaign", "event_invitation"}), description="purposes")
    postal_address: str = Field("", max_length=300, description="must stand in every marketing mail")


class GuardrailSettings(BaseModel, frozen=True, extra="forbid"):
    """All of it, with the defaults that good mail practice gives."""

    contact: Contact = Contact()
    owners: dict[str, OwnContact] = Field(default={}, description="by Slack user id")
    caps: Caps = Caps()
    bounces: Bounces = Bounces()
    four_eyes: FourEyes = FourEyes()
    legal: Legal = Legal()

    def contact_of(self, owner: str) -> Contact:
        """The workspace's settings with the owner's own in their place."""
        own = self.owners.get(owner)
        return self.contact if own is None else self.contact.model_copy(update=own.model_dump(exclude_none=True))
