"""`caseyos audit`: a whole chain, broken ones that are named, heads kept outside, and the story of a move in sentences."""

import asyncio
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from core import audit, audit_heads, audit_story
from core.audit import Entry, Head, What
from core.audit_heads import Heads
from core.audit_story import Story
from core.audit_verify import Kind
from core.identity import new_id
from core.ports import Receipt
from tests.support.factories import furnished

AT = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
DANA = "dana@northpier.example"
CONTENT = "1a2b3c4d5e6f" + "0" * 52


@pytest.fixture
def caseyos(urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command as a terminal would."""
    monkeypatch.chdir(tmp_path)

    async def run(*words: str) -> Result:
        env = {"CASEYOS_DATABASE_URL": urls.app, "CASEYOS_WORKSPACE": "test", "COLUMNS": "200"}
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=env)

    return run


@pytest.fixture
async def move(database) -> UUID:
    """A mail's story from proposal to reply, in a workspace whose owner has a name."""
    await furnished(database, now=AT)
    move, effect = new_id(), new_id()
    sent = Receipt("18c2f0aa", "answer")
    entries = [
        Entry(what=What.PROPOSED, move=move, to=(DANA,), grounds="form_inquiry", said="Reply to Dana Whitfield"),
        Entry(what=What.APPROVED, move=move, who="U0CASEY", to=(DANA,), content_hash=CONTENT),
        Entry(what=What.HELD, move=move, effect=effect, until=AT + timedelta(seconds=30)),
        Entry(what=What.ARMED, move=move, effect=effect),
        Entry(what=What.UNKNOWN, move=move, effect=effect, said="the answer was lost"),
        Entry(what=What.FOUND, move=move, effect=effect, to=(DANA,), receipt=sent),
        Entry(what=What.OUTCOME, move=move, to=(DANA,), grounds="same mail thread", said="Dana\nsaid: yes!"),
    ]
    async with database.begin() as db:
        for number, entry in enumerate(entries):
            await audit.append(db, [entry], now=AT + timedelta(seconds=10 * number))
    return move


async def superuser(urls, statement: str) -> None:
    connection = await asyncpg.connect(urls.owner)
    await connection.execute(statement)
    await connection.close()


async def test_a_whole_chain_is_sound(caseyos, move):
    ran = await caseyos("audit", "verify")
    assert ran.exit_code == 0, ran.output
    assert "Sound: 7 entries" in ran.stdout
    assert "the newest is 7" in ran.stdout
    assert "Not compared with heads kept outside" in ran.stdout


async def test_a_broken_chain_is_named_and_is_an_exit_code(caseyos, urls, move):
    await superuser(urls, "update audit_entries set who = 'U0NOBODY' where seq = 2")
    await superuser(urls, "delete from audit_entries where seq >= 6")
    ran = await caseyos("audit", "verify")
    assert ran.exit_code == 1
    assert "BROKEN: 5 entries were read" in ran.stdout
    assert "entry 2: changed after it was written" in ran.stdout
    assert "entries 6 to 7: the newest 2 missing" in ran.stdout
    said = json.loads((await caseyos("audit", "verify", "--json")).stdout)
    assert said["sound"] is False
    assert said["broken"] == [
        {"kind": "changed", "first": 2, "last": 2, "missing": 0},
        {"kind": "cut", "first": 6, "last": 7, "missing": 2},
    ]


async def test_a_cut_that_turned_the_head_back_is_seen_by_the_head_outside(caseyos, urls, database, move, tmp_path):
    kept = tmp_path / "heads"
    async with database.begin() as db:
        Heads(kept).tell(await audit.head(db), AT)
    await superuser(
        urls,
        "delete from audit_texts where seq > 5; delete from audit_entries where seq > 5;"
        " update audit_heads set seq = 5, hash = (select hash from audit_entries where seq = 5)",
    )
    assert (await caseyos("audit", "verify")).exit_code == 0, "nothing inside the database tells"
    ran = await caseyos("audit", "verify", "--heads", str(kept))
    assert ran.exit_code == 1
    assert "entries 6 to 7: the newest 2 missing" in ran.stdout
    assert "Compared with heads kept outside the database: 1." in ran.stdout


async def test_heads_that_cannot_be_read_are_no_all_clear(caseyos, move, tmp_path):
    ran = await caseyos("audit", "verify", "--heads", str(tmp_path / "nowhere"))
    assert ran.exit_code == 2
    assert "cannot be read" in ran.output
    assert "Sound" not in ran.output


async def test_show_tells_the_story_in_the_readers_time_zone(caseyos, move):
    ran = await caseyos("audit", "show", str(move)[:23], "--zone", "Asia/Tokyo")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.splitlines()[1:] == [
        f"Tue 24 Nov 2026, 18:42:07: CaseyOS proposed this for {DANA}, on the grounds of form_inquiry:"
        " Reply to Dana Whitfield.",
        f"Tue 24 Nov 2026, 18:42:17: Casey Morgan approved the plan for {DANA}, content 1a2b3c4d5e6f.",
        "Tue 24 Nov 2026, 18:42:27: CaseyOS held it back until Tue 24 Nov 2026, 18:42:37.",
        "Tue 24 Nov 2026, 18:42:37: CaseyOS was about to send the request.",
        "Tue 24 Nov 2026, 18:42:47: CaseyOS got no clear answer, and began to check: the answer was lost.",
        f"Tue 24 Nov 2026, 18:42:57: CaseyOS read the service back and found it done for {DANA};"
        " receipt 18c2f0aa, known by answer.",
        f"Tue 24 Nov 2026, 18:43:07: CaseyOS saw what came of it for {DANA}, on the grounds of same mail thread:"
        " Dana said: yes!",
    ]


async def test_show_says_what_was_erased(caseyos, database, move):
    async with database.begin() as db:
        await audit.erase(db, email=DANA, by="U0CASEY", now=AT)
    ran = await caseyos("audit", "show", str(move))
    assert "Dana" not in ran.stdout
    assert DANA not in ran.stdout
    assert "CaseyOS proposed this for (erased), on the grounds of form_inquiry: (erased)." in ran.stdout
    assert "Casey Morgan approved the plan for (erased), content (erased)" in ran.stdout
    assert "receipt 18c2f0aa, known by answer" in ran.stdout
    assert "Readable texts erased, as recorded: 5." in (await caseyos("audit", "verify")).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("audit", "show", "ffffffff"), "There is no move ffffffff"),
        (("audit", "show", "nonsense"), "There is no move nonsense"),
        (("audit", "show"), "Say `caseyos audit verify`"),
        (("audit", "dance"), "Say `caseyos audit verify`"),
        (("audit", "show", "0", "--zone", "Mars/Olympus"), "There is no time zone Mars/Olympus"),
    ],
)
async def test_what_cannot_be_told_is_refused_in_a_sentence(caseyos, database, words, said):
    ran = await caseyos(*words)
    assert ran.exit_code in {1, 2}
    assert said in ran.output


