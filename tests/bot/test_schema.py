"""The schema: migrations lead to what the models say, there and back, on every PostgreSQL that we claim to run on."""

import os
import pwd
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from bot import schema
from bot.embedded import servers
from bot.embedded.postgres import FAST_THEN_AT_ONCE, Server
from bot.embedded.process import Account, Log, free_port, spawn, start_on_free_port
from core.database import Database, asyncpg_url
from core.identity import workspace_id
from core.tables import APP_ROLE, OWNER_ROLE, metadata, security_ddl
from tests.bot.starting import open_folder
from tests.support import schema_dump
from tests.support.clock import HandClock
from tests.support.rig import rigged

PG15 = Path("/usr/lib/postgresql/15/bin")


@asynccontextmanager
async def empty_database(server_url: Callable[..., str]) -> AsyncIterator[str]:
    name = f"schema_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server_url())
    try:
        await connection.execute(f"create database {name}")
        yield server_url(name)
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


async def run(url: str, work: Callable[[Connection], object]) -> None:
    engine = create_async_engine(asyncpg_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(work)
    await engine.dispose()


def from_models(connection: Connection) -> None:
    """What migrations arrive at in steps, made from the models at once."""
    connection.execute(text(f"grant usage, create on schema public to {OWNER_ROLE}"))
    connection.execute(text(f"grant usage on schema public to {APP_ROLE}"))
    connection.execute(text(f"set local role {OWNER_ROLE}"))
    metadata.create_all(connection)
    for table in metadata.tables:
        for statement in security_ddl(table):
            connection.execute(text(statement))
    connection.execute(text("reset role"))


async def catalogue(url: str) -> dict[str, list[tuple[object, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        return await schema_dump.catalogue(connection)
    finally:
        await connection.close()


async def test_head_is_what_the_models_say_in_every_catalogue(server):
    async with empty_database(server.url) as migrated, empty_database(server.url) as modelled:
        await run(migrated, migrations.upgrade)
        await run(modelled, from_models)
        ours, theirs = await catalogue(migrated), await catalogue(modelled)
    assert len(ours["columns"]) > 100
    for kind, rows in ours.items():
        assert rows == theirs[kind], kind


@pytest.mark.skipif(not schema_dump.can_dump(), reason="the embedded PostgreSQL has no pg_dump here")
async def test_head_dumps_as_the_models_dump(server):
    async with empty_database(server.url) as migrated, empty_database(server.url) as modelled:
        await run(migrated, migrations.upgrade)
        await run(modelled, from_models)
        ours, theirs = schema_dump.dump(migrated), schema_dump.dump(modelled)
    assert sum(statement.startswith("CREATE TABLE") for statement in ours) == len(metadata.tables)
    assert ours == theirs


async def test_empty_to_head_to_base_to_head_ends_where_it_began(server):
    async with empty_database(server.url) as url:
        before = await catalogue(url)
        await run(url, migrations.upgrade)
        head = await catalogue(url)
        await run(url, migrations.downgrade)
        assert await catalogue(url) == before
        await run(url, migrations.upgrade)
        assert await catalogue(url) == head


async def test_migrating_twice_changes_nothing(server):
    async with empty_database(server.url) as url:
        app_url = url.replace("postgres:", f"{servers.LOGIN}:", 1)
        assert await schema.migrate(url, app_url=app_url) == migrations.head()
        head = await catalogue(url)
        assert await schema.migrate(url, app_url=app_url) == migrations.head()
        assert await catalogue(url) == head


async def test_the_constraints_refuse_what_must_not_be(database, clock):
    rig = await rigged(database, clock)
    plan = await rig.held()
    impossible = {
        f"update effects set state = 'sent' where id = '{plan.sending}'": "ck_effects_state",
        f"update effects set state = 'applied' where id = '{plan.sending}'": "ck_effects_applied_has_receipt",
        f"update moves set aps = 101 where id = '{plan.move}'": "ck_moves_aps",
        f"update moves set state = 'snoozed' where id = '{plan.move}'": "ck_moves_snoozed_until",
        f"update moves set state = 'dismissed' where id = '{plan.move}'": "ck_moves_dismiss_reason",
        "update signals set due_at = now()": "ck_signals_pending_is_due",
        "insert into caps select workspace_id, 'x', 'y', 'z', -1 from workspaces": "ck_caps_used",
        "insert into approvals select workspace_id, gen_random_uuid(), move_id, params, content_hash, approved_by,"
        " approved_at, null from approvals": "uq_approvals_live",
        "update effects set key = 'one'": "uq_effects_workspace_id_key",
    }
    for statement, constraint in impossible.items():
        with pytest.raises(Exception, match=constraint):
            async with database.begin() as db:
                await db.execute(text(statement))


@contextmanager
def postgres_15(folder: Path) -> Iterator[Server]:
    """Debian's PostgreSQL 15, as another user when root starts it."""
    account = None
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        account = Account(nobody.pw_uid, nobody.pw_gid)
    data = folder / "data"
    data.mkdir(mode=0o700)
    if account is not None:
        account.own(data)
    log = Log(None)

    def start(command: list[str | Path]):
        return spawn(command, account=account, folder=folder, log=log, manners=FAST_THEN_AT_ONCE)

    making = start([PG15 / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])
    assert making.wait(60) == 0, log.since(0)
    settings = {"fsync": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    child, port = start_on_free_port(
        lambda port: start([PG15 / "postgres", "-D", data, "-p", str(port), *options]),
        is_ready=lambda child: "ready" in _pid_file(data, child.pid),
        choose_port=free_port,
        log=log,
        name="PostgreSQL 15",
        instead="",
        timeout_s=30,
    )
    try:
        yield Server(port=port, pid=child.pid, password="")
    finally:
        child.stop()
        log.close()


def _pid_file(data: Path, pid: int) -> str:
    path = data / "postmaster.pid"
    said = path.read_text() if path.exists() else ""
    return said if said.startswith(f"{pid}\n") else ""


@pytest.fixture(scope="module")
def oldest() -> Iterator[Server]:
    if not (PG15 / "postgres").exists():
        pytest.skip(f"no PostgreSQL 15 at {PG15}")
    with open_folder() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        with postgres_15(folder) as server:
            yield server


async def test_on_postgresql_15_head_is_what_the_models_say_and_goes_back_to_nothing(oldest):
    async with empty_database(oldest.url) as migrated, empty_database(oldest.url) as modelled:
        empty = await catalogue(migrated)
        await run(migrated, migrations.upgrade)
        await run(modelled, from_models)
        assert await catalogue(migrated) == await catalogue(modelled)
        await run(migrated, migrations.downgrade)
        assert await catalogue(migrated) == empty


async def test_on_postgresql_15_a_mail_goes_from_proposal_to_done(oldest):
    connection = await asyncpg.connect(oldest.url())
    await connection.execute(f"create role {servers.LOGIN} login noinherit")
    await connection.close()
    async with empty_database(oldest.url) as url:
        app_url = url.replace("postgres:", f"{servers.LOGIN}:", 1)
        await schema.migrate(url, app_url=app_url)
        database = Database(app_url, workspace=workspace_id("test"))
        await database.check_role()
        rig = await rigged(database, HandClock())
        plan = await rig.held()
        await rig.leaves()
        assert len(rig.mailbox.outbox) == 1
        assert (await rig.move(plan)).state == "done"
        await database.close()
