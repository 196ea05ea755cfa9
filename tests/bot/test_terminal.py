"""The command line about moves: the list, the receipt that is made again, and clear refusals."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from bot.embedded.process import free_port
from bot.terminal import short_ids
from core import cards, queue
from core.database import Database
from core.tables import moves, score_receipts
from tests.conftest import Urls
from tests.support.clock import HandClock
from tests.support.command_line import Caseyos
from tests.support.factories import furnished, proposed


@pytest.fixture
async def move(database: Database, clock: HandClock) -> UUID:
    """One open move of Casey's in a furnished workspace."""
    await furnished(database, now=clock(), zone="Asia/Tokyo")
    return await proposed(database, now=clock())


async def shown(database: Database, move: UUID, at: datetime) -> None:
    """The move's card was posted."""
    async with database.begin() as db:
        await cards.to_show(db, move, at)


async def test_moves_lists_open_moves_with_score_owner_and_due_in_the_owners_zone(
    caseyos: Caseyos, database: Database, move: UUID
) -> None:
    async with database.begin() as db:
        due = datetime(2031, 11, 24, 20, 30, tzinfo=UTC)
        await db.execute(update(moves).where(moves.c.id == move).values(due_at=due))

    ran = await caseyos("moves")

    assert ran.exit_code == 0
    [line] = [line for line in ran.stdout.splitlines() if "Dana Whitfield" in line]
    assert "Casey Morgan" in line
    assert "Tue 25 Nov, 05:30" in line, "20:30 UTC is the next morning in Tokyo"
    assert str(move)[:13] in line
    assert line.split()[0] == "1"


async def test_moves_ranks_the_better_move_first_and_leaves_decided_ones_out(
    caseyos: Caseyos, database: Database, move: UUID, clock: HandClock
) -> None:
    old = await proposed(database, now=clock() - timedelta(days=3))
    gone = await proposed(database, now=clock())
    async with database.begin() as db:
        await queue.dismiss(db, gone, reason="not_relevant", by="U0CASEY", now=clock())

    lines = [json.loads(line) for line in (await caseyos("moves", "--json")).stdout.splitlines()]

    assert [line["id"] for line in lines] == [str(move), str(old)]
    assert lines[0]["aps"] > lines[1]["aps"]
    for line in lines:
        assert sum(reason["points"] for reason in line["reasons"]) == line["aps"]
        assert set(line) == {"id", "aps", "title", "owner", "due_at", "zone", "reasons"}


async def test_an_empty_list_says_so(caseyos: Caseyos, database: Database, clock: HandClock) -> None:
    await furnished(database, now=clock())
    assert "Nothing is worth anybody's time" in (await caseyos("moves")).stdout
    assert (await caseyos("moves", "--json")).stdout == ""


async def test_short_ids_in_the_list_are_long_enough_to_be_used(
    caseyos: Caseyos, database: Database, move: UUID, clock: HandClock
) -> None:
    for _ in range(3):
        await proposed(database, now=clock())
    listed = [line.split()[-1] for line in (await caseyos("moves")).stdout.splitlines() if "Dana" in line]
    assert len(set(listed)) == 4
    for name in listed:
        assert (await caseyos("why", name)).exit_code == 0


def test_short_ids_grow_until_they_tell_moves_of_one_millisecond_apart() -> None:
    ids = [UUID(f"01a20cc8-c752-7f81-{n}0e2-bd6f62dfe732") for n in (8, 9)]
    assert short_ids(ids) == ["01a20cc8-c752-7f81-8", "01a20cc8-c752-7f81-9"]
    assert short_ids(ids[:1]) == ["01a20cc8-c752"]


async def test_why_prints_reasons_that_add_up_and_makes_the_score_again(
    caseyos: Caseyos, database: Database, move: UUID, clock: HandClock
) -> None:
    await shown(database, move, clock())

    ran = await caseyos("why", str(move))

    assert ran.exit_code == 0, ran.output
    receipt, _, now = ran.stdout.partition("Recomputed from the receipt's facts")
    points = [int(line.split()[0]) for line in receipt.splitlines() if line.strip().startswith(("+", "-"))]
    [total] = [int(line.split()[0]) for line in receipt.splitlines() if line.rstrip().endswith("the score")]
    assert sum(points) == total
    assert now.startswith(f": {total}. Both agree")
    assert "Now, " in now


