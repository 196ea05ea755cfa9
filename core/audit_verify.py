"""Checks the audit's chain: names what was changed, swapped, taken out, put in or cut off, entry by entry.

`Verifier` is fed one entry after the other and keeps nothing but what is broken; it knows no database. `verify` feeds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import RECORDED
from core.audit_chain import GENESIS, Head, Recorded, digest, keyed, link
from core.audit_entry import What
from core.tables import audit_entries

Db = AsyncConnection

AT_ONCE = 2_000
NAMED_AT_MOST = 1_000
"""So many broken places are kept and named; more are only counted."""


class Kind(StrEnum):
    CHANGED = "changed"
    SWAPPED = "swapped"
    MISSING = "missing"
    CUT = "cut"
    ADDED = "added"
    TEXT = "text"
    REWRITTEN = "rewritten"
    HEAD = "head"
    KEY = "key"


@dataclass(frozen=True, order=True)
class Damage:
    """What is wrong with the entries `seq` to `last`; for a swap these two alone."""

    seq: int
    last: int
    kind: Kind

    @property
    def missing(self) -> int:
        """How many entries are not there."""
        return self.last - self.seq + 1 if self.kind in {Kind.MISSING, Kind.CUT} else 0

    def __str__(self) -> str:
        which = f"entry {self.seq}" if self.seq == self.last else f"entries {self.seq} to {self.last}"
        match self.kind:
            case Kind.CHANGED:
                return f"{which}: changed after it was written"
            case Kind.SWAPPED:
                return f"entries {self.seq} and {self.last}: have changed places"
            case Kind.MISSING:
                return f"{which}: missing ({self.missing})"
            case Kind.CUT:
                return f"{which}: the newest {self.missing} missing"
            case Kind.ADDED:
                return f"{which}: stands beyond the head, so it was not appended by CaseyOS"
            case Kind.TEXT:
                return f"{which}: its readable text is not what was recorded"
            case Kind.REWRITTEN:
                return f"{which}: not the chain whose head was noted outside the database"
            case Kind.HEAD:
                return "the head is missing, so nobody can say whether the newest entries are"
            case Kind.KEY:
                return "the key is missing, so readable texts cannot be checked"


@dataclass(frozen=True)
class Report:
    """What a check found. `broken` is in the order of the chain; `more` counts what was too much to name."""

    entries: int
    head: Head | None
    broken: tuple[Damage, ...]
    more: int = 0
    erased: int = 0

    @property
    def sound(self) -> bool:
        return not self.broken

    @property
    def first(self) -> Damage | None:
        return self.broken[0] if self.broken else None


class _Suspect(NamedTuple):
    """An entry whose hash is not that of its place and its words."""

    seq: int
    prev: str
    hash: str
    digest: str


@dataclass
class Verifier:
    """Fed a chain's entries in order. `after` and `hash` are where it begins: before the first, unless told otherwise.

    `anchors` are heads that were noted outside the database; `key` makes it check readable texts, too.
    """

    key: str | None = None
    anchors: Mapping[int, str] = field(default_factory=dict)
    after: int = 0
    hash: str = GENESIS
    entries: int = 0
    erased: int = 0
    erasures: dict[int, str] = field(default_factory=dict)
    _sound: bool = True
    _doubted: bool = False
    _anchored: int = 0
    _rewritten: bool = False
    _broken: list[Damage] = field(default_factory=list)
    _suspects: list[_Suspect] = field(default_factory=list)
    _more: int = 0

    def feed(self, entry: Recorded) -> None:
        """The next entry; its number is higher than the last one's."""
        self.entries += 1
        follows = entry.seq == self.after + 1
        said = digest(entry)
        sound = link(entry.prev, entry.seq, said) == entry.hash
        holds = entry.prev == self.hash
        self._settle_doubt(confirmed=not follows or holds or not sound)
        if not follows:
            self._name(self.after + 1, entry.seq - 1, Kind.MISSING)
        if not sound:
            self._suspect(_Suspect(entry.seq, entry.prev, entry.hash, said))
        elif follows and not holds and self._sound:
            # One of two was written anew, hash and all: this one, or the one before. The next entry tells which.
            self._doubted = True
        self._sound, self.after, self.hash = sound, entry.seq, entry.hash
        self.erased += entry.erased_in is not None
        if sound:
            self._text(entry)
        if sound and entry.what == What.ERASED:
            self.erasures[entry.seq] = entry.evidence
        if sound and entry.seq in self.anchors:
            self._anchor(entry)

    def _settle_doubt(self, *, confirmed: bool) -> None:
        """The entry at `after` does not hold on to the one before it. Is it the one that the next holds on to?"""
        if self._doubted:
            self._doubted = False
            wrong = self.after - 1 if confirmed and self.after > 1 else self.after
            self._name(wrong, wrong, Kind.CHANGED)

    def _text(self, entry: Recorded) -> None:
        if self.key is None:
            return
        if entry.body is not None:
            whole = keyed(self.key, "texts", entry.body) == entry.texts
        else:
            whole = not entry.texts or (entry.erased_in or 0) > entry.seq
        if not whole:
            self._name(entry.seq, entry.seq, Kind.TEXT)

    def _anchor(self, entry: Recorded) -> None:
        if self.anchors[entry.seq] == entry.hash:
            self._anchored = entry.seq
        elif not self._rewritten:
            self._rewritten = True
            self._name(self._anchored + 1, entry.seq, Kind.REWRITTEN)

    def finish(self, head: Head | None, told: Mapping[int, str] | None = None) -> Report:
        """All entries were fed. `told` says for each erasure, by its number, which texts it took."""
        at_head = head is not None and head.seq == self.after
        confirmed = head is None or not at_head or head.hash == self.hash
        doubted = self._doubted
        self._settle_doubt(confirmed=confirmed)
        noted = max((head.seq if head else 0, *self.anchors))
        if noted > self.after:
            self._name(self.after + 1, noted, Kind.CUT)
        if head is None:
            if self.entries or noted:
                self._name(self.after, self.after, Kind.HEAD)
        elif head.seq < self.after:
            self._name(head.seq + 1, self.after, Kind.ADDED)
        elif not confirmed and self._sound and not doubted:
            self._name(self.after, self.after, Kind.CHANGED)
        for seq, listed in sorted((told or {}).items()):
            if self.erasures.get(seq) != listed:
                self._name(seq, seq, Kind.TEXT)
        self._tell_swaps()
        broken = sorted(set(self._broken))
        return Report(self.entries, head, tuple(broken), self._more, self.erased)

    def _tell_swaps(self) -> None:
        """Of those that are not what their place says, two may be each other: rows exchanged, or only what they say."""
        left = {suspect.seq: suspect for suspect in self._suspects}
        for one in self._suspects:
            for other in self._suspects:
                if one.seq < other.seq and one.seq in left and other.seq in left and _exchanged(one, other):
                    self._name(one.seq, other.seq, Kind.SWAPPED)
                    del left[one.seq], left[other.seq]
        for seq in left:
            self._name(seq, seq, Kind.CHANGED)

    def _suspect(self, suspect: _Suspect) -> None:
        if len(self._suspects) < NAMED_AT_MOST:
            self._suspects.append(suspect)
        else:
            self._more += 1

    def _name(self, seq: int, last: int, kind: Kind) -> None:
        if len(self._broken) < NAMED_AT_MOST:
            self._broken.append(Damage(seq, last, kind))
        else:
            self._more += 1


