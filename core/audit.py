"""The audit: who did what, to whom and on what grounds, in one chain of hashes for each workspace that only grows.

People and texts stand in the chain as keyed hashes alone; what can be read lies beside it and can be erased.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core import telemetry
from core.audit_chain import GENESIS, Head, digest, person_hash, unlinked
from core.audit_entry import WORKER, Entry, What, word_for
from core.ports import Receipt
from core.tables import audit_entries, audit_heads, audit_texts

__all__ = ["RECORDED", "WORKER", "Entry", "Head", "What", "append", "erase", "flush", "head", "note", "word_for"]

Db = AsyncConnection
"""As in `core.database`, which writes what was noted right before each commit and so stands above this module."""

AT_ONCE = 200
"""Entries in one statement, whose work grows with the square of their number."""
ERASED_AT_ONCE = 10_000
_KEY, _NOTED = "audit_key", "audit_noted"

RECORDED = select(audit_entries, audit_texts.c.body, audit_texts.c.erased_in).select_from(
    audit_entries.outerjoin(
        audit_texts,
        (audit_texts.c.workspace_id == audit_entries.c.workspace_id) & (audit_texts.c.seq == audit_entries.c.seq),
    )
)
"""Reads `core.audit_chain.Recorded`, column by column."""


def note(db: Db, entry: Entry, *, now: datetime) -> None:
    """Keeps the entry for the end of this transaction: `flush` writes all of them right before the commit."""
    telemetry.note(db, telemetry.of_entry(entry))
    transaction = db.sync_connection.get_transaction() if db.sync_connection else None
    assert transaction is not None
    # The connection's own store outlives a transaction: what one noted that was rolled back must not reach the next.
    of, noted = db.info.get(_NOTED, (None, []))
    if of is not transaction:
        noted = []
        db.info[_NOTED] = (transaction, noted)
    noted.append((entry, now))


async def flush(db: Db) -> None:
    """Writes what was noted in this transaction. The chain's head stays locked until the commit, so this comes last."""
    of, noted = db.info.pop(_NOTED, (None, []))
    if noted and db.sync_connection and of is db.sync_connection.get_transaction():
        await _append_all(db, noted)


def at_once(db: Db, entries: Sequence[Entry], *, now: datetime) -> dict[str, object] | None:
    """What `APPENDING` takes to write these within another statement; None where `note` has to be used.

    That is when others were noted before it in this transaction, or the connection has not written to the chain yet.
    """
    opened: _Opened | None = db.info.get(_KEY)
    of, noted = db.info.get(_NOTED, (None, []))
    waiting = noted and db.sync_connection and of is db.sync_connection.get_transaction()
    return None if opened is None or waiting else _given([(entry, now) for entry in entries], opened)


async def append(db: Db, entries: Sequence[Entry], *, now: datetime) -> None:
    """Writes the entries at once. Whoever appends holds the workspace's head until the commit: lock nothing after it."""
    await _append_all(db, [(entry, now) for entry in entries])


async def head(db: Db) -> Head | None:
    """The newest entry's number and hash; None before the first."""
    row = (await db.execute(select(audit_heads.c.workspace_id, audit_heads.c.seq, audit_heads.c.hash))).one_or_none()
    return None if row is None else Head(*row)


async def erase(db: Db, *, email: str, by: str, now: datetime) -> int:
    """Erases what can be read about a person and about the moves that were theirs; how many entries that touched.

    The chain stays valid, and says that and how much was erased. Call it last in the transaction, as `append`.
    """
    await flush(db)
    opened = await _opened(db, now)
    who = person_hash(opened.key, email)
    found = await db.execute(_ABOUT, {"who": who})
    seqs = list(found.scalars())
    listed = hashlib.sha256(",".join(map(str, seqs)).encode()).hexdigest()
    receipt = Receipt(external_id=listed, known_by=f"{len(seqs)} entries")
    await append(db, [Entry(what=What.ERASED, who=by, to=(email,), receipt=receipt)], now=now)
    newest = await head(db)
    assert newest is not None
    for start in range(0, len(seqs), ERASED_AT_ONCE):
        some = seqs[start : start + ERASED_AT_ONCE]
        await db.execute(update(audit_texts).where(audit_texts.c.seq.in_(some)).values(body=None, erased_in=newest.seq))
    return len(seqs)


_ABOUT = text("""
    select t.seq from audit_texts t join audit_entries e on e.workspace_id = t.workspace_id and e.seq = t.seq
    where t.body is not null and (
        :who = any(e.to_whom)
        or e.move_id in (select o.move_id from audit_entries o where :who = any(o.to_whom) and o.move_id is not null)
    )
    order by t.seq
""")


class _Opened(NamedTuple):
    """What a connection has to know to write into its workspace's chain."""

    workspace: UUID
    key: str


