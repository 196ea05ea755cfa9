"""The command line `caseyos`. Commands import what they need when they run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer(
    name="caseyos",
    help="A GTM command center in Slack: the day's moves, ranked, executed under guardrails, with receipts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

mail = typer.Typer(name="mail", help="Understand mail, without a database and without Slack.", no_args_is_help=True)
app.add_typer(mail)


token = typer.Typer(name="token", help="Tokens by which a program reads an owner's list.", invoke_without_command=True)
app.add_typer(token)


def _fail(message: str, code: int = 2) -> typer.Exit:
    typer.secho(message, err=True, fg="red")
    return typer.Exit(code)


def _settings() -> "Settings":
    from pydantic import ValidationError

    from bot.settings import Settings

    try:
        return Settings()
    except ValidationError as wrong:
        lines = [
            f"CASEYOS_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in wrong.errors(include_input=False)
        ]
        raise _fail("\n".join(["These settings cannot be used:", *lines])) from None


def _logging(settings: "Settings") -> None:
    from bot import logs

    logs.set_up(level=settings.log_level, as_json=settings.log_format == "json")


def _run(what: str) -> None:
    from bot import running
    from bot.settings import BadGuardrails, MissingSetting
    from core.database import UnsafeRole
    from integrations.forms.mapping import BadMapping

    settings = _settings()
    _logging(settings)
    try:
        running.run({"bot": running.bot, "worker": running.worker}[what], settings)
    except (MissingSetting, BadGuardrails, UnsafeRole, BadMapping) as wrong:
        raise _fail(str(wrong)) from None


@app.command()
def bot() -> None:
    """Run the Slack app and the web routes."""
    _run("bot")


@app.command()
def worker() -> None:
    """Run one worker: it proposes, posts, sends, and reads what came back."""
    _run("worker")


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this release."""
    from bot import schema
    from bot.settings import MissingSetting

    settings = _settings()
    _logging(settings)
    try:
        typer.echo(f"The schema is at revision {schema.migrate_now(settings)}.")
    except (MissingSetting, schema.TooOld, ValueError) as wrong:
        raise _fail(str(wrong)) from None
    except OSError as down:
        raise _fail(f"The database cannot be reached: {down}. Check CASEYOS_DATABASE_URL.") from None


@app.command()
def up() -> None:
    """Run everything in one process tree: bot, worker, and, where none is set, an own PostgreSQL and Valkey."""
    from bot.up import run

    settings = _settings()
    _logging(settings)
    run(settings)


@app.command()
def demo(
    check: Annotated[
        bool, typer.Option("--check", help="Play the whole story without a browser; print a report.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what the last demo left behind.")] = False,
) -> None:
    """Run the whole product on this machine, with a sandbox in place of Slack, Gmail and HubSpot."""
    from bot.embedded.process import CannotStart

    try:
        if check:
            from bot.demo_check import run as run_check

            raise typer.Exit(run_check())
        from bot.demo import run

        run(port=port, fresh=fresh)
    except CannotStart as why:
        raise _fail(str(why)) from None


@app.command()
def doctor() -> None:
    """Check settings, tokens, scopes, clocks, feeds and the schema; say how to mend each."""
    from bot.doctor import run

    settings = _settings()
    raise typer.Exit(run(settings))


@app.command()
def digest(
    now: Annotated[bool, typer.Option("--now", help="Today's list, whatever the time and the day.")] = False,
    owner: Annotated[str, typer.Option(help="Slack's id of one member; without it, everybody who gets moves.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what it would say now; make nothing.")] = False,
) -> None:
    """Make the day's lists that are due, as the workers do by themselves: one for each owner and date."""
    from bot import digest_command

    digest_command.run(_settings(), now=now, owner=owner, dry_run=dry_run)