async def test_why_shows_the_score_of_then_and_the_score_of_now(
    caseyos: Caseyos, database: Database, clock: HandClock
) -> None:
    await furnished(database, now=clock())
    early = clock() - timedelta(days=5)
    waits = await proposed(database, now=early)
    await shown(database, waits, early)

    then, _, now = (await caseyos("why", str(waits))).stdout.partition("Recomputed")

    assert f"Shown {early:%Y-%m-%d %H:%M} UTC" in then
    assert "waits 0 min" in then
    assert "waits 5 days" in now


async def test_why_takes_the_first_characters_of_an_id(caseyos: Caseyos, move: UUID) -> None:
    for start in (str(move)[:18], move.hex, str(move).upper()[:20]):
        ran = await caseyos("why", start)
        assert ran.exit_code == 0, ran.output
        assert "No card has shown this move's score yet." in ran.stdout


async def test_why_refuses_what_names_no_move(caseyos: Caseyos, move: UUID) -> None:
    for unknown in (str(uuid4()), "not-a-move", "ffff", "' or 1=1", "%", "-" * 3):
        ran = await caseyos("why", "--", unknown)
        assert ran.exit_code == 1
        assert f"There is no move {unknown}" in ran.stderr


async def test_why_refuses_a_start_that_several_moves_share(
    caseyos: Caseyos, database: Database, move: UUID, clock: HandClock
) -> None:
    await proposed(database, now=clock())
    ran = await caseyos("why", str(move)[:4])
    assert ran.exit_code == 1
    assert "Several moves have an id that begins with" in ran.stderr


async def _tampered(database: Database, move: UUID, change: Callable[[dict[str, Any]], None]) -> None:
    async with database.begin() as db:
        mine = score_receipts.c.move_id == move
        receipt = (await db.execute(select(score_receipts.c.receipt).where(mine))).scalar_one()
        change(receipt)
        await db.execute(update(score_receipts).where(mine).values(receipt=receipt))


async def test_why_fails_when_the_receipts_facts_make_another_score(
    caseyos: Caseyos, database: Database, move: UUID, clock: HandClock
) -> None:
    await shown(database, move, clock())
    await _tampered(database, move, lambda receipt: receipt["facts"].update(value=50_000.0))
    ran = await caseyos("why", str(move))
    assert ran.exit_code == 1
    assert "does not agree: recomputed" in ran.stdout


async def test_why_fails_when_the_reasons_do_not_add_up(
    caseyos: Caseyos, database: Database, move: UUID, clock: HandClock
) -> None:
    await shown(database, move, clock())
    await _tampered(database, move, lambda receipt: receipt["score"].update(aps=99))
    ran = await caseyos("why", str(move))
    assert ran.exit_code == 1
    assert "add up to" in ran.stdout


async def test_why_fails_on_weights_that_this_release_does_not_hold(
    caseyos: Caseyos, database: Database, move: UUID, clock: HandClock
) -> None:
    await shown(database, move, clock())
    await _tampered(database, move, lambda receipt: receipt.update(weights="1999-01-01"))
    ran = await caseyos("why", str(move))
    assert ran.exit_code == 1
    assert "made with the weights of 1999-01-01" in ran.stdout


@pytest.mark.parametrize("words", [("moves",), ("why", "0"), ("pause",), ("resume",)])
async def test_without_a_database_every_command_says_which_setting_is_missing(
    caseyos: Caseyos, words: tuple[str, ...]
) -> None:
    ran = await caseyos(*words, database_url="")
    assert ran.exit_code == 2
    assert "CASEYOS_DATABASE_URL is not set" in ran.stderr
    assert "Traceback" not in ran.output


async def test_a_database_that_cannot_be_had_is_named_in_one_sentence(caseyos: Caseyos, urls: Urls) -> None:
    wrong = {
        f"postgresql://app:pw@127.0.0.1:{free_port()}/caseyos": "cannot be reached",
        urls.app.replace(urls.app.rsplit("/", 1)[1], "no_such_database"): "does not exist",
        urls.app.replace("//caseyos:", "//caseyos:not-the-password"): "password authentication failed",
        "mysql://somewhere/else": "not a PostgreSQL address",
        urls.owner.rsplit("/", 1)[0] + "/postgres": "run `caseyos migrate`",
    }
    for url, said in wrong.items():
        ran = await caseyos("moves", database_url=url)
        assert ran.exit_code == 2, (url, ran.output)
        assert said in ran.stderr
        assert "Traceback" not in ran.output
        assert "not-the-password" not in ran.output


async def test_a_workspace_sees_no_other_workspaces_moves(caseyos: Caseyos, move: UUID) -> None:
    assert (await caseyos("moves", "--json", workspace="elsewhere")).stdout == ""
    assert (await caseyos("why", str(move), workspace="elsewhere")).exit_code == 1
