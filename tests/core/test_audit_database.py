"""The audit in PostgreSQL: appended by many at once, beyond the app's reach once written, checked and erased."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from core import audit, audit_verify
from core import effect as machine
from core.audit import Entry, What
from core.audit_verify import Damage, Kind
from core.database import Database
from core.identity import new_id, workspace_id
from core.ports import Receipt
from core.tables import audit_entries

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


class ChangedItsMind(Exception):
    """Rolls a transaction back."""


async def wrote(database, *entries, now=NOW):
    async with database.begin() as db:
        await audit.append(db, entries, now=now)


async def checked(database, **anchors):
    async with database.begin() as db:
        return await audit_verify.verify(db, **anchors)


async def test_what_is_appended_is_a_sound_chain_from_one_on(database):
    assert (await checked(database)).sound, "an audit without an entry"
    move = new_id()
    await wrote(database, Entry(what=What.PROPOSED, move=move, grounds="form_inquiry", said="Reply to Dana"))
    approved = Entry(
        what=What.APPROVED, who="U0CASEY", move=move, to=("dana@northpier.example",), content_hash="ab" * 32
    )
    applied = Entry(what=What.APPLIED, move=move, effect=new_id(), receipt=Receipt("m1", "read back"))
    await wrote(database, approved, Entry(what=What.HELD, move=move, until=NOW + timedelta(seconds=30)), applied)

    report = await checked(database)

    assert report.sound, report.broken
    assert report.entries == 4
    async with database.begin() as db:
        rows = (await db.execute(select(audit_entries).order_by(audit_entries.c.seq))).all()
        head = await audit.head(db)
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    assert [row.what for row in rows] == ["proposed", "approved", "held", "applied"]
    assert (rows[3].evidence, rows[3].known_by) == ("m1", "read back")
    assert (head.seq, head.hash) == (4, rows[3].hash)


async def test_many_appending_at_once_make_one_chain_without_a_gap(database):
    async def work(number):
        for turn in range(10):
            await wrote(database, *[Entry(what=What.ARMED, said=f"{number} {turn} {n}") for n in range(1 + turn % 3)])

    await asyncio.gather(*(work(number) for number in range(12)))

    report = await checked(database)
    assert report.sound, report.broken
    assert report.entries == 12 * sum(1 + turn % 3 for turn in range(10))


async def test_once_its_key_is_known_a_connection_appends_in_one_round_trip(database):
    await wrote(database, Entry(what=What.PAUSED))
    statements = []
    async with database.begin() as db:
        await audit.append(db, [Entry(what=What.PAUSED)], now=NOW)  # whichever connection this is
        event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        await audit.append(db, [Entry(what=What.RESUMED), Entry(what=What.PAUSED)], now=NOW)
        assert len(statements) == 1
        await audit.append(db, [Entry(what=What.RESUMED)] * 450, now=NOW)
        assert len(statements) == 4
    assert (await checked(database)).entries == 454


async def test_notes_are_written_together_at_the_end_and_forgotten_with_their_transaction(urls):
    database = Database(urls.app, workspace=workspace_id("test"), pool_size=1)

    async def changes_its_mind():
        async with database.begin() as db:
            audit.note(db, Entry(what=What.DISMISSED), now=NOW)
            raise ChangedItsMind

    with pytest.raises(ChangedItsMind):
        await changes_its_mind()
    async with database.begin() as db:
        await audit.flush(db)
    assert (await checked(database)).entries == 0
    with pytest.raises(ChangedItsMind):
        await changes_its_mind()
    async with database.begin() as db:
        audit.note(db, Entry(what=What.SNOOZED), now=NOW)
        audit.note(db, Entry(what=What.WOKEN), now=NOW + timedelta(hours=1))
        assert (await db.execute(text("select count(*) from audit_entries"))).scalar_one() == 0
        await audit.flush(db)
        await audit.flush(db)
    async with database.begin() as db:
        rows = (await db.execute(select(audit_entries.c.what, audit_entries.c.at).order_by(audit_entries.c.seq))).all()
    assert [tuple(row) for row in rows] == [("snoozed", NOW), ("woken", NOW + timedelta(hours=1))]
    assert (await checked(database)).sound
    await database.close()


async def test_a_key_made_in_a_transaction_that_was_rolled_back_is_not_used(urls):
    database = Database(urls.app, workspace=workspace_id("test"), pool_size=1)

    async def changes_its_mind():
        async with database.begin() as db:
            await audit.append(db, [Entry(what=What.PAUSED)], now=NOW)
            raise ChangedItsMind

    with pytest.raises(ChangedItsMind):
        await changes_its_mind()
    another = Database(urls.app, workspace=database.workspace)
    await wrote(another, Entry(what=What.PAUSED, said="with the key that counts"))
    await wrote(database, Entry(what=What.PAUSED, said="again"))
    report = await checked(database)
    assert report.sound, report.broken
    assert report.entries == 2
    await another.close()
    await database.close()


async def test_the_app_cannot_take_back_what_it_wrote(database):
    await wrote(database, Entry(what=What.PAUSED, said="stop"))
    for statement in (
        "update audit_entries set who = 'x'",
        "delete from audit_entries",
        "truncate audit_entries",
        "delete from audit_texts",
        "truncate audit_texts",
        "delete from audit_heads",
        "update audit_keys set key = 'x'",
        "delete from audit_keys",
        "select 1 from audit_entries for update",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.begin() as db:
                await db.execute(text(statement))


async def test_workspaces_have_chains_of_their_own(database, urls):
    other = Database(urls.app, workspace=workspace_id("another"))
    await wrote(database, Entry(what=What.PAUSED), Entry(what=What.RESUMED))
    await wrote(other, Entry(what=What.PAUSED))
    assert [(await checked(one)).entries for one in (database, other)] == [2, 1]
    await other.close()


async def test_strange_characters_neither_stop_the_audit_nor_break_the_chain(database):
    strange = 'nul \x00, half \ud83d, 😀, \u2028, quote " back \\ , é and e\u0301'
    receipt = Receipt(f"id {strange}", f"known {strange}")
    await wrote(database, Entry(what=What.OUTCOME, to=(strange,), said=strange, receipt=receipt, content_hash="a"))
    report = await checked(database)
    assert report.sound, report.broken


@pytest.mark.parametrize(
    "given", [{"who": "dana@northpier.example"}, {"grounds": "because\nof"}, {"grounds": "x" * 81}]
)
def test_what_can_never_be_erased_must_be_a_word_of_ours(given):
    with pytest.raises(ValueError, match="word of ours"):
        Entry(what=What.BLOCKED, **given)


async def test_erasing_a_person_leaves_no_text_and_a_sound_chain(database, urls):
    move = new_id()
    await wrote(
        database,
        Entry(what=What.PROPOSED, move=move, said="Reply to Dana Whitfield"),
        Entry(
            what=What.APPROVED, move=move, to=("Dana@northpier.example", "x@northpier.example"), content_hash="c" * 64
        ),
        Entry(what=What.APPROVED, move=new_id(), to=("omar@quayside.example",), said="Omar's"),
        Entry(what=What.SUPPRESSED, to=("dana@northpier.example",)),
    )
    async with database.begin() as db:
        assert await audit.erase(db, email="dana@northpier.example", by="U0CASEY", now=NOW) == 3
    await wrote(database, Entry(what=What.PAUSED))

    report = await checked(database)

    assert report.sound, report.broken
    assert (report.entries, report.erased) == (6, 3)
    connection = await asyncpg.connect(urls.owner)
    everything = str([await connection.fetch(f"select * from {t}") for t in ("audit_entries", "audit_texts")]).lower()
    assert "dana" not in everything
    assert "c" * 64 not in everything
    assert "omar" in everything
    await connection.execute("update audit_texts set body = null, erased_in = 5 where seq = 3")
    assert (await checked(database)).broken == (Damage(5, 5, Kind.TEXT),), "more was erased than that erasure says"
    await connection.execute("update audit_texts set erased_in = 6 where seq = 3")
    assert (await checked(database)).broken == (Damage(6, 6, Kind.TEXT),), "that was no erasure at all"
    await connection.close()


async def test_a_head_that_went_missing_is_begun_anew_and_says_so(database, urls):
    await wrote(database, Entry(what=What.PAUSED), Entry(what=What.RESUMED))
    connection = await asyncpg.connect(urls.owner)
    await connection.execute("delete from audit_heads")
    await connection.close()
    assert (await checked(database)).broken == (Damage(2, 2, Kind.HEAD),)

    await wrote(database, Entry(what=What.PAUSED))

    assert (await checked(database)).sound
    async with database.begin() as db:
        words = (await db.execute(select(audit_entries.c.what).order_by(audit_entries.c.seq))).scalars().all()
    assert words == ["paused", "resumed", "restarted", "paused"]


async def test_entries_that_are_appended_during_a_check_do_not_disturb_it(database):
    await wrote(database, *[Entry(what=What.ARMED)] * 100)
    done = asyncio.Event()

    async def go_on():
        while not done.is_set():
            await wrote(database, Entry(what=What.ARMED))

    going = asyncio.create_task(go_on())
    reports = [await checked(database) for _ in range(20)]
    done.set()
    await going
    assert all(report.sound for report in reports), [report.broken for report in reports]
    assert reports[-1].entries > reports[0].entries


def test_an_entry_is_known_by_its_state_or_what_made_it():
    assert audit.word_for(machine.Found(), machine.State.APPLIED) is What.FOUND
    assert audit.word_for(machine.Unavailable("busy", timedelta(1)), machine.State.APPROVED) is What.POSTPONED
    assert audit.word_for(machine.SaysSent(), machine.State.APPLIED) is What.DECIDED
    for state in machine.State:
        assert audit.word_for(machine.Cancel(), state) == state
