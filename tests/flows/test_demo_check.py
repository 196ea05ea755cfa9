"""`caseyos demo --check`, as anybody would run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bot.story import STEPS

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_proves_its_own_story(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEYOS_")}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "bot", "demo", "--check"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=150, check=False
    )

    report = json.loads(done.stdout.splitlines()[-1])
    assert report["steps"] == {step.__name__: True for step in STEPS}, done.stderr[-2000:]
    assert (report["lost"], report["doubled"]) == (0, 0)
    assert all(report["proof"][name] for name in report["steps"])
    assert report["ok"]
    assert done.returncode == 0
