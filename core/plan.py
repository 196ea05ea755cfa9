"""A plan says what an action would do, in words and in exact bytes; an action is its parameters, its plan and its steps."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from core.ports import Ports, Receipt, Receipts

P = TypeVar("P", bound=BaseModel)
P_contra = TypeVar("P_contra", bound=BaseModel, contravariant=True)


@dataclass(frozen=True)
class Editable:
    """Marks a parameter that the person who approves may change: its label, what it holds and how long it may be.

    `addresses` are separated by commas; a `moment` is a date and a time on the owner's clock.
    """

    label: str
    kind: Literal["line", "text", "addresses", "moment"] = "line"
    limit: int = 250
    empty: str = ""
    """What to say when it was left empty; empty itself where that is fine."""


@dataclass(frozen=True)
class Plan:
    """What people approve. `content` is everything the steps will do; its hash binds the approval.

    `recipients` are those who hear from us by mail; `exact` is what leaves, label by label, for the preview.
    """

    kind: str
    summary: str
    content: str
    recipients: tuple[str, ...] = ()
    exact: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    body: str = ""
    expires_at: datetime | None = None
    """From then on it makes no sense any more: a meeting that has begun cannot be proposed."""

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


def content_of(params: BaseModel) -> str:
    """All parameters in one exact text: what an approval binds."""
    return json.dumps(params.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)


class Step(Protocol[P_contra]):
    """One request to one service.

    `sends` marks the step by which somebody outside hears from us: it is held first and takes room under the caps.
    A step that is not `reversible` stays, or goes with the step before that is. What a `single_use` step needs is used
    up by trying, so that doing it again means beginning the plan anew.
    """

    name: str
    service: str
    sends: bool
    reversible: bool
    single_use: bool

    async def check(self, params: P_contra, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        """Right before `send`: the receipt when the change is there already, else None.

        It reads, and at most clears away what an earlier try of ours has left.

        `first`: it was never asked for before. Raises Rejected when what was approved is no longer so, and Unclear
        when an earlier try may have done it after all.
        """
        ...

    async def send(self, params: P_contra, ports: Ports, key: str, done: Receipts) -> Receipt:
        """Makes one request, once. Raises Rejected, Unavailable or Unclear."""
        ...

    async def find(self, params: P_contra, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        """The receipt if the change is there, None if it is surely absent; CannotTell when that cannot be read."""
        ...

    async def undo(self, params: P_contra, ports: Ports, key: str, receipt: Receipt) -> None:
        """Takes the change back by its receipt, if nobody changed it since; only for `reversible` steps.

        What is gone already is fine. Raises Rejected, with the reason, when it cannot be taken back.
        """
        ...


@dataclass(frozen=True)
class Words:
    """How people read of an action, before and after."""

    title: str
    """Of the form in which it is approved, at most 24 characters."""
    submit: str
    """What the button says that approves it."""
    promise: str
    """What happens then and how long it can be taken back; `{hold}` is the hold in seconds."""
    done: str
    """What the card says has happened: `sent`, `booked`."""
    place: str
    """Where a person looks when nobody else can tell."""
    thing: str
    """What there is one more of then, so that it can be counted: `mail` (sent), `meeting` (booked)."""


@dataclass(frozen=True)
class Action(Generic[P]):
    """A kind of work. `steps` run in order; a step's receipt is committed before the next begins.

    What `expects_reply` and gets none for a week counts as unanswered.
    """

    kind: str
    params: type[P]
    plan: Callable[[P], Plan]
    steps: Sequence[Step[P]]
    words: Words
    expects_reply: bool = False
    may_wait: bool = False
    """Whether its approver may choose when it leaves."""
    rendered: Callable[[P, Ports, str], Awaitable[str]] | None = None
    """The bytes as they would leave, for a dry run; None where `Plan.exact` says it all."""

    @property
    def reversible(self) -> bool:
        """Whether it can be taken back once it is done."""
        return all(step.reversible for step in self.steps if step.sends) and any(s.reversible for s in self.steps)
