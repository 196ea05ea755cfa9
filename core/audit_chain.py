"""The bytes of the audit's chain: what of an entry is hashed, and how one entry holds on to the one before it.

Version 1, described for others in `docs/reference/audit.md`. Nothing here may change: a new version gets its own number.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from core.audit_entry import Entry, What
from core.ports import Receipt

VERSION = 1
GENESIS = "0" * 64
"""What the first entry has in place of the hash of the one before."""


class Recorded(NamedTuple):
    """An entry as it stands in the chain; `body` is what can be read, None when it was erased or there never was any."""

    workspace_id: UUID
    seq: int
    version: int
    at: datetime
    who: str
    what: str
    move_id: UUID | None
    effect_id: UUID | None
    to_whom: list[str]
    until: datetime | None
    grounds: str
    content: str
    evidence: str
    known_by: str
    texts: str
    prev: str
    hash: str
    body: str | None = None
    erased_in: int | None = None


@dataclass(frozen=True)
class Head:
    """The newest entry's number and hash."""

    workspace: UUID
    seq: int
    hash: str


_json = json.JSONEncoder(separators=(",", ":")).encode
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _clean(given: str) -> str:
    """As the database can keep it: the audit never stops an effect because of a strange character."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", given)


def keyed(key: str, kind: str, of: str) -> str:
    """HMAC-SHA256 in hexadecimal digits; `kind` keeps a person's hash from being taken for a content's."""
    return hmac.digest(key.encode(), f"{kind}\n{of}".encode(), "sha256").hex()


def person_hash(key: str, address: str) -> str:
    return keyed(key, "person", _clean(address).strip().casefold())


def digest(entry: Recorded) -> str:
    """The hash of what an entry says, by its exact bytes: a JSON array, version 1."""
    said = [
        entry.version,
        str(entry.workspace_id),
        _stamp(entry.at),
        entry.who,
        entry.what,
        None if entry.move_id is None else str(entry.move_id),
        None if entry.effect_id is None else str(entry.effect_id),
        entry.to_whom,
        None if entry.until is None else _stamp(entry.until),
        entry.grounds,
        entry.content,
        entry.evidence,
        entry.known_by,
        entry.texts,
    ]
    return hashlib.sha256(_json(said).encode()).hexdigest()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def link(prev: str, seq: int, digest: str) -> str:
    """An entry's hash: its place in the chain and what it says."""
    return hashlib.sha256(f"{prev}\n{seq}\n{digest}".encode()).hexdigest()


def unlinked(entry: Entry, at: datetime, *, workspace: UUID, key: str) -> Recorded:
    """The entry as the chain will keep it, without its place."""
    receipt = entry.receipt or Receipt(external_id="", known_by="")
    people = sorted({person_hash(key, address) for address in entry.to})
    body = None
    if (entry.to or entry.said or entry.content_hash) and entry.what is not What.ERASED:
        # The nonce dies with the texts: from then on nobody can check a guess against their hash, not even with the key.
        told = {
            "nonce": secrets.token_hex(16),
            "to": [_clean(address) for address in entry.to],
            "content": entry.content_hash,
            "said": _clean(entry.said),
        }
        body = _json(told)
    return Recorded(
        workspace_id=workspace,
        seq=0,
        version=VERSION,
        at=at,
        who=entry.who,
        what=entry.what,
        move_id=entry.move,
        effect_id=entry.effect,
        to_whom=people,
        until=entry.until,
        grounds=entry.grounds,
        content=keyed(key, "content", entry.content_hash) if entry.content_hash else "",
        evidence=_clean(receipt.external_id),
        known_by=_clean(receipt.known_by),
        texts=keyed(key, "texts", body) if body is not None else "",
        prev="",
        hash="",
        body=body,
    )
