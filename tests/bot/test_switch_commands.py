"""The command line turns the switches: pause and resume, here and everywhere, and dry runs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from core import effect_rows, switch
from core.database import Database
from core.identity import workspace_id
from core.tables import audit_entries
from tests.conftest import Urls
from tests.support.clock import HandClock
from tests.support.command_line import Caseyos
from tests.support.factories import furnished, proposed
from tests.support.product import HOLD, Product


async def test_pause_stops_and_resume_goes_on_as_the_command_line(
    caseyos: Caseyos, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    assert (await caseyos("pause", "trade fair")).exit_code == 0
    async with database.begin() as db:
        paused = await switch.sending(db)
    assert (paused.paused, paused.here.by, paused.here.reason) == (True, "command line", "trade fair")

    ran = await caseyos("resume")
    assert "Resumed. Nothing was waiting." in ran.stdout
    async with database.begin() as db:
        resumed = await switch.sending(db)
    assert (resumed.paused, resumed.here.by) == (False, "command line")


async def test_resume_lets_go_on_what_the_pause_blocked(caseyos: Caseyos, database: Database, product: Any) -> None:
    form = await product.fill_form(message="We would like to exhibit.")
    await product.settle()
    await product.approve(await product.card())
    assert (await caseyos("pause")).exit_code == 0
    await product.settle()
    assert await product.mails_to(form["email"]) == []

    assert "Waiting effects that go on: 1" in (await caseyos("resume")).stdout
    async with database.begin() as db:
        assert len(await effect_rows.due(db, datetime.now(UTC) + timedelta(seconds=1))) == 1


async def test_pause_of_a_workspace_that_is_not_there_is_no_silent_success(caseyos: Caseyos) -> None:
    for words in (["pause"], ["resume"], ["dry-run", "on"], ["dry-run", "off"]):
        ran = await caseyos(*words, workspace="elsewhere")
        assert ran.exit_code == 1
        assert "There is no workspace 'elsewhere'" in ran.stderr


async def test_pause_of_all_stops_a_workspace_that_the_command_does_not_name(
    caseyos: Caseyos, product: Product, urls: Urls
) -> None:
    form = await product.fill_form(message="We would like to exhibit.")
    await product.settle()
    await product.approve(await product.card())
    ran = await caseyos("pause", "--all", "trade fair", workspace="elsewhere")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "Paused in all workspaces" in ran.stdout
    await product.settle()
    assert "all workspaces are paused by command line; `/moves resume all`" in str((await product.card())["blocks"])

    ran = await caseyos("resume")
    assert "all workspaces are paused by command line: `caseyos resume --all`" in ran.stdout
    assert "paused in all workspaces by command line" in (await caseyos("doctor")).stdout
    assert "Resumed in all workspaces" in (await caseyos("resume", "--all", workspace="elsewhere")).stdout
    product.clock.now = max(product.clock.now, datetime.now(UTC)) + HOLD
    for _ in range(3):
        await product.settle()
        product.clock.advance(HOLD)
    assert len(await product.mails_to(form["email"])) == 1

    elsewhere = Database(urls.app, workspace=workspace_id("elsewhere"))
    async with elsewhere.begin() as db:
        rows = (await db.execute(select(audit_entries).order_by(audit_entries.c.seq))).all()
    await elsewhere.close()
    assert [(row.what, row.who, row.grounds) for row in rows if row.grounds == "all workspaces"] == [
        ("paused", "command line", "all workspaces"),
        ("resumed", "command line", "all workspaces"),
    ]


async def test_a_dry_run_is_switched_on_shown_and_ended(caseyos: Caseyos, database: Database, clock: HandClock) -> None:
    await furnished(database, now=clock())
    assert "No dry run is on" in (await caseyos("dry-run")).stdout
    assert "on for the whole workspace" in (await caseyos("dry-run", "on")).stdout
    assert "on for U0CASEY" in (await caseyos("dry-run", "on", "--owner", "U0CASEY")).stdout
    shown = (await caseyos("dry-run")).stdout
    assert "A dry run is on for the whole workspace, switched on by command line." in shown
    assert "A dry run is on for U0CASEY, switched on by command line." in shown
    assert "a dry run is on for U0CASEY, the whole workspace" in " ".join((await caseyos("doctor")).stdout.split())
    for words in (["dry-run", "off"], ["dry-run", "off", "--owner", "U0CASEY"]):
        assert "The dry run is off for" in (await caseyos(*words)).stdout
    async with database.begin() as db:
        assert (await switch.sending(db)).dry_runs == {}
        rows = await db.execute(select(audit_entries).where(audit_entries.c.what.like("dry_run%")))
        assert [(row.what, row.who) for row in rows] == [
            *[("dry_run_on", "command line")] * 2,
            *[("dry_run_off", "command line")] * 2,
        ]


async def test_a_dry_run_for_nobody_is_no_silent_success(
    caseyos: Caseyos, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    ran = await caseyos("dry-run", "on", "--owner", "U0NOBODY")
    assert ran.exit_code == 1
    assert "Nobody is known here as U0NOBODY" in ran.stderr
    await proposed(database, now=clock(), owner="U0NOBODY")
    assert (await caseyos("dry-run", "on", "--owner", "U0NOBODY")).exit_code == 0
    assert (await caseyos("dry-run", "perhaps")).exit_code == 2