def _exchanged(one: _Suspect, other: _Suspect) -> bool:
    rows = link(one.prev, other.seq, one.digest) == one.hash and link(other.prev, one.seq, other.digest) == other.hash
    return rows or (
        link(other.prev, other.seq, one.digest) == other.hash and link(one.prev, one.seq, other.digest) == one.hash
    )


_STATE = text("""
    select h.workspace_id, h.seq, h.hash, (select max(seq) from audit_entries), (select key from audit_keys)
    from (select 1) as one left join audit_heads h on true
""")
_ERASED = text("""
    select erased_in, encode(sha256(convert_to(string_agg(cast(seq as text), ',' order by seq), 'UTF8')), 'hex')
    from audit_texts where erased_in is not null group by erased_in
""")


async def verify(db: Db, *, anchors: Mapping[int, str] | None = None) -> Report:
    """Checks this workspace's whole chain, however long, in batches; others may append meanwhile.

    `anchors` are heads noted outside the database (number to hash), read before this is called.
    """
    # Head and newest entry in one statement: they are committed together, so one snapshot shows both or neither.
    workspace, seq, hash, newest, key = (await db.execute(_STATE)).one()
    head = None if workspace is None else Head(workspace, seq, hash)
    verifier = Verifier(key=key, anchors=anchors or {})
    at = audit_entries.c.seq
    while verifier.after < (newest or 0):
        batch = RECORDED.where(at > verifier.after, at <= newest).order_by(at).limit(AT_ONCE)
        rows = (await db.execute(batch)).all()
        if not rows:
            break
        for row in rows:
            verifier.feed(Recorded(*row))
    told = {row.erased_in: row[1] for row in (await db.execute(_ERASED)).all() if row.erased_in <= verifier.after}
    report = verifier.finish(head, told)
    if key is None and verifier.entries:
        report = replace(report, broken=(Damage(0, 0, Kind.KEY), *report.broken))
    return report
