"""Servers started by processes of their own, which can be killed, and folders that any account can pass through."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.embedded.lock import started

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0

IS_ROOT = os.geteuid() == 0
HAS_PROC = Path("/proc/self/stat").exists()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that root's servers, which run as nobody, can reach; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="caseyos-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def until(what: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline, f"did not happen within {patience_s} s"
        time.sleep(0.005)


def is_gone(process: int) -> bool:
    return started(process) is None


@dataclass(frozen=True)
class Starter:
    """A process that runs one server and waits."""

    process: subprocess.Popen[str]
    server: int
    port: int
    url: str

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def ends_after(self, sign: signal.Signals) -> int:
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE_S)


@contextmanager
def starter(server: str, url: str, data: Path | None, *, durable: bool = False) -> Iterator[Starter]:
    """Run `bot.embedded.<server>` in a process of its own; `url` is the expression that gives its address."""
    script = f"""
import signal, sys
from pathlib import Path
from bot.embedded import {server}
with {server}.running({None if data is None else f"Path({str(data)!r})"}, durable={durable}) as server:
    # A shell that runs the tests in the background has it ignored, and a child inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(server.pid, server.port, {url}, flush=True)
    signal.pause()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        pid, port, address = process.stdout.readline().split()
        apart = Starter(process, int(pid), int(port), address)
        since = started(apart.server)
        try:
            yield apart
        finally:
            if since is not None and started(apart.server) == since:
                os.kill(apart.server, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()


def refusal(call: str, *options: str, packages: Path | None = None) -> str:
    """What a fresh Python says when starting a server fails there; `packages` come before those installed."""
    script = f"""
from pathlib import Path
from bot.embedded import postgres, valkey
from bot.embedded.process import CannotStart
try:
    with {call}:
        raise SystemExit("it started")
except CannotStart as refused:
    print(refused)
"""
    environment = {**os.environ, "PYTHONPATH": str(packages)} if packages else None
    ran = subprocess.run(
        [sys.executable, *options, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def make_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
