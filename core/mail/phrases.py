"""Phrase tables that stand in data files beside this module, as compiled patterns."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """The whole data file, such as `table("intent")`."""
    return tomllib.loads((files(__package__) / "tables" / f"{name}.toml").read_text(encoding="utf-8"))


def flattened(value: Any) -> list[str]:
    """Every phrase below a key, whatever its language."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return [phrase for one in inner for phrase in flattened(one)]


@cache
def pattern(name: str, key: str, *, shape: str = "{}", flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """One pattern from all phrases below a key. `shape` says how they stand in the text, with `{}` for the phrases."""
    chosen: Any = table(name)
    for step in key.split("."):
        chosen = chosen[step]
    return re.compile(shape.replace("{}", "(?:" + "|".join(flattened(chosen)) + ")"), flags)


def plain(text: str) -> str:
    """Text for matching: typographic quotes and spaces made plain, small letters kept as they are."""
    return text.translate(_PLAIN)


_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "`": "'",
        "´": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u200b": "",
        "\u200e": "",
        "\u200f": "",
        "\ufeff": "",
        "‐": "-",
        "‑": "-",
        "–": "-",
        "—": "-",
    }
)
