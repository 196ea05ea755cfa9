"""Every complaint's test fails when a patch plants the complaint: in a copy of the product, by an assertion and by nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.planted import ROOT, copy_of_the_product

PATCHES = Path(__file__).parent / "patches"
SEEN_BY = {
    "dead_button.patch": "test_no_button_is_dead",
    "done_too_early.patch": "test_a_card_says_done_only_once_it_is",
    "noise_in_threads.patch": "test_a_thread_is_told_what_the_person_could_not_know_and_nothing_else",
    "ping_for_own_click.patch": "test_nobody_is_pinged_about_their_own_click",
    "wall_of_buttons.patch": "test_a_card_is_no_wall_of_buttons",
    "waiting_is_refusal.patch": "test_waiting_is_no_refusal",
}


def test_every_complaint_has_its_patch_and_every_patch_its_test() -> None:
    tests = re.findall(r"^async def (test_\w+)", (PATCHES.parent / "test_complaints.py").read_text(), re.MULTILINE)
    assert sorted(SEEN_BY) == sorted(one.name for one in PATCHES.iterdir())
    assert sorted(SEEN_BY.values()) == sorted(tests)


@pytest.mark.parametrize("patch", SEEN_BY)
def test_a_planted_complaint_is_seen(patch: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    tree = copy_of_the_product(tmp_path / "tree", PATCHES / patch)
    shutil.copytree(ROOT / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    test = f"tests/complaints/test_complaints.py::{SEEN_BY[patch]}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", test]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTEST_ADDOPTS": ""}
    ran = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "AssertionError" in ran.stdout or re.search(r"^E +assert ", ran.stdout, re.MULTILINE), ran.stdout
