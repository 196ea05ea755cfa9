"""`caseyos digest`: makes the day's lists that are due, or today's whatever the time; or prints what one would say."""

import typer
from rich.console import Console
from rich.text import Text

from bot.settings import Settings
from bot.terminal import CannotSay, asked
from bot.views import digest as view
from bot.views.text import day_and_clock, plain
from bot.wiring import utc_now
from core import digests, workspace
from core.card import Card
from core.database import Db
from core.digest import HEADLINES, Digest
from core.identity import workspace_id

TITLE_LIMIT = 150
WHY_LIMIT = 300


def run(settings: Settings, *, now: bool, owner: str, dry_run: bool) -> None:
    """Prints whose list is on its way, and whose is not and why; with `dry_run` the lists themselves, and nothing is made."""
    if dry_run:
        for digest, name in asked(settings, lambda db: _would_be(db, owner)):
            _print(digest, name)
        return
    for line in asked(settings, lambda db: _make(db, settings, owner, whatever_the_time=now)):
        typer.echo(line)


async def _chosen(db: Db, owner: str) -> list[workspace.Owner]:
    """Raises CannotSay when nobody, or not this member, is known to get moves."""
    try:
        found = [one for one in await workspace.owners(db) if owner in {"", one.user}]
    except workspace.NotSetUp:
        raise CannotSay("No bot or worker has run for this workspace yet: `caseyos up` sets it up.") from None
    if not found:
        who = f"{plain(owner, 40)} gets no moves here" if owner else "Nobody gets moves here yet"
        raise CannotSay(
            f"{who}, or Slack has not told their time zone: set CASEYOS_DEFAULT_OWNER or a form's owner, and run a worker."
        )
    return found


async def _would_be(db: Db, owner: str) -> list[tuple[Digest, str]]:
    at = utc_now()
    return [
        (await digests.would_be(db, one.user, one.today(at), at), (await workspace.member(db, one.user)).name)
        for one in await _chosen(db, owner)
    ]


async def _make(db: Db, settings: Settings, owner: str, *, whatever_the_time: bool) -> list[str]:
    at, said = utc_now(), []
    for one in await _chosen(db, owner):
        name = plain((await workspace.member(db, one.user)).name, 80)
        days = (one.today(at),) if whatever_the_time else one.due(at)
        if not days:
            said.append(f"{name}: nothing is due now. `caseyos digest --now` makes today's list whatever the time.")
        for day in days:
            made = await digests.make(
                db, workspace_id=workspace_id(settings.workspace), owner=one.user, day=day, now=at
            )
            said.append(
                f"{name}: the list of {day:%d %B} is on its way."
                if made is not None
                else f"{name}: the list of {day:%d %B} has been made already; there is one a day."
            )
    return said


def _print(digest: Digest, name: str) -> None:
    console = Console(highlight=False)
    console.print(Text(f"{view.TITLES[digest.kind]} of {plain(name, 80)}", style="bold"))
    console.print(Text(view.summary(digest)))
    if last := view.unanswered(digest.report):
        console.print(Text(last))
    for number, card in enumerate(digest.cards, start=1):
        if number == HEADLINES + 1:
            console.print(Text("shown on request:", style="dim"))
        console.print(Text(_line(number, card)))
    if digest.report.beyond:
        console.print(Text(f"and {digest.report.beyond} more: caseyos moves"))


def _line(number: int, card: Card) -> str:
    due = f", due {day_and_clock(card.due_at, card.zone, card.at)}" if card.due_at else ""
    title, why = plain(card.title, TITLE_LIMIT), plain(" ".join(card.why.split()), WHY_LIMIT)
    return f"{number:>2}  {title} ({card.score.aps}{due}, {card.effort_minutes} min)\n    {why}"
