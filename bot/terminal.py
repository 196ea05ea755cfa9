"""What the command line says about moves: the list, and the receipt of a score."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, TypeVar
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError, ProgrammingError, SQLAlchemyError

from bot.settings import MissingSetting, Settings, needed
from bot.views.text import day_and_clock, plain
from bot.wiring import utc_now
from core import aps, cards, queue, scoring, workspace
from core.aps import Score, ScoreReceipt
from core.database import Database, Db, UnsafeRole
from core.identity import workspace_id

TITLE_LIMIT = 150
REASON_LIMIT = 400
SHORTEST_ID = 13
"""Characters of an id that hold its millisecond: seldom do two moves share them."""
NO_TABLES = "The database has not the tables and roles of this release: run `caseyos migrate`."
UNREACHABLE = (OSError, TimeoutError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What it looks like when the database cannot be had; while connecting, asyncpg's errors come as they are."""

T = TypeVar("T")


class CannotSay(Exception):
    """The command cannot do what it was asked; the message is for the person who typed it."""


@dataclass(frozen=True)
class Listed:
    """One line of the list."""

    id: UUID
    title: str
    owner: str
    name: str
    zone: str
    due_at: datetime | None
    score: Score


def list_moves(settings: Settings, *, as_json: bool) -> None:
    """The open moves of everybody, best first, with their scores of now."""
    rows = asked(settings, _open_moves)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(_as_json(row), ensure_ascii=False))
        return
    if not rows:
        typer.echo("Nothing is worth anybody's time right now. Enjoy it.")
        return
    names, now = short_ids([row.id for row in rows]), utc_now()
    table = Table(box=None, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column("Score", justify="right")
    table.add_column("Move", ratio=1)
    table.add_column("Owner")
    table.add_column("Due")
    table.add_column("Id", no_wrap=True)
    for rank, (row, name) in enumerate(zip(rows, names, strict=True), start=1):
        due = day_and_clock(row.due_at, row.zone, now) if row.due_at else "no due date"
        cells = (str(rank), str(row.score.aps), plain(row.title, TITLE_LIMIT), plain(row.name, 40), due, name)
        table.add_row(*map(Text, cells))
    console = Console()
    console.print(table)
    console.print("caseyos why ID prints every point of a score.", style="dim", highlight=False)


def explain(settings: Settings, move: str) -> int:
    """The receipt of the score that was shown last, made again from itself; then the score of now. 0 when both agree."""
    title, shown, now = asked(settings, lambda db: _receipts(db, move))
    console = Console()
    console.print(Text(plain(title, TITLE_LIMIT), style="bold"))
    if shown is None:
        console.print("No card has shown this move's score yet.", highlight=False)
        agrees = True
    else:
        console.print(f"Shown {shown.at:%Y-%m-%d %H:%M} UTC, by the weights of {shown.weights}:", highlight=False)
        _print_score(console, shown.score)
        agrees, said = _made_again(shown)
        console.print(Text(said, style="" if agrees else "red"))
    console.print(f"\nNow, {now.at:%Y-%m-%d %H:%M} UTC:", highlight=False)
    _print_score(console, now.score)
    return 0 if agrees else 1


async def _open_moves(db: Db) -> list[Listed]:
    members: dict[str, workspace.Member] = {}
    listed = []
    for scored in await scoring.ranked(db, utc_now()):
        row = await queue.get(db, scored.id)
        if row.owner not in members:
            members[row.owner] = await workspace.member(db, row.owner)
        owner = members[row.owner]
        listed.append(Listed(row.id, scored.title, row.owner, owner.name, owner.zone, row.due_at, scored.score))
    return listed


async def _receipts(db: Db, which: str) -> tuple[str, ScoreReceipt | None, ScoreReceipt]:
    """The move's title, its last shown receipt, and its receipt of now. Raises CannotSay."""
    try:
        move = await queue.named(db, which)
    except queue.NoSuchMove:
        raise CannotSay(f"There is no move {plain(which, 60)}. `caseyos moves` lists the open ones.") from None
    except queue.Ambiguous:
        raise CannotSay(f"Several moves have an id that begins with {plain(which, 60)}: give more of it.") from None
    now, facts = utc_now(), await scoring.facts_of(db, move)
    title = (await cards.card(db, move, now)).title
    return title, await scoring.posted(db, move), await scoring.score_now(db, facts, now)


def _made_again(shown: ScoreReceipt) -> tuple[bool, str]:
    """Whether the receipt makes the same score again, and the sentence about it."""
    total = sum(reason.points for reason in shown.score.reasons)
    if total != shown.score.aps:
        return False, f"The receipt does not agree with itself: its reasons add up to {total}, not {shown.score.aps}."
    try:
        again = aps.recompute(shown)
    except ValueError as other:
        return False, f"The receipt cannot be recomputed here: it was {other}."
    if again != shown.score:
        return (
            False,
            f"The receipt does not agree: recomputed from its facts the score is {again.aps}, with other reasons.",
        )
    return True, f"Recomputed from the receipt's facts: {again.aps}. Both agree, reason by reason."


def _print_score(console: Console, score: Score) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(ratio=1)
    for reason in score.reasons:
        table.add_row(*map(Text, (f"{reason.points:+d}", reason.part, plain(reason.text, REASON_LIMIT))))
    table.add_row(Text(str(score.aps), style="bold"), Text("the score", style="bold"), Text(""))
    console.print(table)


def _as_json(row: Listed) -> dict[str, object]:
    return {
        "id": str(row.id),
        "aps": row.score.aps,
        "title": row.title,
        "owner": row.owner,
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "zone": row.zone,
        "reasons": [reason.model_dump(mode="json") for reason in row.score.reasons],
    }


def short_ids(ids: Sequence[UUID]) -> list[str]:
    """The ids cut to the fewest characters that still tell them apart."""
    texts = [str(id) for id in ids]
    length = next(n for n in range(SHORTEST_ID, 37) if len({text[:n] for text in texts}) == len(texts))
    return [text[:length].rstrip("-") for text in texts]


def asked(settings: Settings, work: Callable[[Db], Awaitable[T]]) -> T:
    """What `work` finds in one transaction; ends the command with one clear sentence when that cannot be."""

    async def ask() -> T:
        async with _transaction(settings) as db:
            return await work(db)

    try:
        return asyncio.run(ask())
    except CannotSay as why:
        _end(str(why), 1)
    except (MissingSetting, UnsafeRole) as wrong:
        _end(f"{wrong}.")
    except ValueError as wrong:
        _end(f"CASEYOS_DATABASE_URL cannot be used: {wrong}.")
    except ProgrammingError:
        _end(NO_TABLES)
    except asyncpg.UndefinedObjectError:
        _end(NO_TABLES)
    except UNREACHABLE as down:
        _end(f"The database cannot be reached or refuses us: {reason(down)}. Check CASEYOS_DATABASE_URL.")


def reason(error: BaseException) -> str:
    """What the database or the network says, in one line without the statement."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = str(cause).rpartition(">: ")[2].partition("\n")[0].rstrip(".")
    return plain(said or type(error).__name__, 200)


def _end(message: str, code: int = 2) -> NoReturn:
    typer.secho(message, err=True, fg="red")
    raise typer.Exit(code)


@asynccontextmanager
async def _transaction(settings: Settings) -> AsyncIterator[Db]:
    url = needed(settings.database_url, "database_url", "give the PostgreSQL address that the bot and the worker use")
    database = Database(url, workspace=workspace_id(settings.workspace))
    try:
        await database.check_role()
        async with database.begin() as db:
            yield db
    finally:
        await database.close()
