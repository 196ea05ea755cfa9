"""Phrase tables that stand in data files beside this module, as compiled patterns."""

import re
import tomllib
from collections.abc import Iterable
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


# Lists that qualify what was found, or are matched in another way.
_APART = frozenset(
    [
        "whole",
        "negated",
        "about",
        "kept",
        "word",
        "writer",
        "turn",
        "told",
        "weak",
        "named",
        "invite",
        "asked",
        "reported",
        "for_now",
        "for_good",
        "agrees",
        "denied",
        "denied_behind",
        "request",
        "contrast",
        "past",
    ]
)
_WRITTEN_TOGETHER = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def any_of(phrases: Iterable[str], *, whole: bool = False) -> re.Pattern[str]:
    """The phrases at the beginning of a word, and with `whole` to its end; where words are not parted, anywhere."""
    parted: list[str] = []
    unparted: list[str] = []
    for phrase in phrases:
        (unparted if _WRITTEN_TOGETHER.search(phrase) else parted).append(phrase)
    # The look-behind stands once before all phrases: inside a word no phrase is tried.
    shapes = [rf"(?<![^\W\d_])(?:{'|'.join(parted)})" + (r"(?![^\W\d_])" if whole else "")] if parted else []
    return re.compile("|".join(shapes + unparted))


@cache
def words_of(path: str) -> re.Pattern[str]:
    """The phrases of one list, such as `words_of("later.weak")`."""
    name, key = path.split(".")
    return any_of(table(f"intent/{name}")[key], whole=True)


@cache
def phrases_for(name: str) -> re.Pattern[str]:
    """All languages' phrases for an intent."""
    lists = table(f"intent/{name}").items()
    return any_of(phrase for key, phrases in lists if key not in _APART for phrase in phrases)


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
