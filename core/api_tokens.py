"""Tokens by which a program reads an owner's list: shown once, kept as a hash, revoked by name."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from core import audit
from core.audit import Entry, What
from core.database import Db
from core.identity import new_id
from core.tables import api_tokens

PREFIX = "caseyos_"
"""By which people and scanners know one that got lost."""
BYTES = 32


class NameTaken(Exception):
    """A token of this name is in use."""


class NoSuchToken(Exception):
    """No token of this name is in use."""


async def create(db: Db, *, workspace_id: UUID, name: str, owner: str, now: datetime) -> str:
    """A new token for the owner's list; it can never be read again. Raises NameTaken."""
    token = PREFIX + secrets.token_urlsafe(BYTES)
    fresh = insert(api_tokens).values(
        workspace_id=workspace_id, id=new_id(), name=name, hash=_hash(token), owner=owner, created_at=now
    )
    fresh = fresh.on_conflict_do_nothing(
        index_elements=["workspace_id", "name"], index_where=api_tokens.c.revoked_at.is_(None)
    )
    if (await db.execute(fresh.returning(api_tokens.c.id))).first() is None:
        raise NameTaken(name)
    audit.note(db, Entry(what=What.SETTING_CHANGED, who="command line", said=f"token {name} for {owner} made"), now=now)
    return token


async def revoke(db: Db, name: str, *, now: datetime) -> None:
    """From the commit on it opens nothing. Raises NoSuchToken."""
    live = api_tokens.c.name == name, api_tokens.c.revoked_at.is_(None)
    if (await db.execute(update(api_tokens).where(*live).values(revoked_at=now))).rowcount == 0:
        raise NoSuchToken(name)
    audit.note(db, Entry(what=What.SETTING_CHANGED, who="command line", said=f"token {name} revoked"), now=now)


async def listed(db: Db) -> Sequence[Row[Any, Any, Any]]:
    """Those in use: name, owner, created_at."""
    columns = api_tokens.c.name, api_tokens.c.owner, api_tokens.c.created_at
    live = select(*columns).where(api_tokens.c.revoked_at.is_(None)).order_by(api_tokens.c.name)
    return (await db.execute(live)).all()


async def owner_of(db: Db, token: str) -> str | None:
    """Whose list a token opens; None for one that was never made here, or is revoked."""
    live = api_tokens.c.hash == _hash(token), api_tokens.c.revoked_at.is_(None)
    owner: str | None = (await db.execute(select(api_tokens.c.owner).where(*live))).scalar_one_or_none()
    return owner


def _hash(token: str) -> str:
    """Random tokens of this length need no salt and no slow hash: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
