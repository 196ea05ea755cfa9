"""All at once: people, processes killed and stopped, servers that crash, and a wire that cuts, for two hundred executions."""

from pathlib import Path

import pytest

from tests.chaos.cells import cells, play_cells, sample
from tests.chaos.mixed import play_mixed
from tests.chaos.run import known_points

pytestmark = pytest.mark.chaos
SAMPLE = 24
SEED = 11


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


def test_two_hundred_executions_lose_nothing_and_double_nothing(folder: Path) -> None:
    report = play_mixed(
        folder, executions=210, seed=SEED
    )  # to some a service does not answer in time: nothing is proposed

    assert report.verdict.clean, report.verdict
    assert report.audit["sound"], report.audit
    assert sum(one.approved for one in report.executions) >= 200
    assert report.verdict.needs_human_readable == 0
    assert report.crashes.armed, "no process was killed while its request was under way"
    assert report.recoveries.unrecovered == 0


def test_some_of_the_cells_lose_nothing_and_double_nothing(folder: Path) -> None:
    report = play_cells(folder, sample(cells(known_points()), SAMPLE, SEED))

    assert report.verdict.clean, report.verdict
    assert report.not_met == []
    assert len(report.met) == SAMPLE


def test_the_cells_cover_each_step_under_faults_with_one_worker_and_with_two() -> None:
    found = cells(known_points())

    assert len(found) == len(set(found)) > 1000
    assert {cell.workers for cell in found} == {1, 2}
    steps = {cell.of.step for cell in found if cell.fault == "lose_answer"}
    assert steps == {cell.of.step for cell in found} - {"create_task/1"}
