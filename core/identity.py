"""Ids are made in the application, so that a row can be named before it is written."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from uuid6 import uuid7

_WORKSPACES = UUID("6f1b2f5e-3c0a-5a53-9d0e-8a1f6a2f9c11")


def new_id() -> UUID:
    """A UUIDv7: unique, and roughly in the order of making."""
    return UUID(int=uuid7().int)


def made_at(id: UUID) -> datetime:
    """When an id of ours was made, by the clock of the process that made it."""
    return datetime.fromtimestamp((id.int >> 80) / 1000, UTC)


def workspace_id(name: str) -> UUID:
    """The id of the workspace called `name`: derived, so that no table has to be read across workspaces to find it."""
    return uuid5(_WORKSPACES, name)
