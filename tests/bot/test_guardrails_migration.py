"""The migration of the guardrails carries over what stands in the tables, in every workspace, and goes back."""

import secrets

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from core.database import asyncpg_url

HERE, THERE = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
EFFECT = "00000000-0000-4000-8000-00000000000e"

ROWS = (
    "insert into people (workspace_id, id, email, name, company, created_at)"
    f" values ('{HERE}', gen_random_uuid(), 'a@a.example', '', ' ÅRE  Freight ', now()),"
    f" ('{THERE}', gen_random_uuid(), 'b@b.example', '', 'Northpier', now()),"
    f" ('{THERE}', gen_random_uuid(), 'c@c.example', '', '', now())",
    "insert into effects (workspace_id, id, action, step, key, params, state, attempt, fence, created_at, updated_at)"
    f" values ('{HERE}', '{EFFECT}', 'send_email', 1, 'k', '{{}}', 'approved', 0, 0, now(), now())",
    'insert into reservations (workspace_id, effect_id, scope, subject, "window", at)'
    f" values ('{HERE}', '{EFFECT}', 'mailbox_day', 'me', '2026-11-24', now()),"
    f" ('{HERE}', '{EFFECT}', 'person:0', 'a@a.example', '', now()),"
    f" ('{HERE}', '{EFFECT}', 'person:1', 'b@b.example', '', now())",
    "insert into suppressions (workspace_id, id, kind, value, reason, evidence, by, at)"
    f" values ('{THERE}', gen_random_uuid(), 'domain', 'a.example', 'manual', 'x', 'U1', now())",
)
NEW = (
    'insert into reservations (workspace_id, effect_id, scope, subject, "window", at)'
    f" values ('{HERE}', '{EFFECT}', 'domain_hour', 'a.example', '2026-11-24T12', now())",
    "insert into suppressions (workspace_id, id, kind, value, reason, evidence, by, at)"
    f" values ('{THERE}', gen_random_uuid(), 'account', 'northpier', 'manual', 'x', 'U1', now())",
)


async def test_rows_of_all_workspaces_are_carried_over_and_back(server):
    name = f"guardrails_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server.url())
    await connection.execute(f"create database {name}")
    engine = create_async_engine(asyncpg_url(server.url(name)))

    def back_and_forth(db: Connection) -> dict[str, list[tuple[object, ...]]]:
        def rows(asked: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in db.execute(text(asked))]

        seen = {}
        migrations.upgrade(db, "0003")
        for statement in ROWS:
            db.exec_driver_sql(statement)
        migrations.upgrade(db, "0004")
        seen["people"] = rows("select email, account from people order by email")
        seen["up"] = rows("select scope, subject, purpose from reservations order by scope, subject")
        for statement in NEW:
            db.exec_driver_sql(statement)
        migrations.downgrade(db, "0003")
        seen["down"] = rows("select scope, subject from reservations order by scope, subject")
        seen["list"] = rows("select kind, value from suppressions")
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
        "people": [("a@a.example", "åre freight"), ("b@b.example", "northpier"), ("c@c.example", "")],
        "up": [("mailbox_day", "me", ""), ("person", "a@a.example", ""), ("person", "b@b.example", "")],
        "down": [("mailbox_day", "me"), ("person:0", "a@a.example"), ("person:1", "b@b.example")],
        "list": [("domain", "a.example")],
        "walls": [],
    }
