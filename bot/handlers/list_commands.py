"""`/moves`, `all`, `find` and `snooze`: what waits, what there is, and putting something off."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bot.handlers.decide import snooze_ends
from bot.services import Services
from bot.views import switch_line
from bot.views.card import SNOOZES, UNTIL_REPLY
from bot.views.note import already
from bot.views.text import day_and_clock, outside
from core import finding, queue, scoring, switch, workspace
from core.database import Db

SHOWN = 10
TITLE_LIMIT = 150
DIGITS = 4  # of the longest list that anybody has
WHEN = {
    "2h": "two_hours",
    "2": "two_hours",
    "tomorrow": "tomorrow",
    "next": "next_week",
    "week": "next_week",
    "reply": UNTIL_REPLY,
}
SAY_WHEN = "Say until when: `/moves snooze 1 2h`, `tomorrow`, `next week` or `reply`."
STATES = {
    "open": "waits for you",
    "approved": "under way",
    "retired": "settled by itself",
    "dismissed": "dismissed",
    "expired": "expired",
    "done": "done",
}

Answer = Callable[[str, str], Awaitable[str]]


class NotInList(queue.NoSuchMove):
    """The list of open moves has no such number."""


async def chosen(db: Db, user: str, which: str, now: datetime) -> UUID:
    """The move that a person means: a number of their list, or an id or its beginning.

    Raises NotInList, queue.NoSuchMove, queue.Ambiguous.
    """
    if not (which.isdecimal() and len(which) <= DIGITS):
        return await queue.named(db, which)
    rows = await scoring.ranked(db, now, owner=user)
    if not 1 <= int(which) <= len(rows):
        raise NotInList(f"There is no move {outside(which, 20)} in your list of {len(rows)}. `/moves` shows it.")
    return rows[int(which) - 1].id


def answers(services: Services) -> dict[str, Answer]:
    async def today(user: str, _: str) -> str:
        async with services.database.begin() as db:
            rows = await scoring.ranked(db, services.clock(), owner=user)
            found = await switch.sending(db)
        said = (switch_line.paused(found), switch_line.dry_run(found, user))
        note = "".join(f"{line}\n" for line in said if line)
        if not rows:
            return f"{note}Nothing is worth your time right now. Enjoy it."
        lines = [f"{n}  *{outside(row.title, TITLE_LIMIT)}*   `{row.score.aps}`" for n, row in _numbered(rows[:SHOWN])]
        more = f"\n…and {len(rows) - SHOWN} more: `/moves all`, or App Home" if len(rows) > SHOWN else ""
        return note + "\n".join(lines) + more

    async def everything(user: str, _: str) -> str:
        now = services.clock()
        async with services.database.begin() as db:
            zone = (await workspace.member(db, user)).zone
            found = await finding.live(db, user)
        return _listed(found.rows, found.beyond, zone, now) or "Nothing is open, put off or under way. Enjoy it."

    async def find(user: str, words: str) -> str:
        if not words:
            return "Say whom or what: `/moves find Northpier`."
        now = services.clock()
        async with services.database.begin() as db:
            zone = (await workspace.member(db, user)).zone
            found = await finding.about(db, user, words)
        return _listed(found.rows, found.beyond, zone, now) or f"None of your moves is about “{outside(words, 80)}”."

    async def snooze(user: str, given: str) -> str:
        which, _, when = given.partition(" ")
        choice = WHEN.get(when.strip().lower().split(" ")[0])
        if not which or choice is None:
            return SAY_WHEN
        now = services.clock()
        async with services.database.begin() as db:
            move = await chosen(db, user, which, now)
            zone = (await workspace.member(db, user)).zone
            until = await snooze_ends(db, choice, user=user, now=now)
            title = await finding.title_of(db, move, owner=user)
            try:
                await queue.snooze(db, move, until=until, by=user, now=now, wakes_on_reply=choice == UNTIL_REPLY)
            except queue.AlreadyDecided as first:
                return f"Nothing to do: {already(first.state, first.by or '')}."
        services.bell.ring("card", [move])
        ends = day_and_clock(until, zone, now)
        ends = f"they reply, {ends} at the latest" if choice == UNTIL_REPLY else f"{ends}: {SNOOZES[choice].lower()}"
        return f"*{outside(title, TITLE_LIMIT)}* is put off until {ends}."

    return {"": today, "list": today, "today": today, "all": everything, "find": find, "snooze": snooze}


def _numbered(rows: Sequence[Any]) -> list[tuple[int, Any]]:
    return list(enumerate(rows, start=1))


def _listed(rows: Sequence[Row[Any]], beyond: int, zone: str, now: datetime) -> str:
    lines = [f"`{row.id}`  *{outside(row.title, TITLE_LIMIT)}*   {_stands(row, zone, now)}" for row in rows]
    return "\n".join([*lines, *([f"…and {beyond} more in App Home"] if beyond else [])])


def _stands(row: Row[Any], zone: str, now: datetime) -> str:
    if row.state == "snoozed":
        ends = day_and_clock(row.snoozed_until, zone, now)
        return f"put off until {f'they reply, {ends} at the latest' if row.wakes_on_reply else ends}"
    if row.state in {"open", "approved"}:
        return STATES[row.state]
    return f"{STATES[row.state]} {day_and_clock(row.updated_at, zone, now)}"
