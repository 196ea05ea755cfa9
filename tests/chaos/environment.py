"""What a chaos run stands on: servers, sandbox, and one bot and one worker that are killed and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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

# All waits are shortened together, as far as they hang together: a lost worker is noticed after start_within +
# request_timeout + 1 s, an absent effect is armed again `horizon` after its last byte could have left.
SHORT = {
    "CASEYOS_HOLD_S": "1.5",
    "CASEYOS_START_WITHIN_S": "1",
    "CASEYOS_REQUEST_TIMEOUT_S": "2",
    "CASEYOS_MAIL_HORIZON_S": "2",
    "CASEYOS_SLACK_HORIZON_S": "1",
    "CASEYOS_SWEEP_S": "0.2",
    "CASEYOS_GMAIL_POLL_S": "0.4",
    "CASEYOS_DAILY_MAIL_CAP": "100000",
}
REAL = {"CASEYOS_GMAIL_POLL_S": "5", "CASEYOS_DAILY_MAIL_CAP": "100000"}
"""The shipped holds and horizons: for one long run by command."""


@dataclass
class Victim:
    """A bot or worker. It is kept running; each life may be armed with the point at which it dies."""

    role: str
    folder: Path
    environment: Mapping[str, str]
    tree: Path = ROOT
    points: list[str] = field(default_factory=list)
    """Points still to die at, the next one last."""
    died_at: list[str] = field(default_factory=list)
    lives: int = 0
    kills: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    armed: str | None = None
    born: float = 0.0

    @property
    def recording(self) -> Path:
        return self.folder / f"{self.role}.points"

    @property
    def died(self) -> Path:
        return self.folder / f"{self.role}.died"

    def start(self) -> None:
        self.died.unlink(missing_ok=True)
        self.armed = self.points.pop() if self.points else None
        hooked = {
            **self.environment,
            "PYTHONPATH": f"{HOOK}{os.pathsep}{self.tree}",
            "CHAOS_ROLE": self.role,
            "CHAOS_POINTS": str(self.recording),
            "CHAOS_DIED": str(self.died),
        }
        if self.armed:
            hooked["CHAOS_KILL"] = self.armed
        with (self.folder / f"{self.role}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", self.role],
                cwd=self.tree,
                env=hooked,
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                preexec_fn=DIES_WITH_US,  # noqa: PLW1509  (it calls into libc alone)
            )
        self.lives += 1
        self.born = time.monotonic()

    def look(self) -> bool:
        """Starts it again if it has died; whether that was at its point. It may not end by itself."""
        if self.process is None:
            self.start()
            return False
        if (code := self.process.poll()) is None:
            return False
        met = self.died.exists()
        if met:
            self.died_at.append(self.died.read_text())
        elif code != -9:
            log = (self.folder / f"{self.role}.log").read_text(errors="replace")[-3000:]
            raise RuntimeError(f"the {self.role} ended by itself with code {code}:\n{log}")
        self.kills += 1
        self.start()
        return met

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

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
                victim.kill()
