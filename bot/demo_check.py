"""`caseyos demo --check`: plays the product's story without a browser and proves each step by the sandbox's ledgers."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from bot import demo
from bot.story import STEPS, StepFailed, Story

HOLD_S = 3.0
SETTINGS = {
    "CASEYOS_HOLD_S": str(HOLD_S),
    "CASEYOS_GMAIL_POLL_S": "0.5",
    "CASEYOS_SWEEP_S": "0.25",
    "CASEYOS_DIGEST_AT": "",
}


def run() -> int:
    """Plays every step; the report is the last line on standard output. 0 only if all was seen in the ledgers."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="caseyos-check-") as folder:
        report = _play(Path(folder), console)
    print(json.dumps(report), file=sys.stdout, flush=True)
    return 0 if report["ok"] else 1


def _play(folder: Path, console: Console) -> dict[str, Any]:
    # A folder that the servers' account can reach, whoever runs this.
    folder.chmod(0o755)
    with (
        console.status("Starting servers, sandbox, bot and worker") as status,
        demo.running(folder / "demo", durable=False, extra=SETTINGS) as (running, _),
    ):
        demo.wait_until_ready(running)
        story = Story(running, hold_s=HOLD_S)
        for step in STEPS:
            status.update(f"{step.__name__.replace('_', ' ')}: {step.__doc__}")
            try:
                step(story)
            except StepFailed as why:
                console.print(f"[red]{step.__name__}[/red]: {why}")
                break
        return story.report()
