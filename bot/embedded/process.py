"""Start a server process that never outlives this one, wait until it is ready, and stop it."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
PORT_ATTEMPTS = 20
POLL_S = 0.002
TAIL_LINES = 20
LOG_LIMIT_BYTES = 10_000_000
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
PORT_TAKEN = "Address already in use"


class CannotStart(Exception):
    """An embedded server cannot run here; the message says why and which setting names another server."""

    def __init__(self, why: str, *, instead: str) -> None:
        super().__init__(f"{why}\n{instead}")
        self.why = why
        self.instead = instead


@dataclass(frozen=True)
class Account:
    """Whom a server runs as when root starts it."""

    uid: int
    gid: int

    def may(self, test: str, path: Path) -> bool:
        """Whether this account passes `test -x` (or -r, -w) on the path, access lists and mount options included."""
        command = ["/bin/sh", "-c", 'test "$1" "$2"', "sh", test, str(path)]
        asked = subprocess.run(command, check=False, cwd="/", env={}, user=self.uid, group=self.gid, extra_groups=[])
        return asked.returncode == 0

    def own(self, new: Path | int) -> None:
        """Give the account a folder or an open file. Links are not followed: its owner could have planted one for root."""
        if isinstance(new, Path):
            os.lchown(new, self.uid, self.gid)
        elif os.fstat(new).st_nlink == 1:
            os.fchown(new, self.uid, self.gid)


class Log:
    """What a server writes: a file that grows over its lives, or an unnamed one for a server without a folder."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        if path is None:
            self.file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the server runs)
            return
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".old"))
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self.file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)

    def end(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def since(self, mark: int) -> str:
        return os.pread(self.file.fileno(), max(0, self.end() - mark), mark).decode(errors="replace")

    def close(self) -> None:
        self.file.close()


@dataclass(frozen=True)
class Manners:
    """How a server is asked to end: each signal with the seconds it is given, then SIGKILL."""

    steps: tuple[tuple[signal.Signals, float], ...]

    @property
    def first(self) -> signal.Signals:
        return self.steps[0][0]


class Child:
    """A running server process."""

    def __init__(
        self, process: subprocess.Popen[bytes], manners: Manners, watcher: subprocess.Popen[bytes] | None
    ) -> None:
        self._process = process
        self._manners = manners
        self._watcher = watcher
        self.pid = process.pid

    def exit_code(self) -> int | None:
        return self._process.poll()

    def wait(self, timeout_s: float) -> int:
        code = self._process.wait(timeout_s)
        self._dismiss_watcher()
        return code

    def stop(self) -> None:
        """Ask, insist, then kill; returns when the process is gone."""
        try:
            for sign, patience_s in self._manners.steps:
                if self._process.poll() is not None:
                    return
                self._process.send_signal(sign)
                try:
                    self._process.wait(patience_s)
                except subprocess.TimeoutExpired:
                    continue
                return
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._dismiss_watcher()

    def _dismiss_watcher(self) -> None:
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None


def spawn(
    command: Sequence[str | Path],
    *,
    account: Account | None,
    folder: Path,
    log: Log,
    manners: Manners,
    keep: Sequence[int] = (),
    text: bytes | None = None,
    watch: bool = sys.platform != "linux",
) -> Child:
    """Start a command that gets the first signal of its manners when this process ends, even by SIGKILL.

    `keep` are file descriptors that it inherits, `text` is its standard input. With `watch` a small shell stands in for
    Linux's parent death signal. Raises OSError when the command cannot be executed.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start an embedded server from the main thread: it would end together with this one")
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}
    with warnings.catch_warnings():
        # Python 3.12 warns of forking beside threads; the child only calls prctl, getppid and exec.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=log.file,
            stderr=subprocess.STDOUT,
            pass_fds=keep,
            # A session of its own: Ctrl+C reaches the starter alone, which stops its servers last.
            start_new_session=True,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
            preexec_fn=None if watch else death_signal(manners.first),  # noqa: PLW1509  (it calls into libc alone)
        )
    watcher = _watcher(process.pid, manners.first) if watch else None
    if text is not None and process.stdin is not None:
        try:
            process.stdin.write(text)
            process.stdin.close()
        except BrokenPipeError:
            pass  # It is already gone; its log says why, and whoever waits for it reads that.
    return Child(process, manners, watcher)


def death_signal(sign: signal.Signals) -> Callable[[], None]:
    """What the child does between setuid, which would clear the request, and exec."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        if prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl refuses the parent death signal")
        if os.getppid() != parent:
            os._exit(1)  # The parent ended before the request was made, so no signal would ever come.

    return ask


def _watcher(server: int, sign: signal.Signals) -> subprocess.Popen[bytes]:
    """A shell that reads from a pipe whose other end closes when this process is gone, however it ended."""
    script = 'read -r _; kill -s "$1" "$2"'
    command = ["/bin/sh", "-c", script, "sh", sign.name.removeprefix("SIG"), str(server)]
    return subprocess.Popen(command, cwd="/", stdin=subprocess.PIPE, start_new_session=True)


def free_port() -> int:
    """A loopback port that was free a moment ago; whoever uses it must be ready to find it taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_on_free_port(
    launch: Callable[[int], Child],
    *,
    is_ready: Callable[[Child], bool],
    choose_port: Callable[[], int],
    log: Log,
    name: str,
    instead: str,
    timeout_s: float,
) -> tuple[Child, int]:
    """Launch on one port after the other until nobody else was faster in taking it."""
    for _ in range(PORT_ATTEMPTS):
        port = choose_port()
        mark = log.end()
        try:
            child = launch(port)
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotStart(f"{name} cannot be executed here: {error}", instead=instead) from error
        if _becomes_ready(child, is_ready=is_ready, timeout_s=timeout_s):
            return child, port
        ended = child.exit_code()
        child.stop()
        said = log.since(mark)
        if ended is not None and PORT_TAKEN in said:
            continue
        how = f"was not ready within {timeout_s:.0f} s" if ended is None else f"ended with code {ended}"
        raise CannotStart(f"{name} {how}.{last_lines(log, said)}", instead=instead)
    raise CannotStart(f"{name} found {PORT_ATTEMPTS} loopback ports in a row taken.", instead=instead)


def _becomes_ready(child: Child, *, is_ready: Callable[[Child], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    try:
        while time.monotonic() < deadline:
            if child.exit_code() is not None:
                return False
            if is_ready(child):
                return True
            time.sleep(POLL_S)
    except BaseException:
        child.stop()
        raise
    return False


def last_lines(log: Log, said: str) -> str:
    lines = said.strip().splitlines()[-TAIL_LINES:]
    if not lines:
        return ""
    where = "It said" if log.path is None else f"The end of {log.path}"
    return "\n".join([f" {where}:", *(f"  {line}" for line in lines)])
