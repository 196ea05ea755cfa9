"""The migration of the opt-ins carries over what stands in every workspace, goes back, and gives each its own key."""

import secrets

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from core.database import asyncpg_url

HERE, THERE = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ROWS = (
    "insert into workspaces (workspace_id, name, settings, created_at)"
    f" values ('{HERE}', 'a', '{{}}', now()), ('{THERE}', 'b', '{{}}', now())",
    "insert into people (workspace_id, id, email, name, company, created_at, opted_in_at, opt_in_evidence)"
    f" values ('{HERE}', gen_random_uuid(), 'a@a.example', '', '', now(), '2026-03-03', 'Yes'),"
    f" ('{THERE}', gen_random_uuid(), 'b@b.example', '', '', now(), '2026-03-04', 'Oui'),"
    f" ('{HERE}', gen_random_uuid(), 'c@c.example', '', '', now(), null, '')",
)
NEWER = (
    "insert into opt_ins (workspace_id, id, person_id, at, by, wording, withdrawn_at)"
    " select workspace_id, gen_random_uuid(), id, '2026-05-05', 'form contact', 'Again', null from people"
    " where email = 'a@a.example'",
    "update opt_ins set withdrawn_at = now() where wording = 'Oui'",
)


async def test_opt_ins_are_carried_over_and_back_and_every_workspace_has_its_key(server):
    name = f"opt_ins_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server.url())
    await connection.execute(f"create database {name}")
    engine = create_async_engine(asyncpg_url(server.url(name)))

    def back_and_forth(db: Connection) -> dict[str, list[tuple[object, ...]]]:
        def rows(asked: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in db.execute(text(asked))]

        seen = {}
        migrations.upgrade(db, "0008")
        for statement in ROWS:
            db.exec_driver_sql(statement)
        migrations.upgrade(db, "0009")
        seen["up"] = rows(
            "select email, by, wording from opt_ins join people on people.id = opt_ins.person_id order by email"
        )
        seen["keys"] = rows("select count(distinct link_key), min(length(link_key)) from workspaces")
        for statement in NEWER:
            db.exec_driver_sql(statement)
        migrations.downgrade(db, "0008")
        seen["down"] = rows("select email, opt_in_evidence, opted_in_at is null from people order by email")
        seen["walls"] = rows(
            "select relname from pg_class where relkind = 'r' and relrowsecurity and not relforcerowsecurity"
        )
        return seen

    async with engine.begin() as db:
        seen = await db.run_sync(back_and_forth)
    await engine.dispose()
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()

    assert seen == {
        "up": [("a@a.example", "caseyos", "Yes"), ("b@b.example", "caseyos", "Oui")],
        "keys": [(2, 64)],
        "down": [("a@a.example", "form contact: Again", False), ("b@b.example", "", True), ("c@c.example", "", True)],
        "walls": [],
    }
