"""A move's story as the audit has it: one sentence an entry, in the reader's time zone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import RECORDED
from core.audit_chain import Recorded
from core.audit_entry import What
from core.tables import audit_entries, members

Db = AsyncConnection

ERASED = "(erased)"
SHORT = 12
"""Hexadecimal digits of a content's hash that are shown."""

_DID = {
    What.PROPOSED: "proposed this",
    What.EDITED: "edited the plan",
    What.APPROVED: "approved the plan",
    What.ASKED_AGAIN: "asked again, because something had changed since",
    What.SNOOZED: "put this off",
    What.WOKEN: "brought this back",
    What.DISMISSED: "dismissed this",
    What.EXPIRED: "let this go: its time had passed",
    What.RETIRED: "took this from the list",
    What.HANDED_OVER: "handed this over",
    What.REOPENED: "put this back on the list",
    What.DONE: "closed this as done",
    What.TAKING_BACK: "began to take this back",
    What.NOT_TAKEN_BACK: "closed this as done, because it could not be taken back",
    What.HELD: "held it back",
    What.ARMED: "was about to send the request",
    What.BLOCKED: "was stopped by a guardrail",
    What.POSTPONED: "could not reach the service, which did nothing; it is tried again",
    What.APPLIED: "did it",
    What.REFUSED: "was refused by the service, and nothing was done",
    What.UNKNOWN: "got no clear answer, and began to check",
    What.FOUND: "read the service back and found it done",
    What.ABSENT: "read the service back and found that nothing had been done",
    What.NEEDS_HUMAN: "could not tell whether it was done, and asked a person",
    What.DECIDED: "said what really happened",
    What.CANCELLED: "took it back before it left",
    What.DROPPED: "dropped it",
    What.LATE_ANSWER: "kept an answer that came too late and changed nothing",
    What.UNDO_ARMED: "began to undo it",
    What.UNDO_UNKNOWN: "got no clear answer to the undo, and began to check",
    What.UNDONE: "undid it",
    What.CANNOT_UNDO: "could not undo it",
    What.PAUSED: "paused everything",
    What.RESUMED: "let everything go on",
    What.DRY_RUN_ON: "switched a dry run on",
    What.DRY_RUN_OFF: "switched a dry run off",
    What.SUPPRESSED: "put somebody on the list of those who get no mail",
    What.UNSUPPRESSED: "took somebody off the list of those who get no mail",
    What.OPTED_IN: "recorded that somebody asked for marketing mail",
    What.SETTING_CHANGED: "changed a setting",
    What.OUTCOME: "saw what came of it",
    What.ERASED: "erased somebody's data",
    What.RESTARTED: "began the audit's head anew",
}
_OURS = {"worker": "CaseyOS", "caseyos": "CaseyOS", "": "CaseyOS", "command line": "Somebody at the command line"}


@dataclass(frozen=True)
class Told:
    """One entry as it can be read. `to`, `said` and `content_hash` are None where they were erased."""

    entry: Recorded
    to: tuple[str, ...] | None
    said: str | None
    content_hash: str | None

    @property
    def effect(self) -> UUID | None:
        return self.entry.effect_id


@dataclass(frozen=True)
class Story:
    """What happened to one move, in order, and what its people are called."""

    told: tuple[Told, ...]
    names: Mapping[str, str]

    def sentences(self, zone: str) -> list[str]:
        """For people; it holds outside text, so a view has to escape it."""
        return [sentence(one, self.names, zone) for one in self.told]


async def of_move(db: Db, move: UUID) -> Story:
    """The story of a move; empty when the audit has nothing about it."""
    rows = (await db.execute(RECORDED.where(audit_entries.c.move_id == move).order_by(audit_entries.c.seq))).all()
    told = tuple(readable(Recorded(*row)) for row in rows)
    return Story(told, await _names(db, told))


async def moves_like(db: Db, start: str) -> list[UUID]:
    """Moves in the audit whose id begins with `start`, dashes or not; two at most. They may be gone from the queue."""
    digits = start.strip().lower().replace("-", "")
    if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
        return []
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    within = select(audit_entries.c.move_id).where(audit_entries.c.move_id.between(first, last)).distinct().limit(2)
    return list((await db.execute(within)).scalars())


async def _names(db: Db, told: tuple[Told, ...]) -> dict[str, str]:
    asked = sorted({one.entry.who for one in told})
    wanted = or_(*(members.c.slack_user_id == who for who in asked)) if asked else members.c.slack_user_id.is_(None)
    rows = (await db.execute(select(members.c.slack_user_id, members.c.name).where(wanted))).all()
    return {row.slack_user_id: row.name for row in rows}


def readable(entry: Recorded) -> Told:
    if entry.body is None:
        gone = bool(entry.texts)
        return Told(entry, None if gone else (), None if gone else "", None if gone and entry.content else "")
    body = json.loads(entry.body)
    return Told(entry, tuple(body["to"]), body["said"], body["content"])


def sentence(told: Told, names: Mapping[str, str], zone: str) -> str:
    """`Tue 24 Nov 2026, 10:42:07: Casey Morgan approved the plan for dana@northpier.example, content 1a2b3c4d5e6f.`"""
    entry = told.entry
    who = names.get(entry.who) or _OURS.get(entry.who) or entry.who
    try:
        did = _DID[What(entry.what)]
    except ValueError:
        did = f"did what a later release calls {entry.what}"
    parts = [f"{when(entry.at, zone)}: {who} {did}"]
    if entry.to_whom:
        parts.append(f" for {', '.join(told.to) if told.to else ERASED}")
    if entry.until is not None:
        parts.append(f" until {when(entry.until, zone)}")
    if entry.grounds:
        parts.append(f", on the grounds of {entry.grounds}")
    if told.content_hash:
        parts.append(f", content {told.content_hash[:SHORT]}")
    elif entry.content:
        parts.append(f", content {ERASED}")
    if entry.evidence or entry.known_by:
        receipt = f"receipt {entry.evidence}" if entry.evidence else "no receipt"
        parts.append(f"; {receipt}" + (f", known by {entry.known_by}" if entry.known_by else ""))
    if told.said is None:
        parts.append(f": {ERASED}")
    elif told.said:
        parts.append(f": {' '.join(told.said.split())}")
    said = "".join(parts)
    return said if said.endswith((".", "!", "?")) else f"{said}."


def when(at: datetime, zone: str) -> str:
    """`Tue 24 Nov 2026, 10:42:07`: with the year and the second, because a record is read much later."""
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        local = at.astimezone(UTC)
    return f"{local:%a %d %b %Y, %H:%M:%S}"
