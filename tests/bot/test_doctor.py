"""`caseyos doctor`: what it sees in real servers and the sandbox, what it says of odd answers, and what it never prints."""

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from rich.console import Console

from bot import doctor, examination
from bot.embedded.process import free_port
from bot.findings import Finding, Level, without_secrets
from bot.scopes import BOT_SCOPES
from bot.settings import Settings
from core import cursor, signal, switch
from core.database import Database
from core.identity import new_id
from core.signal import Signal
from core.tables import effects
from migrations import head
from tests.conftest import FORMS_SECRET, SIGNING_SECRET, Urls
from tests.support.clock import HandClock
from tests.support.factories import furnished, proposed
from tests.support.sandbox import Sandbox

Chosen = Callable[..., Settings]


@pytest.fixture
def chosen(urls: Urls, redis_url: str, sandbox: Sandbox) -> Chosen:
    """Settings with which everything is well, changed by what a test names."""

    def make(**changed: Any) -> Settings:
        well = {
            "database_url": urls.app,
            "redis_url": redis_url,
            "workspace": "test",
            "default_owner": "U0CASEY",
            "voice_company": "Pier 7 Marketing",
            "slack_bot_token": "xoxb-sandbox",
            "slack_app_token": "xapp-sandbox",
            "slack_signing_secret": SIGNING_SECRET,
            "slack_api_url": sandbox.slack_url,
            "hubspot_token": "pat-sandbox",
            "hubspot_api_url": sandbox.hubspot_url,
            "google_access_token": "ya29.sandbox",
            "gmail_api_url": sandbox.gmail_url,
            "calendar_api_url": sandbox.gmail_url,
            "forms_secret": FORMS_SECRET,
        }
        return Settings(_env_file=None, **{**well, **changed})

    return make


@pytest.fixture
async def well(database: Database, clock: HandClock) -> Database:
    """A workspace whose mailbox was read a moment ago."""
    await furnished(database, now=clock())
    async with database.begin() as db:
        await cursor.claim(db, "gmail", workspace=database.workspace, lease=timedelta(seconds=1), now=clock())
        await cursor.advance(db, "gmail", value="1", now=clock(), due_at=clock() + timedelta(seconds=20))
    return database


async def found(settings: Settings) -> dict[str, Finding]:
    """By what it is about; of several the worst."""
    worst: dict[str, Finding] = {}
    order = list(Level)
    for one in await examination.examine(settings):
        if one.about not in worst or order.index(one.level) > order.index(worst[one.about].level):
            worst[one.about] = one
    return worst


