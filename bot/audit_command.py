"""What the command line says about the audit: whether its chain is whole, and the story of one move."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from bot.settings import Settings
from bot.terminal import CannotSay, asked
from bot.views.text import plain
from core import audit_heads, audit_story, audit_verify, queue
from core.audit_verify import Report
from core.database import Db
from core.identity import workspace_id

SENTENCE_LIMIT = 1_000
SHOWN_AT_MOST = 50
"""So many broken places are printed; `--json` prints all that are named."""
BROKEN = 1


def verify(settings: Settings, *, heads: Path | None = None, as_json: bool = False) -> int:
    """Checks the workspace's whole audit; 0 when it is sound. `heads` is the file of heads kept outside the database."""
    heads = heads or settings.audit_heads
    here = workspace_id(settings.workspace)
    try:
        # Read first: each of these heads was committed before, so the database must have it.
        anchors = audit_heads.read(heads, here) if heads is not None else {}
    except OSError as problem:
        typer.secho(f"The heads cannot be read from {heads}: {problem.strerror}.", err=True, fg="red")
        return 2
    report = asked(settings, lambda db: audit_verify.verify(db, anchors=anchors))
    if as_json:
        typer.echo(json.dumps(_as_json(report, len(anchors))))
    else:
        for line in lines(report, anchors=len(anchors), outside=heads is not None):
            typer.echo(line)
    return 0 if report.sound else BROKEN


def lines(report: Report, *, anchors: int, outside: bool) -> list[str]:
    """What a check found, in sentences."""
    found = [str(damage) for damage in report.broken[:SHOWN_AT_MOST]]
    unsaid = len(report.broken) - len(found) + report.more
    if unsaid:
        found.append(f"and {unsaid} more broken places")
    newest = f"; the newest is {report.head.seq}, {report.head.hash[: audit_story.SHORT]}" if report.head else ""
    erased = f" Readable texts erased, as recorded: {report.erased}." if report.erased else ""
    if report.sound:
        found.append(f"Sound: {report.entries} entries, each holding on to the one before it{newest}.{erased}")
    else:
        found.insert(0, f"BROKEN: {report.entries} entries were read{newest}.{erased}")
    if outside:
        found.append(f"Compared with heads kept outside the database: {anchors}.")
    else:
        found.append(
            "Not compared with heads kept outside the database: an administrator who also turned the head back would"
            " not be seen. --heads FILE does that."
        )
    return found


def _as_json(report: Report, anchors: int) -> dict[str, Any]:
    return {
        "sound": report.sound,
        "entries": report.entries,
        "head": {"seq": report.head.seq, "hash": report.head.hash} if report.head else None,
        "heads_outside": anchors,
        "erased": report.erased,
        "broken": [
            {"kind": damage.kind, "first": damage.seq, "last": damage.last, "missing": damage.missing}
            for damage in report.broken
        ],
        "more": report.more,
    }


def show(settings: Settings, move: str, *, zone: str = "UTC") -> int:
    """Tells the story of a move, a sentence an entry."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        typer.secho(f"There is no time zone {plain(zone, 60)}; names are like Europe/Dublin.", err=True, fg="red")
        return 2
    id, told = asked(settings, lambda db: _story(db, move, zone))
    typer.secho(f"Move {id}, times in {zone}", bold=True)
    for line in told:
        typer.echo(plain(line, SENTENCE_LIMIT))
    return 0


async def _story(db: Db, which: str, zone: str) -> tuple[UUID, list[str]]:
    """The move's id and its story. Raises CannotSay."""
    id = await _named(db, which)
    told = (await audit_story.of_move(db, id)).sentences(zone)
    return id, told or ["The audit has nothing about this move: it is older than the audit."]


async def _named(db: Db, which: str) -> UUID:
    """The move meant, which may be gone from the queue. Raises CannotSay."""
    shown = plain(which, 60)
    try:
        return await queue.named(db, which)
    except queue.Ambiguous:
        raise CannotSay(f"Several moves have an id that begins with {shown}: give more of it.") from None
    except queue.NoSuchMove:
        found = await audit_story.moves_like(db, which)
    if not found:
        raise CannotSay(f"There is no move {shown}, and the audit knows none. `caseyos moves` lists the open ones.")
    if len(found) > 1:
        raise CannotSay(f"Several moves have an id that begins with {shown}: give more of it.")
    return found[0]
