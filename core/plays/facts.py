"""What a play knows, and what it says: a proposal, or a reason for none."""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel

from core import aps
from core.draft import Voice
from core.ports import Busy, CrmRecord


@dataclass(frozen=True)
class Conversation:
    """A mail thread of ours in which the person answered: what it takes to go on in it."""

    thread_id: str
    subject: str
    answered: str
    """The Message-ID of their mail."""


@dataclass(frozen=True)
class PlayFacts:
    """What is known when a form comes in. `crm_problem` says why the CRM could not be asked.

    `live` are the purposes for which the person has a move waiting. `busy` is when the owner is not free in the next
    days; None when the calendar was not or could not be asked. `conversation`: they answered us by mail not long ago.
    """

    now: datetime
    received_at: datetime
    voice: Voice
    owner: str = ""
    zone: str = "UTC"
    suppressed: str | None = None
    live: frozenset[str] = frozenset()
    crm: CrmRecord | None = None
    crm_problem: str | None = None
    busy: tuple[Busy, ...] | None = None
    conversation: Conversation | None = None


@dataclass(frozen=True)
class Proposal:
    rule: str
    purpose: str
    action: str
    params: BaseModel
    title: str
    why: str
    due_at: datetime
    facts: aps.Facts
    context: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Declined:
    """Nothing is proposed, and why; `code` names the case."""

    code: str
    reason: str