@app.command()
def moves(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """List the open moves, best first, with their scores of now."""
    from bot.terminal import list_moves

    list_moves(_settings(), as_json=as_json)


@app.command()
def why(move: Annotated[str, typer.Argument(help="The move's id, or the first characters of it.")]) -> None:
    """Print the receipt of a move's score, and make the score again from it."""
    from bot.terminal import explain

    raise typer.Exit(explain(_settings(), move))


@app.command()
def pause(
    reason: Annotated[str, typer.Argument(help="Why; people will read it.")] = "",
    everywhere: Annotated[bool, typer.Option("--all", help="In all workspaces of this database.")] = False,
) -> None:
    """Stop everything from leaving, in all processes, until `resume`."""
    from bot import switch_commands

    (switch_commands.pause_all if everywhere else switch_commands.pause)(_settings(), reason)


@app.command()
def resume(
    everywhere: Annotated[bool, typer.Option("--all", help="Lift the pause of all workspaces.")] = False,
) -> None:
    """Let go on what `pause` stopped."""
    from bot import switch_commands

    (switch_commands.resume_all if everywhere else switch_commands.resume)(_settings())


@app.command("dry-run")
def dry_run(
    turn: Annotated[str, typer.Argument(metavar="[on|off]", help="Without it: for whom one is on.")] = "",
    owner: Annotated[str, typer.Option(help="Slack's id of one member; without it, the whole workspace.")] = "",
) -> None:
    """Let Execute rehearse only, and nothing leave, for a member or for the whole workspace."""
    from bot import switch_commands

    if turn not in {"", "on", "off"} or (owner and not turn):
        raise _fail(
            "Say `caseyos dry-run`, `caseyos dry-run on` or `off`, the last two with `--owner U...` if you like."
        )
    if not turn:
        switch_commands.show_dry_runs(_settings())
    else:
        (switch_commands.begin_dry_run if turn == "on" else switch_commands.end_dry_run)(_settings(), owner)


@app.command()
def audit(
    what: Annotated[str, typer.Argument(metavar="verify|show", help="Check the whole chain, or tell a move's story.")],
    move: Annotated[str, typer.Argument(help="For show: the move's id, or the first characters of it.")] = "",
    heads: Annotated[Path | None, typer.Option(help="For verify: the file of heads kept outside the database.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For verify: one JSON object.")] = False,
    zone: Annotated[str, typer.Option(help="For show: the time zone to tell it in.")] = "UTC",
) -> None:
    """Check that nobody has changed the record of what was done, or tell the story of one move."""
    from bot import audit_command

    if what == "verify" and not move:
        raise typer.Exit(audit_command.verify(_settings(), heads=heads, as_json=as_json))
    if what == "show" and move:
        raise typer.Exit(audit_command.show(_settings(), move, zone=zone))
    raise _fail("Say `caseyos audit verify` or `caseyos audit show MOVE`.")


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="ack or effects")],
    short: Annotated[bool, typer.Option("--short", help="A quick look: fewer rounds, rougher figures.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Nothing but the JSON object.")] = False,
) -> None:
    """Measure as ratios against the raw library in one run; the last line is a JSON object."""
    if name == "ack":
        from bot.bench import ack

        raise typer.Exit(ack.run(size=ack.SHORT if short else ack.WHOLE, quiet=as_json))
    if name == "effects":
        from bot.bench import effects

        raise typer.Exit(effects.run(size=effects.SHORT if short else effects.WHOLE, quiet=as_json))
    raise _fail(f"There is no benchmark {name}; there are: ack, effects.")


@token.callback()
def token_list(context: typer.Context) -> None:
    """Without a word after it: those in use."""
    if context.invoked_subcommand is None:
        from bot import token_command

        token_command.show(_settings())


@token.command("new")
def token_new(
    name: Annotated[str, typer.Argument(help="What it is for: small letters, digits and dashes.")],
    owner: Annotated[
        str, typer.Option(help="Slack's id of whose list it opens; without it, the default owner's.")
    ] = "",
) -> None:
    """Make a token and print it, once."""
    from bot import token_command

    token_command.new(_settings(), name, owner)


@token.command("revoke")
def token_revoke(name: Annotated[str, typer.Argument(help="The token's name.")]) -> None:
    """End a token: from now on it opens nothing."""
    from bot import token_command

    token_command.revoke(_settings(), name)


@mail.command("classify")
def mail_classify(
    paths: Annotated[list[str] | None, typer.Argument(help="Files with one mail each.")] = None,
    from_list: Annotated[
        Path | None, typer.Option("--from-list", help="A file that names them, one path a line.")
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Also the words or the code that gave reason or intent.")] = False,
) -> None:
    """Say of each mail what it is, why it came back, what is new in it and what its writer wants: a JSON line each."""
    from bot.mail_command import classify, listed_paths

    if not paths and from_list is None:
        raise _fail("Name mails, or a list of them with --from-list.")
    try:
        listed = listed_paths(from_list) if from_list is not None else []
    except OSError as failed:
        raise _fail(f"The list cannot be read: {failed}") from None
    classify([*(paths or []), *listed], why=why)


@app.command(  # the harness reads its own options, --help among them
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False
)
def chaos(context: typer.Context) -> None:
    """Kill real processes under load, count what was lost or doubled (from a checkout)."""
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / "tests" / "chaos" / "__main__.py").exists():
        raise _fail(
            "`caseyos chaos` runs from a checkout: its harness, tests/chaos, is not part of the installed package."
        )
    import subprocess

    command = [sys.executable, "-m", "tests.chaos", *context.args]
    raise typer.Exit(subprocess.run(command, cwd=checkout, check=False).returncode)
