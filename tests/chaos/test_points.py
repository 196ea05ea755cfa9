"""Every commit and request on the path, and the kill of a bot or worker right before and right after it."""

from pathlib import Path

import pytest

from tests.chaos.run import known_points, play

pytestmark = pytest.mark.chaos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


def test_dying_at_every_point_loses_nothing_and_doubles_nothing(folder: Path) -> None:
    report = play(folder, points=known_points())

    assert report.verdict.clean, report.verdict
    assert report.verdict.asked == []
    assert report.never_met == []
    assert report.died_at == set(known_points())
