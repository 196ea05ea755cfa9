"""Several processes of ours as one tree: started together, restarted when one dies, ended together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from bot.embedded.process import death_signal

STOP_S = 10.0
POLL_S = 0.1
RESTART_PAUSE_S = 1.0


@dataclass
class Process:
    """A command that is kept running; `pid` changes when it was restarted."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    popen: "subprocess.Popen[bytes] | None" = None
    started_at: float = field(default=0.0)

    def start(self) -> None:
        # On Linux a child whose parent was killed gets SIGTERM as well: nothing is left running behind.
        dies_with_us = death_signal(signal.SIGTERM) if sys.platform == "linux" else None
        self.popen = subprocess.Popen(
            list(self.command),
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_us,  # noqa: PLW1509  (it calls into libc alone)
        )
        self.started_at = time.monotonic()

    @property
    def running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None


class Tree:
    """Runs the processes until SIGTERM or SIGINT. Main thread only."""

    def __init__(self, processes: Sequence[Process], say: Callable[[str], None]) -> None:
        self._processes = processes
        self._say = say
        self._told = False

    def start(self) -> None:
        for process in self._processes:
            process.start()

    def run(self) -> None:
        """Starts what is not running yet and keeps all running until told to stop; what dies is started again."""
        before = {sign: signal.signal(sign, self._on_signal) for sign in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._told:
                for process in self._processes:
                    if process.popen is None:
                        process.start()
                    elif not process.running and time.monotonic() - process.started_at > RESTART_PAUSE_S:
                        self._say(f"{process.name} ended with code {process.popen.returncode}: starting it again")
                        process.start()
                time.sleep(POLL_S)
        finally:
            self.stop()
            for sign, handler in before.items():
                signal.signal(sign, handler)

    def _on_signal(self, _: int, __: FrameType | None) -> None:
        self._told = True

    def stop(self) -> None:
        """Asks all at once, waits STOP_S, kills what is left."""
        alive = [process.popen for process in self._processes if process.popen is not None and process.running]
        for popen in alive:
            popen.terminate()
        deadline = time.monotonic() + STOP_S
        for popen in alive:
            try:
                popen.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()


def caseyos(*words: str) -> list[str]:
    """The command line of this very installation."""
    return [sys.executable, "-m", "bot", *words]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **extra}
