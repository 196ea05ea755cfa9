"""What a chaos run stands on: servers, sandbox, and one bot and one worker that are killed and started again."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot import demo
from bot.embedded import servers
from bot.embedded.process import death_signal, free_port
from bot.process_tree import environment

ROOT = Path(__file__).resolve().parents[2]
HOOK = ROOT / "tests" / "chaos" / "hook"
DIES_WITH_US = death_signal(signal.SIGKILL) if sys.platform == "linux" else None
SIGNING, FORMS = "chaos-signing-secret", "chaos-forms-secret"

# Hold, horizons and the time after which the sandbox may still apply a late request are shortened by the same factor,
# twenty; a request may begin and be answered for longer than that, so that a busy machine is not taken for a dead worker.
SHORT = {
    "CASEYOS_HOLD_S": "1.5",
    "CASEYOS_START_WITHIN_S": "1",
    "CASEYOS_REQUEST_TIMEOUT_S": "2",
    "CASEYOS_MAIL_HORIZON_S": "6",
    "CASEYOS_SLACK_HORIZON_S": "3",
    "CASEYOS_SWEEP_S": "0.2",
    "CASEYOS_GMAIL_POLL_S": "0.4",
    "CASEYOS_DAILY_MAIL_CAP": "100000",
}
REAL = {"CASEYOS_GMAIL_POLL_S": "5", "CASEYOS_DAILY_MAIL_CAP": "100000"}
"""The shipped holds and horizons: for one long run by command."""


@dataclass
class Victim:
    """A bot or worker. It is kept running; each life dies at the first point it passes that is still to be died at."""

    role: str
    folder: Path
    environment: Mapping[str, str]
    tree: Path = ROOT
    points: set[str] = field(default_factory=set)
    """Points still to die at."""
    died_at: set[str] = field(default_factory=set)
    lives: int = 0
    kills: int = 0
    last_death: float = 0.0
    pid: int | None = None
    nursery: "subprocess.Popen[bytes] | None" = None

    @property
    def recording(self) -> Path:
        return self.folder / f"{self.role}.points"

    @property
    def died(self) -> Path:
        return self.folder / f"{self.role}.died"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.role}.log"

    def start(self) -> None:
        self.died.unlink(missing_ok=True)
        if self.nursery is None:
            self.nursery = self._open_nursery()
            self.last_death = time.monotonic()
        order = {
            "record": str(self.recording),
            "died": str(self.died),
            "log": str(self.log),
            "deadly": sorted(self.points),
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
            raise RuntimeError(f"the {self.role} cannot be started:\n{self._last_words()}")
        return int(line)

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def look(self) -> str | None:
        """Starts it again if it has died; the point at which it did. It may not end by itself."""
        if self.pid is None:
            self.start()
            return None
        assert self.nursery is not None
        if not select.select([self.nursery.stdout], [], [], 0)[0]:
            return None
        code = self._read()
        point = self.died.read_text() if self.died.exists() else None
        if point is None and code != -signal.SIGKILL:
            raise RuntimeError(f"the {self.role} ended by itself with code {code}:\n{self._last_words()}")
        if point is not None:
            self.points.discard(point)
            self.died_at.add(point)
        self.kills += 1
        self.last_death = time.monotonic()
        self.start()
        return point

    def kill(self) -> None:
        """The running life ends, wherever it is."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

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


@dataclass
class Environment:
    sandbox: str
    product: str
    database_url: str
    """As the superuser: the judge reads all workspaces' rows."""
    victims: Sequence[Victim]
    faults: Callable[[], None] = lambda: None

    def ask(self, path: str, body: Mapping[str, object] | None = None) -> object:
        return demo.ask(f"{self.sandbox}/control/{path}", body)


@contextmanager
def running(folder: Path, *, tree: Path = ROOT, waits: Mapping[str, str] = SHORT) -> Iterator[Environment]:
    """Servers and sandbox run, bot and worker are ready to be started. `tree` holds the product's code."""
    bot_port = free_port()
    arguments = ["--bot", f"http://127.0.0.1:{bot_port}", "--signing-secret", SIGNING, "--forms-secret", FORMS]
    arguments.append("--no-rate-limits")
    with (
        servers.running(folder / "servers", durable=False) as embedded,
        demo.sandbox(folder / "sandbox", port=0, arguments=arguments) as sandbox_url,
    ):
        settings = {
            **demo.product_settings(sandbox_url=sandbox_url, port=bot_port, forms_secret=FORMS, signing_secret=SIGNING),
            **embedded.settings(),
            **waits,
        }
        victims = [Victim(role, folder, environment(settings), tree) for role in ("bot", "worker")]
        try:
            yield Environment(sandbox_url, f"http://127.0.0.1:{bot_port}", embedded.owner_url, victims)
        finally:
            for victim in victims:
                victim.close()
