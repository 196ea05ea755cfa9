"""What a short reply resembles most among the invented ones, for replies that no rule has words for.

Naive Bayes over words, pairs of words and pieces of words: small enough to be made from the table in a few milliseconds.
"""

import itertools
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

from core.mail.phrases import table

_MOST_WORDS = 30
_LEAST_LEAD = 2.0  # in nats, of the best over the second
_PIECE = 4
_SMOOTHING = 0.3


@dataclass(frozen=True, slots=True)
class _Class:
    replies: int
    holds: Counter[str]


def resembled(text: str) -> str | None:
    """The name of the class of replies it resembles; None where it is long or the lead is small. `text` is in small letters."""
    words = re.findall(r"[\w']+", text)
    if not 1 < len(words) <= _MOST_WORDS:
        return None
    traits = [trait for trait in _traits(words) if trait in _known()]
    ranked = sorted(((_log_chance(one, traits), name) for name, one in _classes().items()), reverse=True)
    (best, name), (second, _) = ranked[:2]
    return name if best - second >= _LEAST_LEAD else None


def _traits(words: list[str]) -> set[str]:
    pieces = {f"^{word}$"[at : at + _PIECE] for word in words for at in range(max(1, len(word) + 3 - _PIECE))}
    pairs = {f"{a} {b}" for a, b in itertools.pairwise(words)}
    return {*words, *pairs, *(f"#{piece}" for piece in pieces)}


def _log_chance(one: _Class, traits: list[str]) -> float:
    return sum(math.log((one.holds[trait] + _SMOOTHING) / (one.replies + 2 * _SMOOTHING)) for trait in traits)


@cache
def _classes() -> dict[str, _Class]:
    classes = {}
    for name, replies in table("replies").items():
        holds: Counter[str] = Counter()
        for reply in replies:
            holds.update(_traits(re.findall(r"[\w']+", reply.lower())))
        classes[name] = _Class(len(replies), holds)
    return classes


@cache
def _known() -> frozenset[str]:
    return frozenset(trait for one in _classes().values() for trait in one.holds)
