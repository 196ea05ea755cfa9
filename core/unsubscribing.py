"""Unsubscribe links: each is one recipient's of one move, sealed with the workspace's key; and what pressing one does."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core import person, queue
from core.database import Db
from core.effect_rows import POST_NOTE, tell
from core.guardrails.content import WAY_OUT
from core.identity import new_id
from core.outcome import retire_letters
from core.tables import moves, people, recommendations, workspaces

_TOKEN = re.compile(r"[A-Za-z0-9_-]{64}")
_SEAL_BYTES = 16


@dataclass(frozen=True)
class Link:
    """What a good token stands for."""

    workspace: UUID
    move: UUID
    person: UUID
    email: str
    name: str
    title: str


def sealed(*, key: str, workspace: UUID, move: UUID, person: UUID) -> str:
    """The token: which move, which person, and a seal that only the workspace's key makes."""
    named = move.bytes + person.bytes
    return urlsafe_b64encode(named + _seal(key, workspace, named)).decode()


def _seal(key: str, workspace: UUID, named: bytes) -> bytes:
    return hmac.digest(key.encode(), b"unsubscribe\n" + workspace.bytes + named, hashlib.sha256)[:_SEAL_BYTES]


async def link(db: Db, *, move: UUID, email: str, public_url: str) -> str | None:
    """The address at which this recipient unsubscribes; None for somebody who is not known, and so has not opted in."""
    who = (await db.execute(select(people.c.id).where(people.c.email == email))).scalar_one_or_none()
    if who is None:
        return None
    ours = (await db.execute(select(workspaces.c.workspace_id, workspaces.c.link_key))).one()
    return f"{public_url}{WAY_OUT}{sealed(key=ours.link_key, workspace=ours.workspace_id, move=move, person=who)}"


async def opened(db: Db, token: str) -> Link | None:
    """Whose link it is; None for one that this workspace has not made, or whose person or move is gone."""
    if not _TOKEN.fullmatch(token):
        return None
    given = urlsafe_b64decode(token)
    named, seal = given[:-_SEAL_BYTES], given[-_SEAL_BYTES:]
    ours = (await db.execute(select(workspaces.c.workspace_id, workspaces.c.link_key))).one()
    if not hmac.compare_digest(_seal(ours.link_key, ours.workspace_id, named), seal):
        return None
    move, who = UUID(bytes=named[:16]), UUID(bytes=named[16:])
    proposal = (recommendations.c.id == moves.c.recommendation_id) & (
        recommendations.c.workspace_id == moves.c.workspace_id
    )
    statement = (
        select(people.c.email, people.c.name, recommendations.c.title)
        .select_from(people.join(moves, moves.c.workspace_id == people.c.workspace_id).join(recommendations, proposal))
        .where(people.c.id == who, moves.c.id == move)
    )
    row = (await db.execute(statement)).one_or_none()
    return None if row is None else Link(ours.workspace_id, move, who, row.email, row.name, row.title)


async def unsubscribe(db: Db, link: Link, *, now: datetime) -> UUID | None:
    """From the commit on they get no more mail. The note to run next that tells it; None when they had pressed before."""
    evidence = f"the unsubscribe link of our mail “{link.title}”"
    changed = await person.suppress(
        db,
        workspace=link.workspace,
        email=link.email,
        reason="opt_out",
        evidence=evidence,
        by="unsubscribe link",
        move=link.move,
        now=now,
    )
    if not changed:
        return None
    await retire_letters(db, link.person, reason="they unsubscribed: no more mail to them", now=now)
    who = f"{link.name} ({link.email})" if link.name else link.email
    note = {"name": "unsubscribed", "facts": {"who": who}}
    await queue.touch(db, link.move, now=now)
    return await tell(
        db,
        workspace_id=link.workspace,
        action=POST_NOTE,
        move=link.move,
        params={"note": note, "thread": True},
        now=now,
        key=f"unsubscribed{new_id().hex}",
    )
