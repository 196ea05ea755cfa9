"""`/moves undo`: what can still be taken back, one of it, or all of the last hour."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.services import Services
from bot.views.text import day_and_clock, outside
from core import undoing, workspace
from core.undoing import TooLate, Undoable

LISTED_FOR = timedelta(days=7)
HOUR = timedelta(hours=1)


def answer(services: Services) -> Callable[[str, str], Awaitable[str]]:
    async def undo(user: str, which: str) -> str:
        now = services.clock()
        async with services.database.begin() as db:
            zone = (await workspace.member(db, user)).zone
            found = await undoing.listed(db, by=user, since=now - LISTED_FOR)
        if not which:
            return _listed(found, zone, services)
        if which == "hour":
            return await _take_back(user, [one for one in found if one.decided_at > now - HOUR])
        if not which.isdecimal() or len(which) > 4 or not 1 <= int(which) <= len(found):
            return f"There is no {outside(which, 20)} among the {len(found)} that can be taken back. `/moves undo` lists them."
        return await _take_back(user, [found[int(which) - 1]])

    async def _take_back(user: str, chosen: list[Undoable]) -> str:
        """Each in a transaction of its own: one that is too late keeps none of the others."""
        if not chosen:
            return "Nothing of the last hour can be taken back."
        lines, begun = [], []
        for one in chosen:
            try:
                async with services.database.begin() as db:
                    await undoing.undo(db, move=one.move, by=user, now=services.clock())
            except TooLate as late:
                lines.append(f"*{outside(one.title, 150)}*: {late}")
            else:
                begun.append(one.move)
                lines.append(f"*{outside(one.title, 150)}*: taking it back; its card says when that is done")
        services.bell.ring("card", begun)
        return "\n".join(lines)

    return undo


def _listed(found: list[Undoable], zone: str, services: Services) -> str:
    if not found:
        return "There is nothing that you could take back: mails that have left stay where they are."
    now = services.clock()
    lines = [
        f"{n}  *{outside(one.title, 150)}*  ·  {'done' if one.state == 'done' else 'under way'}, approved "
        f"{day_and_clock(one.decided_at, zone, now)}"
        for n, one in enumerate(found, start=1)
    ]
    return "\n".join([*lines, "`/moves undo 1` takes the first back, `/moves undo hour` all of the last hour."])
