"""What the command line does to the switches: pause and resume, here or everywhere, and dry runs that stay on."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from bot.settings import Settings
from bot.terminal import CannotSay, asked
from bot.views.text import plain
from bot.wiring import utc_now
from core import all_workspaces, dry_run, execution, switch
from core.database import Db
from core.guardrails import KILL_SWITCH
from core.switched import EVERYBODY, Switch

BY = "command line"
REASON_LIMIT = 300

T = TypeVar("T")


def pause(settings: Settings, reason: str) -> None:
    """Stops everything from leaving this workspace, in all processes."""
    said = plain(reason, REASON_LIMIT)
    _turned(settings, lambda db: switch.pause(db, by=BY, reason=said, now=utc_now()))
    typer.echo("Paused. Nothing leaves until `caseyos resume` or `/moves resume`; what was held waits and says so.")


def resume(settings: Settings) -> None:
    """Lets go on what was stopped; workers take it up with their next sweep."""

    async def work(db: Db) -> tuple[int, Switch]:
        await switch.resume(db, by=BY, now=utc_now())
        return await execution.unblock(db, KILL_SWITCH, utc_now()), await switch.sending(db)

    waiting, now = _turned(settings, work)
    if now.paused:
        by = plain(now.counts.by, 80)
        typer.echo(f"Resumed here, but all workspaces are paused by {by}: `caseyos resume --all` lets them go on.")
        return
    typer.echo("Resumed." + (f" Waiting effects that go on: {waiting}." if waiting else " Nothing was waiting."))


def pause_all(settings: Settings, reason: str) -> None:
    said = plain(reason, REASON_LIMIT)
    _turned(settings, lambda db: all_workspaces.pause(db, by=BY, operators={BY}, reason=said, now=utc_now()))
    typer.echo(
        "Paused in all workspaces. Nothing leaves any of them until `caseyos resume --all` or `/moves resume all`."
    )


def resume_all(settings: Settings) -> None:
    _turned(settings, lambda db: all_workspaces.resume(db, by=BY, operators={BY}, now=utc_now()))
    typer.echo(
        "Resumed in all workspaces, but for those that have paused themselves. Their workers take up what waited."
    )


def show_dry_runs(settings: Settings) -> None:
    on = asked(settings, switch.sending).dry_runs
    for whose, by in on.items():
        typer.echo(f"A dry run is on for {_named(whose)}, switched on by {plain(by, 80)}.")
    if not on:
        typer.echo("No dry run is on: Execute does what it says.")


def begin_dry_run(settings: Settings, whose: str) -> None:
    """`whose`: a member's id, or EVERYBODY for the whole workspace."""

    async def work(db: Db) -> None:
        try:
            await dry_run.begin(db, whose=whose, by=BY, now=utc_now())
        except dry_run.Unknown:
            raise CannotSay(
                f"Nobody is known here as {plain(whose, 60)}, so nothing was changed. Give a member's id as Slack has it,"
                " like U0CASEY."
            ) from None

    _turned(settings, work)
    typer.echo(f"A dry run is on for {_named(whose)}: Execute rehearses, and what was approved before waits.")


def end_dry_run(settings: Settings, whose: str) -> None:
    waiting = _turned(settings, lambda db: dry_run.end(db, whose=whose, by=BY, now=utc_now()))
    goes_on = f" Waiting effects that are looked at again: {waiting}." if waiting else " Nothing was waiting."
    typer.echo(f"The dry run is off for {_named(whose)}.{goes_on}")


def _named(whose: str) -> str:
    return plain(whose, 60) if whose != EVERYBODY else "the whole workspace"


def _turned(settings: Settings, work: Callable[[Db], Awaitable[T]]) -> T:
    """What came of it; ends the command where there is no switch to turn."""

    async def turn(db: Db) -> T:
        try:
            return await work(db)
        except switch.NoSwitch:
            raise CannotSay(
                f"There is no workspace {settings.workspace!r} in this database yet, so nothing was changed (and nothing"
                " leaves from it). A bot or a worker makes it at its first start; check CASEYOS_WORKSPACE."
            ) from None

    return asked(settings, turn)
