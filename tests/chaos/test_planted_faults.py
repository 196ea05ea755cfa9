"""The harness sees a planted fault: a patch to a copy of the product that loses or doubles is reported as that."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.chaos.environment import ROOT
from tests.chaos.run import play

pytestmark = pytest.mark.chaos
PATIENCE_S = 8.0  # whoever looks at the wrong one of two cards waits in vain
PATCHES = ROOT / "tests" / "chaos" / "patches"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for package in ("bot", "core", "integrations", "migrations"):
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    tmp_path.chmod(0o755)
    return tree


def planted(tree: Path, name: str) -> None:
    subprocess.run(["git", "apply", "--unsafe-paths", f"--directory={tree}", PATCHES / name], check=True, cwd=tree)


def test_an_effect_recorded_only_afterwards_is_seen(copy, tmp_path):
    """Without arming beforehand, a worker killed after its request sends it again."""
    planted(copy, "record_after_effect.patch")
    point = "worker request slack chat.postMessage core.telling:PostCard.send after"

    report = play(tmp_path / "run", points=[point], executions=6, tree=copy, faults=False, patience_s=PATIENCE_S)

    assert any("post" in line or "card" in line for line in report.verdict.doubled), report.verdict


def test_a_client_that_repeats_is_seen(copy, tmp_path):
    """With the SDK's own retries a lost answer becomes a second message."""
    planted(copy, "sdk_retries.patch")

    report = play(tmp_path / "run", executions=12, tree=copy, patience_s=PATIENCE_S)

    assert report.verdict.doubled, report.verdict
