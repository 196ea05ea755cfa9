"""A superuser damages the audit in PostgreSQL, in a short chain and in one of 100,000 entries: all of it is named."""

import time
from random import Random

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from core import audit_verify
from core.audit_chain import Recorded
from core.audit_verify import Damage, Kind
from core.database import asyncpg_url
from core.identity import workspace_id
from core.tables import audit_entries, audit_texts
from tests.core.audit_chains import KEY, chain

LONG = 100_000
SECONDS_AT_MOST = 20.0
"""Several times what 100,000 entries take, for machines that are busy with something else."""


async def filled(urls, length: int) -> list[Recorded]:
    """The workspace `test` with a chain of this length, copied in as fast as it goes."""
    here = workspace_id("test")
    made = chain(length, workspace=here)
    connection = await asyncpg.connect(urls.owner)
    columns = [column.name for column in audit_entries.columns]
    rows = [tuple(one[: len(columns)]) for one in made]
    await connection.copy_records_to_table("audit_entries", records=rows, columns=columns)
    texts = [(here, one.seq, one.body, None) for one in made if one.body is not None]
    await connection.copy_records_to_table("audit_texts", records=texts, columns=list(audit_texts.columns.keys()))
    await connection.execute("insert into audit_keys values ($1, $2, now())", here, KEY)
    await connection.execute("insert into audit_heads values ($1, $2, $3, now())", here, length, made[-1].hash)
    await connection.close()
    return made


class Tampering:
    """A superuser who damages the chain; each damage is checked as the app and then rolled back."""

    CHANGES = (
        "at = at + interval '1 microsecond'",
        "who = who || 'X'",
        "what = 'dismissed'",
        "move_id = gen_random_uuid()",
        "effect_id = gen_random_uuid()",
        "to_whom = to_whom || repeat('0', 64)",
        "until = coalesce(until, at) + interval '1 hour'",
        "grounds = 'other'",
        "content = repeat('0', 64)",
        "evidence = evidence || '0'",
        "known_by = 'word of U0NOBODY'",
        "texts = repeat('0', 64)",
        "prev = repeat('a', 64)",
        "hash = repeat('a', 64)",
    )

    def __init__(self, db, length: int) -> None:
        self._db, self._length = db, length

    async def _run(self, statement: str, **given: object) -> None:
        assert (await self._db.execute(text(statement), given)).rowcount > 0

    async def change(self, seq: int, random: Random) -> Damage:
        await self._run(f"update audit_entries set {random.choice(self.CHANGES)} where seq = :seq", seq=seq)
        return Damage(seq, seq, Kind.CHANGED)

    async def remove(self, seq: int, random: Random) -> Damage:
        await self._run("delete from audit_entries where seq = :seq", seq=seq)
        return Damage(seq, seq, Kind.MISSING)

    async def swap(self, seq: int, random: Random) -> Damage:
        other = seq + random.randint(1, 3)
        if random.random() < 0.5:
            for start, end in ((seq, 10**9), (other, seq), (10**9, other)):
                await self._run("update audit_entries set seq = :end where seq = :start", start=start, end=end)
        else:
            said = ", ".join(
                c.name for c in audit_entries.columns if c.name not in {"workspace_id", "seq", "prev", "hash"}
            )
            await self._run(
                f"update audit_entries e set ({said}) = (select {said} from audit_entries o"
                " where o.seq = :one + :two - e.seq) where e.seq in (:one, :two)",
                one=seq,
                two=other,
            )
        return Damage(seq, other, Kind.SWAPPED)

    async def cut(self, seq: int, random: Random) -> Damage:
        missing = random.randint(1, 100)
        first = self._length - missing + 1
        await self._run("delete from audit_entries where seq >= :first", first=first)
        return Damage(first, self._length, Kind.CUT)

    async def found(self) -> audit_verify.Report:
        await self._db.execute(text("set local role caseyos_app"))
        await self._db.execute(text(f"select set_config('caseyos.workspace', '{workspace_id('test')}', true)"))
        return await audit_verify.verify(self._db)


async def test_a_superusers_damage_is_found_and_named(urls):
    length, random = 400, Random(9)
    await filled(urls, length)
    engine = create_async_engine(asyncpg_url(urls.owner))
    async with engine.connect() as db:
        for number in range(60):
            tampering = Tampering(db, length)
            way = [tampering.change, tampering.remove, tampering.swap, tampering.cut][number % 4]
            damage = await way(random.randint(1, length - 4), random)
            report = await tampering.found()
            assert report.broken == (damage,), (number, way.__name__)
            await db.rollback()
        assert (await Tampering(db, length).found()).sound
    await engine.dispose()


async def test_a_hundred_thousand_entries_are_checked_in_seconds_and_all_damage_is_named_at_once(urls, database):
    await filled(urls, LONG)
    began = time.monotonic()
    async with database.begin() as db:
        report = await audit_verify.verify(db)
    took = time.monotonic() - began
    assert report.sound, report.broken
    assert report.entries == LONG
    assert took < SECONDS_AT_MOST, f"{took:.1f} s"
    engine, random = create_async_engine(asyncpg_url(urls.owner)), Random(10)
    async with engine.connect() as db:
        tampering = Tampering(db, LONG)
        places = random.sample(range(10, LONG - 200, 10), 60)
        ways = [tampering.change, tampering.remove, tampering.swap]
        damages = [await ways[number % 3](seq, random) for number, seq in enumerate(places)]
        damages.append(await tampering.cut(0, random))
        assert (await tampering.found()).broken == tuple(sorted(damages))
    await engine.dispose()
