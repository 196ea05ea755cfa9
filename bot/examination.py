"""Looks at settings, services, tokens, scopes, clocks, feeds and waiting work; says how to mend each."""

import asyncio
from datetime import timedelta

import asyncpg
import httpx
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

import migrations
from bot import asking
from bot.findings import Finding, Level, of_settings, ok, problem, warning
from bot.schema import OLDEST_SERVER
from bot.settings import Settings
from bot.terminal import UNREACHABLE, reason
from bot.wiring import utc_now
from core import cursor, switch, waiting
from core.database import Database, UnsafeRole
from core.home import Feed
from core.identity import workspace_id
from core.switched import MISSING, Switch

PATIENCE_S = 15.0
QUIET_POLLS = 5
QUIET_AT_LEAST = timedelta(minutes=1)
MIGRATE = "run `caseyos migrate`"


async def examine(settings: Settings, *, patience_s: float = PATIENCE_S) -> list[Finding]:
    """Everything that can be told from here, each service asked once, all at the same time and for `patience_s` seconds."""
    async with httpx.AsyncClient(timeout=patience_s, follow_redirects=False, trust_env=False) as http:
        asked = {
            "PostgreSQL": _database(settings),
            "Redis": asking.redis(settings),
            "Slack": asking.slack(settings),
            "Slack's way in": asking.socket(settings),
            "HubSpot": asking.hubspot(settings, http),
            "Gmail": asking.gmail(settings, http),
            "Calendar": asking.calendar(settings, http),
        }
        answers = await asyncio.gather(
            *(asyncio.wait_for(each, patience_s) for each in asked.values()), return_exceptions=True
        )
    found = of_settings(settings)
    for about, answer in zip(asked, answers, strict=True):
        if isinstance(answer, TimeoutError):
            found.append(problem(about, f"no answer within {patience_s:g} s", "check its address and the network"))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found += answer
    return [*found, *asking.forms(settings)]


async def _database(settings: Settings) -> list[Finding]:
    """The database, and what it knows of the work: switch, feed, what waits."""
    if settings.database_url is None:
        mend = "give a PostgreSQL address, or use `caseyos up` or `caseyos demo`, which run their own"
        return [problem("PostgreSQL", "CASEYOS_DATABASE_URL is not set", mend)]
    try:
        database = Database(settings.database_url.get_secret_value(), workspace=workspace_id(settings.workspace))
    except ValueError as wrong:
        return [problem("PostgreSQL", str(wrong), "check CASEYOS_DATABASE_URL")]
    try:
        await database.check_role()
        schema = await _schema(database)
        return schema if schema[-1].level is Level.PROBLEM else [*schema, *await _work(database, settings)]
    except UnsafeRole as unsafe:
        return [problem("PostgreSQL", str(unsafe), "connect as the app's login, which `caseyos migrate` lets in")]
    except asyncpg.UndefinedObjectError:
        return [problem("PostgreSQL", "reached, but it has no tables and roles of ours", MIGRATE)]
    except ProgrammingError as missing:
        return [problem("PostgreSQL", reason(missing), MIGRATE)]
    except UNREACHABLE as down:
        return [problem("PostgreSQL", f"does not let us in: {reason(down)}", "check CASEYOS_DATABASE_URL")]
    finally:
        await database.close()


async def _schema(database: Database) -> list[Finding]:
    def look(connection: Connection) -> tuple[tuple[int | str, ...], str | None]:
        return connection.dialect.server_version_info or (), migrations.current(connection)

    async with database.engine.connect() as db:
        version, revision = await db.run_sync(look)
    server = f"PostgreSQL {'.'.join(map(str, version[:2]))}"
    if int(version[0]) < OLDEST_SERVER // 10_000:
        return [problem("PostgreSQL", f"{server} is too old", f"use {OLDEST_SERVER // 10_000} or newer")]
    reached = ok("PostgreSQL", f"{server}, row level security binds our role")
    head = migrations.head()
    if revision != head:
        return [reached, problem("schema", f"at {revision or 'nothing'}; this release wants {head}", MIGRATE)]
    return [reached, ok("schema", f"at {revision}, the newest")]


async def _work(database: Database, settings: Settings) -> list[Finding]:
    async with database.begin() as db:
        sending = await switch.sending(db)
        reading = await cursor.reading(db, cursor.MAILBOX)
        waits = await waiting.waiting(db)
    return [_switch(sending, settings), *_feed(reading, settings), *_waiting(waits)]


def _switch(sending: Switch, settings: Settings) -> Finding:
    if sending.here == MISSING:
        said = f"the workspace {settings.workspace!r} is not made yet"
        return warning("sending", said, "start a bot or a worker once; check CASEYOS_WORKSPACE")
    if sending.paused:
        now, everywhere = sending.counts, sending.all_workspaces.paused
        why = f", because: {now.reason}" if now.reason else ""
        said = f"paused{' in all workspaces' if everywhere else ''} by {now.by} since {now.at:%Y-%m-%d %H:%M} UTC{why}"
        mend = "`caseyos resume --all` or `/moves resume all`" if everywhere else "`caseyos resume` or `/moves resume`"
        return warning("sending", said, f"{mend} lets go on what waits")
    if sending.dry_runs:
        whom = ", ".join(sorted(one or "the whole workspace" for one in sending.dry_runs))
        return warning(
            "sending", f"a dry run is on for {whom}", "`caseyos dry-run off` ends it; `--owner` for a member"
        )
    return ok("sending", "on")


def _feed(reading: Feed | None, settings: Settings) -> list[Finding]:
    """Whether the mailbox is being read. Nothing where none is set up."""
    if settings.google_access_token is None and settings.google_credentials is None:
        return []
    start = "start a worker (`caseyos worker`), or look at its log"
    if reading is None:
        return [warning("replies", "nobody has begun to read the mailbox", start)]
    if reading.problem:
        return [problem("replies", reading.problem, "mend what Gmail says; reading goes on by itself")]
    if reading.read_at is None:
        return [warning("replies", "the mailbox has not been read to its end yet", start)]
    quiet = utc_now() - reading.read_at
    said = f"last read {max(0, int(quiet.total_seconds()))} s ago"
    allowed = max(QUIET_AT_LEAST, QUIET_POLLS * timedelta(seconds=settings.gmail_poll_s))
    return [problem("replies", said, start) if quiet > allowed else ok("replies", said)]


def _waiting(waits: waiting.Waiting) -> list[Finding]:
    found = []
    if waits.stuck_signals:
        found.append(
            warning("signals", f"{waits.stuck_signals} wait: {waits.why}", "do what the sentence says; then they go on")
        )
    if waits.needs_human:
        said = f"{waits.needs_human} could not be read back"
        found.append(warning("effects", said, "look in Gmail, then say on the card what happened"))
    if waits.blocked:
        found.append(warning("effects", f"{waits.blocked} are blocked", "their cards say why and what lifts it"))
    return found or [ok("waiting work", "none")]
