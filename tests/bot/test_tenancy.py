"""Workspaces are walls: the app's role sees and changes the rows of the one workspace it has set, in every table."""

from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from core import api_tokens, audit, consent, cursor, digests, homes, inbox, learning, person, scoring
from core.aps import Facts
from core.database import Database, UnsafeRole, asyncpg_url
from core.identity import new_id, workspace_id
from core.tables import ALL_WORKSPACES_SETTING, APP_ROLE, OWNER_ROLE, RIGHTS, SHARED, WORKSPACE_SETTING, metadata
from tests.support import factories
from tests.support.rig import Rig, rigged

TABLES = sorted(set(metadata.tables) - {SHARED})


@pytest.fixture
async def superuser(urls):
    connection = await asyncpg.connect(urls.owner)
    yield connection
    await connection.close()


@pytest.fixture
async def rig(database, clock) -> Rig:
    """A workspace with at least one row in every table."""
    rig = await rigged(database, clock)
    plan = await rig.held()
    await rig.leaves()
    await factories.proposed(database, now=clock.now)
    here, now = database.workspace, clock.now
    async with database.begin() as db:
        await person.suppress(
            db, workspace=here, email="x@example.org", reason="manual", evidence="", by="U0CASEY", now=now
        )
        who = await person.upsert(db, workspace=here, email="x@example.org", name="", company="", now=now)
        await consent.record_opt_in(
            db, workspace=here, person=who, email="x@example.org", by="U0CASEY", wording="Yes", at=now
        )
        await learning.count(
            db, {"interest": "exhibit"}, workspace=here, succeeded=True, counted_as_failure=False, now=now
        )
        await cursor.claim(db, "gmail", workspace=here, lease=factories.HOLD, now=now)
        receipt = await scoring.score_now(db, Facts(), now)
        await scoring.keep(db, workspace=here, move=plan.move, revision=1, receipt=receipt)
        row = await recommendation_of(db, plan.move)
        await db.execute(
            text(
                "insert into outcomes (workspace_id, id, recommendation_id, kind, rule, provisional, at)"
                " values (:here, :id, :recommendation, 'reply', 'same mail thread', false, :now)"
            ),
            {"here": here, "id": new_id(), "recommendation": row, "now": now},
        )
        await digests.make(db, workspace_id=here, owner=factories.OWNER, day=now.date(), now=now)
        await api_tokens.create(db, workspace_id=here, name="dashboard", owner=factories.OWNER, now=now)
        await homes.opened(db, workspace_id=here, user=factories.OWNER, now=now)
        await inbox.take(db, "press:1", workspace=here, now=now)
        await audit.append(db, [audit.Entry(what=audit.What.PAUSED, said="for the test")], now=now)
    return rig


def may(right: str, table: str) -> bool:
    """Whether the app has this right to the table at all."""
    return right in RIGHTS.get(table, right)


async def recommendation_of(db, move):
    return (await db.execute(text("select recommendation_id from moves where id = :id"), {"id": move})).scalar_one()


@pytest.fixture
async def stranger(urls, rig):
    """The same database seen from another workspace."""
    opened = Database(urls.app, workspace=workspace_id("another"))
    yield opened
    await opened.close()


async def rows(connection: asyncpg.Connection, table: str) -> int:
    return await connection.fetchval(f"select count(*) from {table}")


@pytest.mark.parametrize("table", TABLES)
async def test_every_table_begins_its_key_with_the_workspace_and_is_forced_behind_the_wall(superuser, table):
    key = await superuser.fetch(
        "select attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]"
        " where i.indrelid = $1::regclass and i.indisprimary",
        table,
    )
    assert [row["attname"] for row in key] == ["workspace_id"]
    flags = await superuser.fetchrow(
        "select relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) from pg_class where oid = $1::regclass",
        table,
    )
    assert tuple(flags) == (True, True, OWNER_ROLE)
    policies = await superuser.fetch("select cmd, qual, with_check from pg_policies where tablename = $1", table)
    assert [row["cmd"] for row in policies] == ["ALL"]
    assert WORKSPACE_SETTING in policies[0]["qual"]
    assert policies[0]["qual"] == policies[0]["with_check"]


async def test_no_table_is_left_out(superuser):
    found = await superuser.fetch("select tablename from pg_tables where schemaname = 'public'")
    assert sorted(row["tablename"] for row in found) == sorted([*TABLES, SHARED, "alembic_version"])


async def test_the_switch_of_all_workspaces_is_seen_from_each_and_turned_only_on_purpose(rig, stranger, superuser):
    flags = await superuser.fetchrow(
        "select relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) from pg_class where oid = $1::regclass",
        SHARED,
    )
    assert tuple(flags) == (True, True, OWNER_ROLE)
    turn = f"update {SHARED} set paused = true"
    for database in (rig.database, stranger):
        async with database.begin() as db:
            assert (await db.execute(text(f"select paused from {SHARED} for share"))).scalar_one() is False
    for statement, refused in (
        (turn, "row-level security"),
        (f"delete from {SHARED}", "permission denied"),
        (f"insert into {SHARED} select 'other', paused, by, reason, at from {SHARED}", "permission denied"),
    ):
        with pytest.raises(DBAPIError, match=refused):
            async with stranger.begin() as db:
                await db.execute(text(statement))
    async with stranger.begin() as db:
        await db.execute(text(f"select set_config('{ALL_WORKSPACES_SETTING}', 'on', true)"))
        await db.execute(text(turn))
    with pytest.raises(DBAPIError, match="row-level security"):  # the word counts for its transaction alone
        async with stranger.begin() as db:
            await db.execute(text(turn))
    async with rig.database.begin() as db:
        assert (await db.execute(text(f"select paused from {SHARED}"))).scalar_one() is True


