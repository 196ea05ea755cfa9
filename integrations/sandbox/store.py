"""Keep what was done to the sandbox: an append-only ledger and the objects of its services, in one SQLite file."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

QUEUE_LIMIT = 1000

SCHEMA = """
create table if not exists ledger (
    n integer primary key autoincrement, at text not null, service text not null,
    kind text not null, method text not null, data text not null);
create index if not exists ledger_by_service on ledger (service, n);
create table if not exists objects (
    seq integer primary key autoincrement, kind text not null, id text not null, doc text not null,
    unique (kind, id));
create index if not exists objects_in_order on objects (kind, seq);
create table if not exists counters (kind text primary key, value integer not null);
"""


def utc_now() -> datetime:
    """The sandbox's clock."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-11-23T09:38:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Store:
    """Every call is committed when it returns, unless it is made inside `transaction()`.

    All calls are made from one thread and none waits: nothing else of the sandbox runs inside a transaction.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        # A killed process loses nothing that the operating system has taken; only a power cut could.
        self._db.execute("pragma synchronous = off")
        self._db.executescript(SCHEMA)
        self._depth = 0
        self._changed = False
        self._queues: set[asyncio.Queue[int]] = set()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything done inside together, or nothing when an error leaves it. Nesting joins the outer one."""
        if self._depth == 0:
            self._db.execute("begin immediate")
            self._changed = False
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("rollback")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("commit")
            if self._changed:
                self._wake()

    def record(self, service: str, kind: str, method: str, data: dict[str, Any]) -> int:
        """Append one line to the ledger; its number comes back."""
        with self.transaction():
            self._changed = True
            cursor = self._db.execute(
                "insert into ledger (at, service, kind, method, data) values (?, ?, ?, ?, ?)",
                (rfc3339(utc_now()), service, kind, method, json.dumps(data, ensure_ascii=False)),
            )
            return int(cursor.lastrowid or 0)

    def entries(self, after: int = 0, service: str | None = None) -> list[dict[str, Any]]:
        """The ledger's lines after number `after`, oldest first."""
        rows = self._db.execute(
            "select n, at, service, kind, method, data from ledger"
            " where n > ? and (? is null or service = ?) order by n",
            (after, service, service),
        )
        return [
            {"n": n, "at": at, "service": of, "kind": kind, "method": method, "data": json.loads(data)}
            for n, at, of, kind, method, data in rows
        ]

    def last(self) -> int:
        """The number of the newest line; 0 when there is none."""
        return int(self._db.execute("select coalesce(max(n), 0) from ledger").fetchone()[0])

    def put(self, kind: str, id: str, doc: dict[str, Any]) -> None:
        """Keep `doc`; one that replaces another keeps its place in the order."""
        with self.transaction():
            self._changed = True
            self._db.execute(
                "insert into objects (kind, id, doc) values (?, ?, ?)"
                " on conflict (kind, id) do update set doc = excluded.doc",
                (kind, id, json.dumps(doc, ensure_ascii=False)),
            )

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        row = self._db.execute("select doc from objects where kind = ? and id = ?", (kind, id)).fetchone()
        return None if row is None else _document(row[0])

    def delete(self, kind: str, id: str) -> None:
        """Remove the object; one that is not there is no error."""
        with self.transaction():
            self._changed = True
            self._db.execute("delete from objects where kind = ? and id = ?", (kind, id))

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every object of the kind, in the order in which they were first put."""
        rows = self._db.execute("select doc from objects where kind = ? order by seq", (kind,))
        return [_document(doc) for (doc,) in rows]

    def count(self, kind: str) -> int:
        return int(self._db.execute("select count(*) from objects where kind = ?", (kind,)).fetchone()[0])

    def counter(self, kind: str) -> int:
        """The number that `next_id` gave last; 0 before the first."""
        row = self._db.execute("select value from counters where kind = ?", (kind,)).fetchone()
        return 0 if row is None else int(row[0])

    def next_id(self, kind: str) -> int:
        """1, 2, 3, ... per kind, going on after a restart."""
        with self.transaction():
            row = self._db.execute(
                "insert into counters (kind, value) values (?, 1)"
                " on conflict (kind) do update set value = value + 1 returning value",
                (kind,),
            ).fetchone()
            return int(row[0])

    @contextmanager
    def subscribe(self) -> Iterator["asyncio.Queue[int]"]:
        """A queue that gets the ledger's last number after each commit that changed something.

        A reader that falls behind loses the oldest numbers, never the newest.
        """
        queue: asyncio.Queue[int] = asyncio.Queue(QUEUE_LIMIT)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def _wake(self) -> None:
        if not self._queues:
            return
        last = self.last()
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(last)


def _document(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document
