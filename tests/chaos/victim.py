"""A bot or worker of a chaos run: kept running, and killed, by signals from outside or by the hook at a named point."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.embedded.process import death_signal

ROOT = Path(__file__).resolve().parents[2]
HOOK = ROOT / "tests" / "chaos" / "hook"
BEGINNING = ("in check_role", "in _ensure_workspace")
"""What a process does first; one that cannot, as the database is away, may end."""
DIES_WITH_US = death_signal(signal.SIGKILL) if sys.platform == "linux" else None


@dataclass
class Victim:
    """It is kept running; each life dies at the first point it passes that is still to be died at.

    Without `hooked` nothing is put into the process: it is killed from outside alone.
    """

    role: str
    folder: Path
    environment: Mapping[str, str]
    tree: Path = ROOT
    number: int = 1
    hooked: bool = True
    points: set[str] = field(default_factory=set)
    """Points still to die at."""
    died_at: set[str] = field(default_factory=set)
    deaths_at: Path | None = None
    """A file of `point TAB mark` lines: die at the point, once, when it is about something that bears the mark."""
    lives: int = 0
    kills: int = 0
    gave_up: int = 0
    """Lives that ended by themselves before they had begun."""
    last_death: float = 0.0
    pid: int | None = None
    nursery: "subprocess.Popen[bytes] | None" = None

    @property
    def name(self) -> str:
        return f"{self.role}{self.number}"

    @property
    def recording(self) -> Path:
        return self.folder / f"{self.name}.points"

    @property
    def died(self) -> Path:
        return self.folder / f"{self.name}.died"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        self.died.unlink(missing_ok=True)
        if self.nursery is None:
            self.nursery = self._open_nursery()
            self.last_death = time.monotonic()
        order = {
            "record": str(self.recording),
            "died": str(self.died),
            "log": str(self.log),
            "marked": str(self.deaths_at) if self.deaths_at else None,
            "hooked": self.hooked,
        }
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(json.dumps(order).encode() + b"\n")
        self.pid = self._read()
        self.lives += 1

    def _open_nursery(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(HOOK / "nursery.py"), self.role],
                cwd=self.tree,
                env={**self.environment, "PYTHONPATH": str(self.tree)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,  # so that what select says is all there is
                start_new_session=True,
                preexec_fn=DIES_WITH_US,  # noqa: PLW1509  (it calls into libc alone)
            )

    def _read(self) -> int:
        assert self.nursery is not None
        assert self.nursery.stdout is not None
        line = self.nursery.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self.name} cannot be started:\n{self._last_words()}")
        return int(line)

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-12000:] if self.log.exists() else ""

    def look(self) -> str | None:
        """Starts it again if it has died; the point at which it did. It may not end by itself, unless it cannot begin."""
        if self.pid is None:
            self.start()
            return None
        assert self.nursery is not None
        assert self.nursery.stdout is not None
        if not select.select([self.nursery.stdout], [], [], 0)[0]:
            return None
        code = self._read()
        point = self.died.read_text() if self.died.exists() else None
        if code > 0 and any(sign in self._last_words() for sign in BEGINNING):
            self.gave_up += 1  # the database was away: whoever runs it starts it again
            self.start()
            return None
        if point is None and code != -signal.SIGKILL:
            raise RuntimeError(f"the {self.name} ended by itself with code {code}:\n{self._last_words()}")
        if point is not None:
            self.points.discard(point)
            self.died_at.add(point)
        self.kills += 1
        self.last_death = time.monotonic()
        self.start()
        return point

    def signal(self, sign: signal.Signals) -> None:
        """Sends it to the running life, if there is one."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    def kill(self) -> None:
        """The running life ends, wherever it is."""
        self.signal(signal.SIGKILL)

    def close(self) -> None:
        """Ends it for good."""
        self.kill()
        if self.nursery is not None:
            self.nursery.kill()
            self.nursery.wait()
            for pipe in (self.nursery.stdin, self.nursery.stdout):
                if pipe is not None:
                    pipe.close()

    def errors(self) -> list[str]:
        """What it logged as an error: nothing that happens in a run is one, but an ack for which the socket is gone."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        errors = (line for line in lines if '"level": "error"' in line or line.startswith("Traceback"))
        return [line[:600] for line in errors if '"logger": "slack_bolt"' not in line]

    def passed(self) -> set[str]:
        return set(self.recording.read_text().splitlines()) if self.recording.exists() else set()


def closed(victims: Sequence[Victim]) -> None:
    for victim in victims:
        victim.close()