async def _append_all(db: Db, stamped: Sequence[tuple[Entry, datetime]]) -> None:
    """One round trip for each AT_ONCE entries, once the connection knows the workspace's key."""
    for start in range(0, len(stamped), AT_ONCE):
        some = stamped[start : start + AT_ONCE]
        opened: _Opened | None = db.info.get(_KEY)
        if opened is None or not await _write(db, some, opened):
            # A new connection; or its key was made in a transaction that was rolled back; or somebody took the head away.
            opened = await _opened(db, some[0][1])
            if not await _write(db, some, opened):
                raise LookupError("the audit's head cannot be found")


async def _write(db: Db, stamped: Sequence[tuple[Entry, datetime]], opened: _Opened) -> bool:
    """False when there is no head, or its key is another one; nothing was written then."""
    return (await db.execute(APPEND, _given(stamped, opened))).first() is not None


def _given(stamped: Sequence[tuple[Entry, datetime]], opened: _Opened) -> dict[str, object]:
    rows = []
    for number, (entry, at) in enumerate(stamped, start=1):
        made = unlinked(entry, at, workspace=opened.workspace, key=opened.key)
        rows.append({**made._asdict(), "n": number, "digest": digest(made)})
    return {"key": opened.key, "rows": json.dumps(rows, default=str), "count": len(rows)}


# All in one statement: the head is locked for no longer than this and the commit. The last number of the link's bytes is
# known only under the lock, so the database makes the link; what an entry says is hashed before.
APPENDING = """
    head as (
        select h.workspace_id, h.seq, h.hash
        from audit_heads h join audit_keys k on k.workspace_id = h.workspace_id
        where k.key = :key and {only_if}
        for no key update of h
    ),
    given as (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as g (
            n int, version int, at timestamptz, who text, what text, move_id uuid, effect_id uuid, to_whom text[],
            until timestamptz, grounds text, content text, evidence text, known_by text, texts text, body text, digest text
        )
    ),
    chain as (
        select 0 as n, workspace_id, seq, '' as prev, hash from head
        union all
        select g.n, c.workspace_id, c.seq + 1, c.hash,
            encode(sha256(convert_to(c.hash || chr(10) || (c.seq + 1) || chr(10) || g.digest, 'UTF8')), 'hex')
        from chain c join given g on g.n = c.n + 1
    ),
    entries as (
        insert into audit_entries (workspace_id, seq, version, at, who, what, move_id, effect_id, to_whom, until, grounds,
            content, evidence, known_by, texts, prev, hash)
        select c.workspace_id, c.seq, g.version, g.at, g.who, g.what, g.move_id, g.effect_id, g.to_whom, g.until, g.grounds,
            g.content, g.evidence, g.known_by, g.texts, c.prev, c.hash
        from chain c join given g on g.n = c.n
    ),
    told as (
        insert into audit_texts (workspace_id, seq, body)
        select c.workspace_id, c.seq, g.body from chain c join given g on g.n = c.n where g.body is not null
    ),
    newest as (select c.workspace_id, c.seq, c.hash, g.at from chain c join given g on g.n = c.n where c.n = :count),
    kept as (
        update audit_heads h set seq = newest.seq, hash = newest.hash, at = newest.at
        from newest where h.workspace_id = newest.workspace_id
        returning h.seq
    )
"""
"""CTEs for a statement `with recursive`; what they take is given by `at_once`. `kept` has one row if it was written.

`only_if` is what must hold for it, and reads every CTE that locks anything: the head's lock comes last.
"""
APPEND = text(" ".join(("with recursive", APPENDING.format(only_if="true"), "select seq from kept")))

_FIND_KEY = text("""
    select h.workspace_id, k.key from audit_heads h join audit_keys k on k.workspace_id = h.workspace_id
""")
_MAKE_KEY = text("""
    insert into audit_keys (workspace_id, key, created_at)
    select cast(nullif(current_setting('caseyos.workspace', true), '') as uuid), :key, :now on conflict do nothing
""")
# A head that went missing goes on from the newest entry, and says so: nothing stops, nothing is hidden.
_MAKE_HEAD = text("""
    insert into audit_heads (workspace_id, seq, hash, at)
    select k.workspace_id, coalesce(last.seq, 0), coalesce(last.hash, :genesis), :now
    from audit_keys k left join (select seq, hash from audit_entries order by seq desc limit 1) as last on true
    on conflict do nothing returning seq
""")


async def _opened(db: Db, now: datetime) -> _Opened:
    """The workspace's key, made together with the head if this is the first entry."""
    row = (await db.execute(_FIND_KEY)).one_or_none()
    if row is None:
        await db.execute(_MAKE_KEY, {"key": secrets.token_hex(32), "now": now})
        made = (await db.execute(_MAKE_HEAD, {"genesis": GENESIS, "now": now})).scalar_one_or_none()
        row = (await db.execute(_FIND_KEY)).one()
        if made:
            restarted = Entry(what=What.RESTARTED, grounds="the head was missing")
            await _write(db, [(restarted, now)], _Opened(*row))
    opened = _Opened(*row)
    db.info[_KEY] = opened
    return opened
