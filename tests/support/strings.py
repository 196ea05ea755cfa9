"""Hostile strings from the folder shared beside the repository; tests skip where it is not there."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

STRINGS = Path(__file__).resolve().parents[3] / "shared" / "strings" / "strings.json"


def hostile_strings() -> list[str]:
    return [one["s"] for one in _all()]


def of_every_kind(count: int, *, fits: Callable[[str], bool]) -> list[str]:
    """So many of those that fit, taken from all kinds in turn, spread over each kind's whole list."""
    kinds: dict[str, list[str]] = {}
    for one in _all():
        if fits(one["s"]):
            kinds.setdefault(one["kind"], []).append(one["s"])
    each = 1 + -(-count // len(kinds))  # one more, as kinds are small and texts stand in several
    turns = [[texts[len(texts) * n // each] for n in range(each)][: len(texts)] for texts in kinds.values()]
    chosen = [turn[n] for n in range(each) for turn in turns if n < len(turn)]
    return list(dict.fromkeys(chosen))[:count]


def _all() -> list[dict[str, str]]:
    if not STRINGS.exists():
        pytest.skip(f"no hostile strings at {STRINGS}")
    found: list[dict[str, str]] = json.loads(STRINGS.read_text(encoding="ascii"))
    return found