async def test_the_apps_role_is_neither_owner_nor_superuser_nor_a_login(superuser):
    role = await superuser.fetchrow(
        "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin from pg_roles where rolname = $1",
        APP_ROLE,
    )
    assert not any(role)
    assert not await superuser.fetchval("select pg_has_role($1, $2, 'member')", APP_ROLE, OWNER_ROLE)


@pytest.mark.parametrize("table", TABLES)
async def test_from_another_workspace_nothing_is_seen_changed_or_removed(rig, stranger, superuser, table):
    before = await rows(superuser, table)
    assert before > 0, f"the test put nothing into {table}"
    async with stranger.begin() as db:
        assert (await db.execute(text(f"select count(*) from {table}"))).scalar_one() == 0
    for right, statement in (
        ("UPDATE", f"update {table} set workspace_id = workspace_id"),
        ("DELETE", f"delete from {table}"),
    ):
        if may(right, table):
            async with stranger.begin() as db:
                assert (await db.execute(text(statement))).rowcount == 0
        else:
            with pytest.raises(DBAPIError, match="permission denied"):
                async with stranger.begin() as db:
                    await db.execute(text(statement))
    assert await rows(superuser, table) == before


@pytest.mark.parametrize("table", TABLES)
async def test_a_row_cannot_be_put_into_another_workspace(rig, stranger, table):
    columns = ", ".join(
        f'"{column.name}"' for column in metadata.tables[table].columns if column.name != "workspace_id"
    )
    theirs = stranger.workspace
    for statement in (
        f"insert into {table} (workspace_id, {columns}) select '{theirs}', {columns} from {table}",
        f"update {table} set workspace_id = '{theirs}'",
    ):
        refused = "row-level security" if may(statement.split()[0].upper(), table) else "permission denied"
        with pytest.raises(DBAPIError, match=refused):
            async with rig.database.begin() as db:
                await db.execute(text(statement))


@asynccontextmanager
async def outside_a_transaction(database):
    """A connection of the app's pool that begins none: only a transaction is in a workspace."""
    async with database.engine.connect() as db:
        yield await db.execution_options(isolation_level="AUTOCOMMIT")


@pytest.mark.parametrize("table", TABLES)
async def test_without_a_workspace_set_the_app_sees_nothing(rig, table):
    async with outside_a_transaction(rig.database) as db:
        assert (await db.execute(text(f"select count(*) from {table}"))).scalar_one() == 0


async def test_the_workspace_of_one_transaction_does_not_leak_into_the_next_on_that_connection(urls, rig):
    one = Database(urls.app, workspace=rig.database.workspace, pool_size=1)
    async with one.begin() as db:
        pid = (await db.execute(text("select pg_backend_pid()"))).scalar_one()
        assert (await db.execute(text("select count(*) from approvals"))).scalar_one() == 1
    async with outside_a_transaction(one) as db:
        assert (await db.execute(text("select pg_backend_pid()"))).scalar_one() == pid
        assert (await db.execute(text("select count(*) from approvals"))).scalar_one() == 0
    await one.close()


async def test_a_reference_cannot_leave_its_workspace(rig, stranger):
    async with rig.database.begin() as db:
        move = (await db.execute(text("select move_id from approvals"))).scalar_one()
    statement = text(
        "insert into move_events (workspace_id, id, move_id, what, by, detail, at)"
        " values (:theirs, :id, :move, 'x', 'x', 'x', now())"
    )
    with pytest.raises(DBAPIError, match="fk_move_events_move_id_moves"):
        async with stranger.begin() as db:
            await db.execute(statement, {"theirs": stranger.workspace, "id": new_id(), "move": move})


async def test_the_app_may_not_change_the_schema_nor_the_revision(rig):
    for statement in (
        "alter table moves disable row level security",
        "drop table caps",
        "create table extra (id int)",
        "update alembic_version set version_num = 'x'",
        f"set role {OWNER_ROLE}",
    ):
        with pytest.raises(DBAPIError, match=r"must be owner|permission denied"):
            async with rig.database.begin() as db:
                await db.execute(text(statement))


async def test_the_app_role_passes_the_check_at_start(database):
    await database.check_role()


async def test_a_superuser_without_the_apps_role_is_refused_at_start(urls):
    opened = Database(urls.owner, workspace=workspace_id("test"))
    await opened.check_role()  # a superuser who takes the app's role is bound by it
    await opened.close()
    # As behind a pooler that drops the role from the connection's settings.
    opened.engine = create_async_engine(asyncpg_url(urls.owner))
    with pytest.raises(UnsafeRole):
        await opened.check_role()
    await opened.close()
