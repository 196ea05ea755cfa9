"""Every commit and request on the path, and the kill of a bot or worker right before and right after it."""

import pytest

from tests.chaos.run import known_points, play

pytestmark = pytest.mark.chaos


@pytest.fixture
def folder(tmp_path):
    tmp_path.chmod(0o755)
    return tmp_path


def test_dying_at_every_point_loses_nothing_and_doubles_nothing(folder):
    report = play(folder, points=known_points())

    assert report.verdict.clean, report.verdict
    assert report.verdict.needs_human == 0
    assert report.never_met == []
    assert report.died_at == set(known_points())


def test_dying_at_random_times_loses_nothing_and_doubles_nothing(folder):
    report = play(folder, executions=30, seed=7)

    assert report.verdict.clean, report.verdict
    assert report.kills > 0
