"""The walls between the packages: an import planted across one is refused."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "core", "integrations", "migrations")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "page"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def contracts_hold(tree: Path) -> bool:
    lint = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(
        lint, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return done.returncode == 0


def test_the_contracts_hold(copy: Path) -> None:
    assert contracts_hold(copy)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("core/effect.py", "import bot.ids"),
        ("core/queue.py", "import integrations.gmail"),
        ("core/queue.py", "import slack_sdk"),
        ("core/aps.py", "import core.tables"),
        ("core/playbook.py", "import sqlalchemy"),
        ("integrations/gmail/client.py", "import integrations.hubspot"),
        ("integrations/hubspot/client.py", "import bot.ids"),
        ("integrations/forms/signals.py", "import slack_sdk"),
        ("integrations/sandbox/store.py", "import core.money"),
        ("integrations/sandbox/store.py", "import bot.ids"),
        ("integrations/sandbox/store.py", "import integrations.gmail"),
        ("bot/demo.py", "import integrations.sandbox.store"),
        ("core/draft.py", "import integrations.sandbox"),
        ("integrations/gmail/client.py", "import integrations.sandbox.store"),
    ],
)
def test_an_import_across_a_wall_is_refused(copy: Path, file: str, line: str) -> None:
    path = copy / file
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    assert not contracts_hold(copy)
