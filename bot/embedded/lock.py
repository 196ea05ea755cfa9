"""One server per folder: a lock that the server itself holds, so that it is free only when the last of it is gone."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from bot.embedded.process import Account, CannotStart, Manners

POLL_S = 0.02
LEAVING_S = 1.0  # what a server gets to go by itself after its starter, or a starter to finish stopping it
KILLED_S = 5.0


class FolderLock:
    """The lock of one folder. A server that inherits `fd` holds it, until the last of its processes is gone."""

    def __init__(self, path: Path, *, account: Account | None, manners: Manners, instead: str) -> None:
        """Take the lock, ending a server whose starter is gone. Raises CannotStart when the folder is in use."""
        self._path = path
        self._instead = instead
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if account is not None:
                account.own(self.fd)
            self._take(manners)
            self.former_server: int | None = self._read().get("server")
            self._write(server=None)
        except BaseException:
            self.close()
            raise

    def record(self, server: int) -> None:
        """Note the process that inherited the lock, for the next one who finds it held."""
        self._write(server=server)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _take(self, manners: Manners) -> None:
        if self._free_within(LEAVING_S):
            return
        starter = self._read()
        if _is_alive(starter.get("owner"), starter.get("owner_started")):
            raise CannotStart(f"{self._path.parent} is in use by process {starter['owner']}.", instead=self._instead)
        for sign, patience_s in (*manners.steps, (signal.SIGKILL, KILLED_S)):
            self._signal_orphan(sign)
            if self._free_within(patience_s):
                return
        raise CannotStart(
            f"{self._path} is held by a process that does not end: find it with `fuser` and end it.",
            instead=self._instead,
        )

    def _free_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(POLL_S)
            else:
                return True

    def _signal_orphan(self, sign: signal.Signals) -> None:
        found = self._read()
        server = found.get("server")
        if server is not None and _is_alive(server, found.get("server_started")):
            _send(server, sign)
            _send(server, signal.SIGCONT)  # a stopped process would keep the signal for later

    def _read(self) -> dict[str, int | None]:
        try:
            found: dict[str, int | None] = json.loads(os.pread(self.fd, 4096, 0))
        except ValueError:
            return {}
        return found

    def _write(self, *, server: int | None) -> None:
        note = {
            "owner": os.getpid(),
            "owner_started": started(os.getpid()),
            "server": server,
            "server_started": None if server is None else started(server),
        }
        os.pwrite(self.fd, json.dumps(note).ljust(256).encode(), 0)


def _send(process: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # gone between looking and sending, which is what was wanted
        os.kill(process, sign)


def _is_alive(process: int | None, since: int | None) -> bool:
    return process is not None and since is not None and started(process) == since


def started(process: int) -> int | None:
    """When a process started, in the system's own count, so that a reused number is told apart; None if it is gone."""
    return _started_by_proc(process) if Path("/proc/self/stat").exists() else _started_by_ps(process)


def _started_by_proc(process: int) -> int | None:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _started_by_ps(process: int) -> int | None:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(process)],
        check=False,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C", "PATH": os.defpath},
    )
    state, _, when = answer.stdout.strip().partition(" ")
    if not state or state.startswith("Z"):
        return None
    return int(time.mktime(time.strptime(when.strip(), "%a %b %d %H:%M:%S %Y")))
