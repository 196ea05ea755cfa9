"""A plan says what an action would do, in words and in exact bytes; an action is its parameters, its plan and its steps."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from core.ports import Ports, Receipt, Receipts

P = TypeVar("P", bound=BaseModel)
P_contra = TypeVar("P_contra", bound=BaseModel, contravariant=True)


@dataclass(frozen=True)
class Plan:
    """What people approve. `content` is everything the steps will do; its hash binds the approval."""

    kind: str
    summary: str
    content: str
    recipients: tuple[str, ...] = ()
    reversible: bool = False

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


class Step(Protocol[P_contra]):
    """One request to one service. `sends` marks the step that a person cannot take back afterwards: it is held first."""

    name: str
    service: str
    sends: bool
    reversible: bool

    async def check(self, params: P_contra, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        """Reads only, right before `send`: the receipt when the change is there already, else None.

        Raises Rejected when what was approved is no longer so.
        """
        ...

    async def send(self, params: P_contra, ports: Ports, key: str, done: Receipts) -> Receipt:
        """Makes one request, once. Raises Rejected, Unavailable or Unclear."""
        ...

    async def find(self, params: P_contra, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        """The receipt if the change is there, None if it is surely absent; CannotTell when that cannot be read."""
        ...

    async def undo(self, params: P_contra, ports: Ports, receipt: Receipt) -> None:
        """Takes the change back by its receipt; only for `reversible` steps."""
        ...


@dataclass(frozen=True)
class Action(Generic[P]):
    """A kind of work. `steps` run in order; a step's receipt is committed before the next begins."""

    kind: str
    params: type[P]
    plan: Callable[[P], Plan]
    steps: Sequence[Step[P]]
