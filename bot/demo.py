"""`caseyos demo`: the whole product on this machine, with the sandbox in place of Slack, Gmail and HubSpot."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.embedded import servers
from bot.embedded.process import death_signal, free_port
from bot.process_tree import Process, Tree, caseyos, environment
from bot.settings import Settings

DATA = Path(".caseyos") / "demo"
OWNER = "U0CASEY"
READY_S = 30.0
SAMPLES = 3


ANNOUNCED = {"channel": "C0WINS", "name": "wins"}
"""The channel of the sandbox that hears when somebody with an open deal writes."""


@dataclass(frozen=True)
class Demo:
    """A running demo: the sandbox's address, the product's address, and the settings both were started with."""

    sandbox: str
    product: str
    settings: Mapping[str, str]


def _place(given: Settings) -> str:
    """The sandbox's folder: one for each database, so that its cards and the database's moves stay together."""
    if given.database_url is None:
        return "sandbox"
    return "sandbox-" + hashlib.sha256(given.database_url.get_secret_value().encode()).hexdigest()[:8]


class SandboxGone(Exception):
    """The sandbox did not start; the message is what it said."""


@contextmanager
def sandbox(data: Path, *, port: int, arguments: list[str]) -> Iterator[str]:
    """The sandbox as a process of its own; its address. It is a program beside the product: nothing of it is imported."""
    data.mkdir(parents=True, exist_ok=True)
    dies_with_us = death_signal(signal.SIGTERM) if sys.platform == "linux" else None
    command = [sys.executable, "-m", "integrations.sandbox", "--data", str(data), "--port", str(port), *arguments]
    with (data / "sandbox.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            preexec_fn=dies_with_us,  # noqa: PLW1509  (it calls into libc alone)
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise SandboxGone(f"the sandbox did not start; see {data / 'sandbox.log'}")
        yield json.loads(line)["url"]
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def product_settings(*, sandbox_url: str, port: int, forms_secret: str, signing_secret: str) -> dict[str, str]:
    """The settings that point the product at the sandbox."""
    return {
        "CASEYOS_WORKSPACE": "demo",
        "CASEYOS_DEFAULT_OWNER": OWNER,
        "CASEYOS_OPERATORS": OWNER,
        "CASEYOS_VOICE_NAME": "Casey Morgan",
        "CASEYOS_VOICE_COMPANY": "Pier 7 Marketing",
        "CASEYOS_SLACK_API_URL": f"{sandbox_url}/slack/api/",
        "CASEYOS_SLACK_BOT_TOKEN": "xoxb-sandbox",
        "CASEYOS_SLACK_APP_TOKEN": "xapp-sandbox",
        "CASEYOS_SLACK_SIGNING_SECRET": signing_secret,
        "CASEYOS_HUBSPOT_API_URL": f"{sandbox_url}/hubspot",
        "CASEYOS_HUBSPOT_TOKEN": "pat-sandbox",
        "CASEYOS_GMAIL_API_URL": f"{sandbox_url}/google/",
        "CASEYOS_CALENDAR_API_URL": f"{sandbox_url}/google/",
        "CASEYOS_GOOGLE_ACCESS_TOKEN": "ya29.sandbox",
        "CASEYOS_GMAIL_POLL_S": "1",
        "CASEYOS_FORMS_SECRET": forms_secret,
        "CASEYOS_PORT": str(port),
        "CASEYOS_SWEEP_S": "0.5",
        "CASEYOS_LOG_FORMAT": "json",
        "CASEYOS_LOG_LEVEL": "warning",
    }


@contextmanager
def running(
    data: Path, *, port: int = 0, durable: bool = True, extra: Mapping[str, str] | None = None, workers: int = 1
) -> Iterator[tuple[Demo, Tree]]:
    """Servers, sandbox, bot and workers, started; the tree is not watched yet. Main thread only."""
    data = data.absolute()
    given = Settings()
    redis_url = given.redis_url.get_secret_value() if given.redis_url else None
    bot_port, signing, forms = free_port(), secrets.token_hex(16), secrets.token_hex(16)
    arguments = ["--bot", f"http://127.0.0.1:{bot_port}", "--signing-secret", signing, "--forms-secret", forms]
    with (
        servers.running(
            data / "servers", durable=durable, database=servers.given(given), redis_url=redis_url
        ) as embedded,
        sandbox(data / _place(given), port=port, arguments=arguments) as sandbox_url,
    ):
        settings = {
            **product_settings(sandbox_url=sandbox_url, port=bot_port, forms_secret=forms, signing_secret=signing),
            **embedded.settings(),
            "CASEYOS_FORMS_FILE": str(_forms(data)),
            **(extra or {}),
        }
        ask(f"{sandbox_url}/control/member", {"channel": ANNOUNCED["channel"], "member": True})
        env = environment(settings)
        processes = [Process("bot", caseyos("bot"), env)]
        processes += [Process(f"worker {n}", caseyos("worker"), env) for n in range(1, workers + 1)]
        tree = Tree(processes, lambda line: print(line, file=sys.stderr))
        tree.start()
        try:
            yield Demo(sandbox_url, f"http://127.0.0.1:{bot_port}", settings), tree
        finally:
            tree.stop()


def _forms(data: Path) -> Path:
    """The mapping that is shipped, and a channel to be told."""
    shipped = files("integrations.forms").joinpath("forms.toml").read_text(encoding="utf-8")
    told = "\n".join(f'{name} = "{value}"' for name, value in ANNOUNCED.items())
    path = data / "forms.toml"
    path.write_text(f"{shipped}\n[forms.contact.announce]\n{told}\n", encoding="utf-8")
    return path


def ask(url: str, body: Mapping[str, Any] | None = None) -> Any:
    """One JSON request to loopback; POST when there is a body. Raises OSError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


