"""A full channel: each message that waits gets a turn of its own, and none is asked for before it."""

import itertools
import time
from datetime import timedelta

import pytest

from bot.pacing import EVERY_S, Pacing
from core.ports import Unavailable


def waits(pacing: Pacing, channel: str, key: str) -> float:
    with pytest.raises(Unavailable) as busy:
        pacing.take_turn(channel, key)
    assert busy.value.retry_after is not None
    return busy.value.retry_after.total_seconds()


def test_nothing_waits_before_slack_has_said_so():
    pacing = Pacing()
    for number in range(50):
        pacing.take_turn("D1", str(number))


def test_those_that_wait_get_turns_one_after_the_other():
    pacing = Pacing()
    pacing.refused("D1", timedelta(seconds=1))
    turns = [waits(pacing, "D1", str(number)) for number in range(4)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(turns)]
    assert turns[0] == pytest.approx(1, abs=0.1)
    assert gaps == pytest.approx([EVERY_S] * 3, abs=0.1)
    assert waits(pacing, "D1", "0") <= turns[0]  # asking again does not cost its turn
    pacing.take_turn("D2", "another channel")


def test_whose_turn_has_come_goes():
    pacing = Pacing()
    pacing.refused("D1", timedelta(milliseconds=20))
    waits(pacing, "D1", "first")
    time.sleep(0.03)
    pacing.take_turn("D1", "first")
