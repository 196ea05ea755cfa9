"""Hostile strings from the folder shared beside the repository; tests skip where it is not there."""

import json
from pathlib import Path

import pytest

STRINGS = Path(__file__).resolve().parents[3] / "shared" / "strings" / "strings.json"


def hostile_strings() -> list[str]:
    if not STRINGS.exists():
        pytest.skip(f"no hostile strings at {STRINGS}")
    return [one["s"] for one in json.loads(STRINGS.read_text(encoding="ascii"))]