async def test_two_moves_that_begin_alike_are_not_guessed_between(caseyos, database):
    first = [UUID(f"01a20cc8-c752-7f81-{n}0e2-bd6f62dfe732") for n in (8, 9)]
    async with database.begin() as db:
        await audit.append(db, [Entry(what=What.DONE, move=move) for move in first], now=AT)
    assert "Several moves" in (await caseyos("audit", "show", "01a20cc8")).output
    assert "closed this as done" in (await caseyos("audit", "show", "01a20cc8-c752-7f81-9")).output


async def test_every_word_has_a_sentence(database):
    move = new_id()
    async with database.begin() as db:
        await audit.append(db, [Entry(what=what, move=move) for what in What], now=AT)
        story: Story = await audit_story.of_move(db, move)
    told = story.sentences("Europe/Dublin")
    assert len(told) == len(What)
    assert not [line for line in told if "a later release" in line]
    assert len({line.partition(": ")[2] for line in told}) == len(What)


def test_a_head_is_told_once_and_read_again(tmp_path, caplog):
    here, other = UUID(int=1), UUID(int=2)
    kept = tmp_path / "heads"
    heads = Heads(kept)
    with caplog.at_level(logging.INFO, logger="core.audit_heads"):
        heads.tell(None, AT)
        heads.tell(Head(here, 3, "c" * 64), AT)
        heads.tell(Head(here, 3, "c" * 64), AT)
        heads.tell(Head(here, 4, "d" * 64), AT + timedelta(seconds=59))
        heads.tell(Head(here, 5, "e" * 64), AT + timedelta(seconds=60))
    assert [(record.seq, record.hash) for record in caplog.records] == [(3, "c" * 64), (5, "e" * 64)]
    audit_heads.write(kept, Head(other, 9, "9" * 64), AT)
    with kept.open("a") as file:
        file.write('{"at": "half a li')
    assert kept.stat().st_mode & 0o077 == 0
    assert audit_heads.read(kept, here) == {3: "c" * 64, 4: "d" * 64, 5: "e" * 64}
    assert audit_heads.read(kept, other) == {9: "9" * 64}


def test_a_file_that_cannot_be_written_stops_nobody(tmp_path, caplog):
    heads = Heads(tmp_path / "no folder" / "heads")
    heads.tell(Head(UUID(int=1), 1, "a" * 64), AT)
    assert "cannot be kept" in caplog.text


def test_the_reference_names_every_word_and_every_kind_of_damage():
    page = (Path(__file__).resolve().parents[2] / "docs/reference/audit.md").read_text()
    words = page.split("Words: ")[1].split("\n\n")[0]
    assert re.findall(r"`(\w+)`", words) == [str(what) for what in What]
    table = page.split("| found | means |")[1].split("\n\n")[0]
    named = {
        word
        for line in table.splitlines()
        for word in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
    }
    assert named == {str(kind) for kind in Kind}