@asynccontextmanager
async def slack_that_answers(body: dict[str, Any], **headers: str) -> AsyncIterator[str]:
    """A Slack that answers every method alike; its address."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, headers={name.replace("_", "-"): text for name, text in headers.items()})

    async with serving(answer) as url:
        yield f"{url}api/"


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Answers every request that way; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


WHO = {"ok": True, "team": "Pier 7 Marketing", "user": "caseyos", "team_id": "T0PIER7", "url": "wss://slack.example"}


async def test_all_is_well_with_the_sandbox_in_place_of_the_services(chosen: Chosen, well: Database) -> None:
    findings = await examination.examine(chosen())
    assert [one for one in findings if one.level is not Level.OK] == []
    said = {one.about: one.said for one in findings}
    assert said["schema"] == f"at {head()}, the newest"
    assert said["PostgreSQL"].startswith("PostgreSQL 1")
    assert said["Redis"].startswith("Valkey 9")
    assert "Pier 7 Marketing" in said["Slack"]
    assert said["Slack's way in"] == "Socket Mode opens"
    assert said["clock"] in {"0 s from Slack's", "1 s from Slack's"}
    assert said["Gmail"] == "profile and history can be read"
    assert said["HubSpot"] == "contacts can be read"


async def test_every_finding_that_is_not_well_says_how_to_mend_it(chosen: Chosen) -> None:
    nothing = Settings(_env_file=None)
    down = f"http://127.0.0.1:{free_port()}/"
    away = chosen(
        slack_api_url=down,
        hubspot_api_url=down,
        gmail_api_url=down,
        calendar_api_url=down,
        redis_url="redis://127.0.0.1:1/0",
    )
    for settings in (nothing, away):
        bad = [one for one in await examination.examine(settings) if one.level is not Level.OK]
        assert len(bad) >= 5
        assert [one for one in bad if not one.mend] == []


async def test_what_is_optional_and_missing_is_a_warning_and_what_is_needed_a_problem() -> None:
    seen = await found(Settings(_env_file=None))
    assert {about for about, one in seen.items() if one.level is Level.PROBLEM} == {"PostgreSQL", "Redis", "Slack"}
    assert {about for about, one in seen.items() if one.level is Level.WARNING} == {
        "settings",
        "HubSpot",
        "Calendar",
        "Gmail",
        "forms",
    }


async def test_refused_tokens_are_problems(chosen: Chosen, well: Database) -> None:
    seen = await found(
        chosen(
            slack_bot_token="xoxb-other", slack_app_token="xapp-other", hubspot_token="pat-x", google_access_token="x.y"
        )
    )
    for about, said in {
        "Slack": "invalid_auth",
        "Slack's way in": "invalid_auth",
        "HubSpot": "HubSpot",
        "Gmail": "refuses the access token",
    }.items():
        assert seen[about].level is Level.PROBLEM, about
        assert said in seen[about].said


async def test_a_missing_scope_is_a_problem_and_one_too_many_a_warning(chosen: Chosen, well: Database) -> None:
    granted = ",".join(sorted(BOT_SCOPES - {"im:history"}))
    async with slack_that_answers(WHO, x_oauth_scopes=granted) as url:
        scopes = (await found(chosen(slack_api_url=url)))["Slack's scopes"]
    assert (scopes.level, scopes.said) == (Level.PROBLEM, "missing: im:history")

    async with slack_that_answers(WHO, x_oauth_scopes=", ".join([*BOT_SCOPES, "files:write"])) as url:
        scopes = (await found(chosen(slack_api_url=url)))["Slack's scopes"]
    assert (scopes.level, scopes.said) == (Level.WARNING, "more than is used: files:write")

    async with slack_that_answers(WHO, x_oauth_scopes=",".join(BOT_SCOPES)) as url:
        assert (await found(chosen(slack_api_url=url)))["Slack's scopes"].level is Level.OK


@pytest.mark.parametrize(
    ("off", "level"),
    [(timedelta(), Level.OK), (timedelta(seconds=20), Level.WARNING), (timedelta(minutes=3), Level.PROBLEM)],
)
@pytest.mark.parametrize("direction", [1, -1])
async def test_a_clock_that_is_off_is_told_by_how_much(
    chosen: Chosen, well: Database, off: timedelta, level: Level, direction: int
) -> None:
    async with slack_that_answers(WHO, Date=format_datetime(datetime.now(UTC) + direction * off, usegmt=True)) as url:
        clock = (await found(chosen(slack_api_url=url)))["clock"]
    assert clock.level is level
    assert abs(int(clock.said.split()[0]) - off.total_seconds()) <= 2


async def test_a_schema_that_is_behind_or_missing_is_told(chosen: Chosen, urls: Urls, well: Database) -> None:
    empty = urls.owner.rsplit("/", 1)[0] + "/postgres"
    seen = (await found(chosen(database_url=empty)))["schema"]
    assert (seen.level, seen.mend) == (Level.PROBLEM, "run `caseyos migrate`")
    assert f"wants {head()}" in seen.said


async def test_a_database_that_cannot_be_had_is_a_problem_without_its_password(chosen: Chosen, urls: Urls) -> None:
    name = urls.app.rsplit("/", 1)[1]
    for url, said in {
        f"postgresql://app:swordfish@127.0.0.1:{free_port()}/{name}": "does not let us in",
        urls.app.replace("//caseyos:", "//caseyos:swordfish"): "password authentication failed",
        urls.app.replace(name, "no_such_database"): "does not exist",
        "mysql://app:swordfish@db.example/caseyos": "not a PostgreSQL address",
    }.items():
        seen = (await found(chosen(database_url=url)))["PostgreSQL"]
        assert seen.level is Level.PROBLEM
        assert said in seen.said
        assert "swordfish" not in seen.said


async def test_a_feed_that_stands_still_or_has_a_problem_is_told(
    chosen: Chosen, well: Database, clock: HandClock
) -> None:
    async with well.begin() as db:
        await cursor.postpone(db, "gmail", until=clock(), problem="Gmail refuses the access token")
    seen = (await found(chosen()))["replies"]
    assert (seen.level, seen.said) == (Level.PROBLEM, "Gmail refuses the access token")

    async with well.begin() as db:
        await cursor.advance(db, "gmail", value="1", now=clock() - timedelta(minutes=10), due_at=clock())
    seen = (await found(chosen()))["replies"]
    assert seen.level is Level.PROBLEM
    assert "last read 60" in seen.said


async def test_a_feed_that_nobody_reads_yet_is_a_warning(chosen: Chosen, database: Database, clock: HandClock) -> None:
    await furnished(database, now=clock())
    assert (await found(chosen()))["replies"].level is Level.WARNING
    assert "replies" not in await found(chosen(google_access_token=None))


async def test_a_pause_is_a_warning_that_names_who_and_why(chosen: Chosen, well: Database, clock: HandClock) -> None:
    async with well.begin() as db:
        await switch.pause(db, by="U0ORLA", reason="trade fair", now=clock())
    seen = (await found(chosen()))["sending"]
    assert seen.level is Level.WARNING
    assert "paused by U0ORLA" in seen.said
    assert "trade fair" in seen.said


async def test_a_workspace_that_was_never_started_is_a_warning(chosen: Chosen) -> None:
    seen = (await found(chosen(workspace="elsewhere")))["sending"]
    assert (seen.level, seen.said) == (Level.WARNING, "the workspace 'elsewhere' is not made yet")


async def test_work_that_waits_for_somebody_is_counted(chosen: Chosen, well: Database, clock: HandClock) -> None:
    now, move = clock(), await proposed(well, now=clock())
    async with well.begin() as db:
        fact = Signal("forms", "form_submitted", "one", {}, now)
        stored = await signal.store(db, fact, workspace=well.workspace, now=now)
        assert stored is not None
        await signal.postpone(db, stored, until=now, note="nobody is set to get it: set CASEYOS_DEFAULT_OWNER")
        for state in ("needs_human", "blocked", "blocked"):
            row = {"action": "send_email", "step": 0, "key": secrets.token_hex(8), "params": {}, "state": state}
            times = {"attempt": 1, "fence": 1, "created_at": now, "updated_at": now}
            await db.execute(
                effects.insert().values(workspace_id=well.workspace, id=new_id(), move_id=move, **row, **times)
            )

    warnings = [one.said for one in await examination.examine(chosen()) if one.level is Level.WARNING]

    assert warnings == [
        "1 wait: nobody is set to get it: set CASEYOS_DEFAULT_OWNER",
        "1 could not be read back",
        "2 are blocked",
    ]


async def test_settings_that_contradict_each_other_are_told(chosen: Chosen, tmp_path: Path) -> None:
    told = {
        one.said: one.level
        for one in await examination.examine(
            chosen(
                slack_bot_token="xapp-swapped",
                slack_app_token=None,
                slack_signing_secret=None,
                mail_horizon_s=5,
                google_credentials=tmp_path / "credentials.json",
                daily_mail_cap=0,
            )
        )
        if one.about == "settings"
    }
    for start, level in {
        "CASEYOS_SLACK_BOT_TOKEN does not begin with xoxb-": Level.PROBLEM,
        "no way for a press to come in": Level.PROBLEM,
        "CASEYOS_MAIL_HORIZON_S (5) is shorter": Level.PROBLEM,
        "CASEYOS_GOOGLE_ACCESS_TOKEN and CASEYOS_GOOGLE_CREDENTIALS": Level.WARNING,
        "CASEYOS_DAILY_MAIL_CAP is 0": Level.WARNING,
    }.items():
        assert [found for said, found in told.items() if said.startswith(start)] == [level], start


async def test_google_credentials_that_lack_a_scope_or_cannot_be_read_are_told(
    chosen: Chosen, sandbox: Sandbox, well: Database, tmp_path: Path
) -> None:
    file = tmp_path / "credentials.json"
    held = {
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "secret",
        "refresh_token": "refresh",
        "token_uri": f"{sandbox.url}/google/token",
        "scopes": ["https://www.googleapis.com/auth/gmail.readonly"],
    }
    file.write_text(json.dumps(held))
    seen = await found(chosen(google_access_token=None, google_credentials=file))
    assert seen["Gmail"].level is Level.OK, seen["Gmail"]
    assert (seen["Gmail's scopes"].level, seen["Gmail's scopes"].said) == (Level.PROBLEM, "missing: gmail.compose")

    file.write_text("{")
    seen = await found(chosen(google_access_token=None, google_credentials=file))
    assert seen["Gmail"].level is Level.PROBLEM
    assert "is not JSON" in seen["Gmail"].said


async def test_a_google_token_that_may_not_read_the_history_is_a_problem(chosen: Chosen, well: Database) -> None:
    async def only_the_profile(request: web.Request) -> web.Response:
        if request.path.endswith("/profile"):
            return web.json_response({"emailAddress": "casey@pier7.example", "historyId": "7"})
        return web.json_response({"error": {"code": 403, "message": "Insufficient scopes"}}, status=403)

    async with serving(only_the_profile) as url:
        seen = (await found(chosen(gmail_api_url=url)))["Gmail"]
    assert (seen.level, seen.said) == (Level.PROBLEM, "Gmail: Insufficient scopes")
    assert "gmail.readonly" in seen.mend


async def test_a_portal_without_our_property_for_tasks_is_a_problem_with_its_mend(
    chosen: Chosen, well: Database, sandbox: Sandbox
) -> None:
    assert (await found(chosen()))["HubSpot's tasks"].level is Level.OK
    await sandbox.control("POST", "/control/hubspot", {"unique_key": False})
    try:
        seen = (await found(chosen()))["HubSpot's tasks"]
    finally:
        await sandbox.control("POST", "/control/hubspot", {"unique_key": True})
    assert seen.level is Level.PROBLEM
    assert "caseyos_key" in seen.said


async def test_a_calendar_that_may_not_be_read_is_a_problem(chosen: Chosen, well: Database) -> None:
    assert (await found(chosen()))["Calendar"].level is Level.OK

    async def refused(_: web.Request) -> web.Response:
        return web.json_response({"error": {"code": 403, "message": "Insufficient scopes"}}, status=403)

    async with serving(refused) as url:
        seen = (await found(chosen(calendar_api_url=url)))["Calendar"]
    assert seen.level is Level.PROBLEM
    assert "calendar" in seen.mend


async def test_a_mapping_file_that_cannot_be_used_is_a_problem(chosen: Chosen, well: Database, tmp_path: Path) -> None:
    file = tmp_path / "forms.toml"
    file.write_text("forms = 1")
    seen = (await found(chosen(forms_file=file)))["forms"]
    assert seen.level is Level.PROBLEM
    assert str(file) in seen.said


async def test_a_redis_that_does_not_answer_is_a_problem(chosen: Chosen, well: Database) -> None:
    seen = (await found(chosen(redis_url=f"redis://:swordfish@127.0.0.1:{free_port()}/0")))["Redis"]
    assert seen.level is Level.PROBLEM
    assert "swordfish" not in seen.said


def test_no_secret_is_ever_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    down = f"http://127.0.0.1:{free_port()}/"
    values = {name: f"secret-{name}-{secrets.token_hex(4)}" for name in ("slack_bot_token", "hubspot_token")}
    settings = Settings(
        _env_file=None,
        database_url=f"postgresql://app:swordfish@127.0.0.1:{free_port()}/caseyos",
        redis_url=f"redis://:swordfish@127.0.0.1:{free_port()}/0",
        slack_api_url=down,
        hubspot_api_url=down,
        gmail_api_url=down,
        calendar_api_url=down,
        google_access_token="ya29.swordfish",
        forms_secret="swordfish",
        **values,
    )
    monkeypatch.setenv("COLUMNS", "200")

    assert doctor.run(settings) == 1

    printed = capsys.readouterr().out
    assert "PostgreSQL" in printed
    for secret in ("swordfish", *values.values()):
        assert secret not in printed


def test_a_secret_in_an_answer_is_taken_out_before_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(_env_file=None, forms_secret="swordfish")
    assert without_secrets("they said swordfish\nto me", settings) == "they said […]\\nto me"

    Console(width=160).print(doctor.table([Finding("Slack", Level.PROBLEM, "they said swordfish", "mend")], settings))
    assert "they said […]" in capsys.readouterr().out


async def test_the_exit_code_is_that_of_the_worst_finding(chosen: Chosen, well: Database) -> None:
    assert doctor.exit_code([Finding("x", Level.OK, "y")]) == 0
    assert doctor.exit_code([Finding("x", Level.WARNING, "y", "z")]) == 0
    assert doctor.exit_code([Finding("x", Level.WARNING, "y", "z"), Finding("x", Level.PROBLEM, "y", "z")]) == 1
    assert doctor.exit_code(await examination.examine(chosen())) == 0


async def test_without_colour_the_table_says_the_state_in_words(chosen: Chosen, well: Database) -> None:
    console = Console(width=160, no_color=True, force_terminal=True)
    with console.capture() as captured:
        console.print(doctor.table(await examination.examine(chosen(hubspot_token=None)), chosen()))
    lines = captured.get().splitlines()
    assert "\x1b[3" not in captured.get()
    [hubspot] = [line for line in lines if line.startswith("HubSpot")]
    assert "warning" in hubspot
