"""Every commit and request on the path, and the kill of a bot or worker right before and right after it."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.environment import ROOT
from tests.chaos.run import known_points, play

pytestmark = pytest.mark.chaos


@pytest.fixture
def folder(tmp_path):
    tmp_path.chmod(0o755)
    return tmp_path


def test_the_list_names_every_boundary_that_the_story_passes(folder):
    report = play(folder, executions=20, faults=False)

    assert report.passed - set(known_points()) == set()
    assert report.verdict.clean, report.verdict


def test_dying_at_every_point_loses_nothing_and_doubles_nothing():
    """In two halves beside each other, each with servers of its own."""
    halves = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.chaos", "--each", "--part", f"{part}/2"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for part in (1, 2)
    ]
    with ThreadPoolExecutor() as readers:
        said = list(readers.map(lambda half: half.communicate(timeout=540), halves))

    reports = [json.loads(out.splitlines()[-1]) for out, _ in said]
    found = {
        name: sum(report[name] for report in reports) for name in ("lost", "doubled", "unexplained", "needs_human")
    }
    assert found == {"lost": 0, "doubled": 0, "unexplained": 0, "needs_human": 0}, [err[-3000:] for _, err in said]
    assert [report["never_met"] for report in reports] == [[], []]
    assert sum(report["points"] for report in reports) == len(known_points())
    assert [half.returncode for half in halves] == [0, 0]
