"""Every commit and request on the path, and the kill of a bot or worker right before and right after it."""

import os
from pathlib import Path

import pytest

from tests.chaos.run import known_points, play

pytestmark = pytest.mark.chaos
LONG = pytest.mark.skipif(os.environ.get("CASEYOS_LONG") != "1", reason="takes minutes: set CASEYOS_LONG=1")
ON_THE_WAY_OF_A_MAIL = ("on_submit", "send_email/1 Applied", "send_email/1 held", "SendDraft.send", "SendDraft.check")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


@LONG
def test_dying_at_every_point_loses_nothing_and_doubles_nothing(folder: Path) -> None:
    report = play(folder, points=known_points())

    assert report.verdict.clean, report.verdict
    assert report.verdict.needs_human == 0
    assert report.never_met == []
    assert report.died_at == set(known_points())


def test_dying_on_the_way_of_a_mail_loses_nothing_and_doubles_nothing(folder: Path) -> None:
    points = [point for point in known_points() if any(part in point for part in ON_THE_WAY_OF_A_MAIL)]
    assert len(points) >= 8

    report = play(folder, points=points)

    assert (report.verdict.lost, report.verdict.doubled) == ([], [])
    assert report.died_at == set(points)