def wait_until_ready(demo: Demo, *, timeout_s: float = READY_S) -> None:
    """Returns when the bot is ready and its socket is connected. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if ask(f"{demo.product}/ready")["ready"] and ask(f"{demo.sandbox}/control/slack?user={OWNER}")["sockets"]:
                return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    raise TimeoutError(f"the bot was not ready within {timeout_s:.0f} s")


def run(*, port: int, fresh: bool) -> None:
    """Runs the demo until Ctrl+C, with the steps of its start shown."""
    console = Console()
    if fresh:
        _forget(DATA)
    with (
        console.status("Starting PostgreSQL, Valkey and the sandbox") as status,
        running(DATA, port=port) as (demo, tree),
    ):
        status.update("Starting the bot and its worker")
        wait_until_ready(demo)
        status.update("Someone fills in the form")
        if _sample_cards(demo):
            make_list(demo)
        status.stop()
        console.print(f"\n  CaseyOS runs on this machine; nothing leaves it.\n\n  Open  [bold]{demo.sandbox}[/bold]\n")
        console.print("  Press “Someone fills in the form”, then Execute on the card. Ctrl+C ends it all.")
        tree.run()


def _forget(data: Path) -> None:
    """Removes an earlier demo's folder, and the room it may have elsewhere."""
    for link in data.glob("servers/*/elsewhere"):
        shutil.rmtree(os.path.realpath(link), ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


def make_list(demo: Demo) -> None:
    """Today's Moves, whatever the time. Raises CalledProcessError."""
    subprocess.run(caseyos("digest", "--now"), env=environment(demo.settings), check=True, stdout=subprocess.DEVNULL)


def _sample_cards(demo: Demo) -> bool:
    """A first demo begins with a few cards; a later one shows what is there. Whether it is the first."""

    def cards() -> int:
        seen = ask(f"{demo.sandbox}/control/slack?user={OWNER}")
        return sum(len(channel["messages"]) for channel in seen["channels"] if channel["is_im"])

    if cards():
        return False
    for _ in range(SAMPLES):
        ask(f"{demo.sandbox}/control/form", {"form": "contact"})
    deadline = time.monotonic() + READY_S
    while cards() < SAMPLES and time.monotonic() < deadline:
        time.sleep(0.1)
    return True
