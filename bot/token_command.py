"""`caseyos token`: tokens by which a program reads an owner's list."""

import re

import typer

from bot.settings import Settings
from bot.terminal import CannotSay, asked
from bot.views.text import plain
from bot.wiring import utc_now
from core import api_tokens, workspace
from core.database import Db
from core.identity import workspace_id

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def new(settings: Settings, name: str, owner: str) -> None:
    """Prints the token on standard output, once, and what to do with it on standard error."""

    async def work(db: Db) -> tuple[str, str]:
        _check(name)
        try:
            whose = owner or (await workspace.settings(db)).default_owner or ""
        except workspace.NotSetUp:
            raise CannotSay("No bot or worker has run for this workspace yet: `caseyos up` sets it up.") from None
        if not whose:
            raise CannotSay("Say whose list it opens: --owner U0123ABCD, or set CASEYOS_DEFAULT_OWNER.")
        here = workspace_id(settings.workspace)
        try:
            return await api_tokens.create(db, workspace_id=here, name=name, owner=whose, now=utc_now()), whose
        except api_tokens.NameTaken:
            raise CannotSay(f"A token {name} is in use. Choose another name, or revoke it first.") from None

    token, whose = asked(settings, work)
    typer.echo(token)
    typer.secho(
        f"It opens the list of {plain(whose, 40)} and is not shown again. `caseyos token revoke {name}` ends it.",
        err=True,
    )


def show(settings: Settings) -> None:
    rows = asked(settings, api_tokens.listed)
    for row in rows:
        typer.echo(f"{row.name}  {plain(row.owner, 40)}  made {row.created_at:%Y-%m-%d %H:%M} UTC")
    if not rows:
        typer.echo("No token is in use.")


def revoke(settings: Settings, name: str) -> None:
    async def work(db: Db) -> None:
        try:
            await api_tokens.revoke(db, name, now=utc_now())
        except api_tokens.NoSuchToken:
            raise CannotSay(f"No token {plain(name, 60)} is in use. `caseyos token` lists those that are.") from None

    asked(settings, work)
    typer.echo(f"{plain(name, 60)} opens nothing any more.")


def _check(name: str) -> None:
    if not NAME.fullmatch(name):
        raise CannotSay("A token's name has small letters, digits and dashes, 40 at most.")
