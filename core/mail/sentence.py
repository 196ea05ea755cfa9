"""What a letter says, sentence by sentence, without its greeting, its sign-off and what a company adds below."""

import re
from dataclasses import dataclass

from core.mail.phrases import pattern

_MOST_AT_THE_BEGINNING = 2_500
_MOST_AT_THE_END = 1_000
_LINES_BELOW_A_SIGN_OFF = 6
_CHARACTERS_BELOW_A_SIGN_OFF = 300
_GREETING = r"\A\s*(?:{}\b[^\n,.!?:]{0,50}[,.!:\n]|[^\W\d_][\w.'-]{1,20}(?: [^\W\d_][\w.'-]{1,20})?,\s*\n)"
_CLOSING = r"\n[ \t]*{}[^\n]{0,45}(?:\n|\Z)"
_SENTENCE = re.compile(r"[^.!?\n。！？]+(?:(?:\.(?=[\w@])|[^.!?\n。！？])+)*[.!?。！？]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in small letters; `raw` has the letters as they were written."""

    text: str
    raw: str
    asks: bool


def sentences_of(letter: str) -> list[Sentence]:
    """The sentences between greeting and sign-off, in order; of a very long letter those at its beginning and its end."""
    if len(letter) > _MOST_AT_THE_BEGINNING + _MOST_AT_THE_END:
        letter = letter[:_MOST_AT_THE_BEGINNING] + "\n\n" + letter[-_MOST_AT_THE_END:]
    found = _split(_between_greeting_and_sign_off(letter))
    own = [one for one in found if one.asks or not pattern("letter", "aside").search(one.text)]
    return own or found


def _between_greeting_and_sign_off(text: str) -> str:
    text = text.strip()
    for _ in range(2):
        text = pattern("letter", "greeting", shape=_GREETING).sub("", text, count=1)
    text = "\n" + text
    for found in pattern("letter", "closing", shape=_CLOSING).finditer(text):
        below = text[found.end() :]
        short = below.count("\n") <= _LINES_BELOW_A_SIGN_OFF and len(below) < _CHARACTERS_BELOW_A_SIGN_OFF
        says_something = pattern("letter", "says_something", shape=r"(?<![^\W\d_]){}").search(found[0])
        if short and text[: found.start()].strip() and not says_something:
            return text[: found.start()].strip()
    return text.strip()


def _split(text: str) -> list[Sentence]:
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*[-*•]\s)", text):
        for match in _SENTENCE.finditer(paragraph.replace("\n", " ")):
            raw = re.sub(r"\s+", " ", match[0]).strip()
            if raw.strip(" .!?,;:-"):
                found.append(Sentence(raw.lower(), raw, asks=raw.endswith(("?", "？"))))
    return found
