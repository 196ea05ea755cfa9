"""What a person wants, read from what he or she newly wrote. Refusals come first, and kind words beside them turn nothing."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from core.mail.likeness import resembled
from core.mail.phrases import any_of, flattened, pattern, phrases_for, plain, table, words_of
from core.mail.sentence import Sentence, sentences_of

Name = Literal["interested", "question", "meeting", "referral", "later", "not_interested", "unsubscribe", "none"]

_CLOCK = re.compile(
    r"(?<![\d.:/])(?:[01]?\d|2[0-3])(?:[:.][0-5]\d(?![\d.])|\s?(?:am|pm|a\.m\.|p\.m\.|uhr|h(?:\s?[0-5]\d)?\b|o'clock))|\b(?:at|alle|a las|las|às|kl\.?|klo|om|um|o|v|в|saat) (?:[01]?\d|2[0-3])(?![.,]?\d|\s?%)\b|\b(?:noon|midday|half past|quarter (?:to|past)|las (?:[01]?\d|2[0-3]))\b|\d{1,2}[時点點]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted, and the words that said so."""

    name: Name
    evidence: str = ""


def intent_of(own: str, *, subject: str = "", sender: str = "") -> Intent:
    """What the writer wants. `own` is the new text alone, without quotations; `sender` the writer's own address."""
    sentences = sentences_of(plain(own))
    if not sentences and _whole("unsubscribe", plain(subject).lower().strip()):
        return Intent("unsubscribe", subject)
    if not sentences:
        return Intent("none")
    if found := _unsubscribes(sentences):
        return Intent("unsubscribe", found)
    rest = [one for one in sentences if not words_of("unsubscribe.kept").search(one.text)]
    if not rest:
        return Intent("none")
    by_rule = _without_unsubscribe(rest, _other_address(rest, sender))
    if by_rule.name == "none":
        return _by_likeness(rest)
    if by_rule.name == "interested" and not words_of("interested.request").search(by_rule.evidence):
        # A kind word alone is weak: where the whole resembles a refusal, it is one.
        resembling = _by_likeness(rest)
        return resembling if resembling.name in {"unsubscribe", "not_interested"} else by_rule
    return by_rule


def _by_likeness(sentences: list[Sentence]) -> Intent:
    """What no rule has words for, as the replies it resembles; never interest, never a talk."""
    text = " ".join(one.text for one in sentences)
    match resembled(text):
        case "unsubscribe" | "not_interested" | "later" | "referral" as name:
            return Intent(name, text)
        case _:
            return Intent("none")


def _whole(name: str, sentence: str) -> bool:
    bare = re.sub(r"[^\w\s',-]", "", sentence).strip(" ,.-")
    return bool(re.fullmatch("|".join(f"(?:{one})" for one in table(f"intent/{name}")["whole"]), bare))


def _unsubscribes(sentences: list[Sentence]) -> str:
    for sentence in sentences:
        if _whole("unsubscribe", sentence.text):
            return sentence.text
        found = phrases_for("unsubscribe").search(sentence.text)
        if not found or words_of("unsubscribe.negated").search(sentence.text):
            continue
        named_only = words_of("unsubscribe.word").search(found[0]) and not words_of("unsubscribe.writer").search(
            found[0]
        )
        if not (named_only and words_of("unsubscribe.about").search(sentence.text)):
            return found[0]
    return ""


def _other_address(sentences: list[Sentence], sender: str) -> str:
    """An address of somebody else that the writer gives."""
    named = _ADDRESS.findall(" ".join(one.raw for one in sentences))
    return next((one for one in named if one.lower().strip(".") != sender.lower()), "")


def _without_unsubscribe(sentences: list[Sentence], address: str) -> Intent:
    if refusal := _first_refusal(sentences):
        return _turned(sentences, refusal, address) or Intent("not_interested", refusal[1])
    meeting, later = _first("meeting", sentences), _first("later", sentences)
    timed = _names_a_time(sentences)
    if timed or (meeting and not (later and later[0] >= meeting[0])):
        return Intent("meeting", timed or (meeting[1] if meeting else ""))
    wish, referral = _first("interested", sentences), _first_referral(sentences)
    if referral and not (wish and wish[0] < referral[0]):
        return Intent("referral", referral[1])
    if later and not _outlived(later, wish, sentences):
        return Intent("later", later[1])
    if wish:
        return Intent("not_interested" if _is_taken_back(wish, sentences) else "interested", wish[1])
    return _by_weak_words(sentences, address)


def _by_weak_words(sentences: list[Sentence], address: str) -> Intent:
    """What words say that count only where nothing plainer was said."""
    asks = any(one.asks for one in sentences)
    if address and not asks:
        return Intent("referral", address)
    if refusal := _first("refusal", sentences, weak=True):
        return Intent("not_interested", refusal[1])
    if not asks and (later := _first("later", sentences, weak=True)):
        return Intent("later", later[1])
    asked = _asks(sentences)
    if asked.name == "none" and (wish := _first("interested", sentences, weak=True)):
        return Intent("not_interested" if _is_taken_back(wish, sentences) else "interested", wish[1])
    return asked


def _first(name: str, sentences: list[Sentence], start: int = 0, *, weak: bool = False) -> tuple[int, str] | None:
    words = words_of(f"{name}.weak") if weak else phrases_for(name)
    for at in range(start, len(sentences)):
        for found in words.finditer(sentences[at].text):
            before, behind = sentences[at].text[: found.start()], sentences[at].text[found.end() :]
            if name == "later" or not (_is_denied_before(before) or _is_denied_behind(behind)):
                return at, found[0]
    return None


def _is_taken_back(wish: tuple[int, str], sentences: list[Sentence]) -> bool:
    """Whether a kind word about us, no request, stands beside a weak refusal, or before a "but" with nothing wanted behind it."""
    at, words = wish
    if words_of("interested.request").search(words) or any(one.asks for one in sentences[at:]):
        return False
    if _first("refusal", sentences, weak=True):
        return True
    behind = sentences[at].text.partition(words)[2] + " " + " ".join(one.text for one in sentences[at + 1 :])
    turn = words_of("interested.contrast").search(behind)
    return bool(turn) and not phrases_for("interested").search(behind[turn.end() :] if turn else "")


def _is_denied_before(before: str) -> bool:
    """Whether the words directly before a wish deny it: "did not like it"."""
    return bool(pattern("intent/interested", "denied", shape=r"(?<![^\W\d_]){}(?: \w+){0,2} ?$").search(before))


def _is_denied_behind(behind: str) -> bool:
    """Whether the words directly behind a wish deny it: "je souhaite ne plus"."""
    return bool(pattern("intent/interested", "denied_behind", shape=r"^[\s,]*{}(?![^\W\d_])").match(behind))


def _first_refusal(sentences: list[Sentence]) -> tuple[int, str] | None:
    for at, sentence in enumerate(sentences):
        if _whole("refusal", sentence.text):
            return at, sentence.text
        for found in phrases_for("refusal").finditer(sentence.text):
            if sentence.asks and pattern("intent/refusal", "asked").match(sentence.text):
                continue
            if not _is_reported(sentence.text[: found.start()]) and not _only_for_now(sentence.text, found):
                return at, found[0]
    return None


def _only_for_now(sentence: str, found: re.Match[str]) -> bool:
    """A refusal that says itself for how long: a "later"."""
    return bool(words_of("refusal.for_now").search(sentence)) and not _is_for_good(found[0])


def _is_for_good(words: str) -> bool:
    return bool(pattern("intent/refusal", "for_good").search(words))


def _is_reported(before: str) -> bool:
    """Whether these words stand before somebody else's refusal, or one that might have been."""
    return bool(pattern("intent/refusal", "reported", shape=r"\b{}\b[^,;]{0,60}$").search(before))


_BARE_NO = re.compile(r"\W*(?:no|nein|non|nope|nee|nej|nei)\b.{0,20}")


def _outlived(later: tuple[int, str], wish: tuple[int, str] | None, sentences: list[Sentence]) -> bool:
    """Whether a wish or a question behind a word of time outweighs it."""
    if words_of("later.invite").search(" ".join(one.text for one in sentences)):
        return False
    return bool((wish and wish[0] > later[0]) or (sentences[-1].asks and len(sentences) - 1 > later[0]))


def _turned(sentences: list[Sentence], refusal: tuple[int, str], address: str) -> Intent | None:
    """What the writer turns to behind a refusal of one thing; None where the refusal stands."""
    refused, words = refusal
    behind_it = sentences[refused + 1 :]
    if _BARE_NO.fullmatch(words) and (timed := _names_a_time(behind_it)):
        return Intent("meeting", timed)
    if not _is_for_good(words):
        for one in behind_it:
            if found := words_of("later.invite").search(one.text):
                return Intent("later", found[0])
    for at in range(refused, len(sentences)):
        text = sentences[at].text
        turn = words_of("interested.turn").search(text)
        if not turn:
            continue
        one = sentences[at]
        cut = turn.start() if at == refused else 0
        behind = [Sentence(one.text[cut:], one.raw[cut:], asks=one.asks), *sentences[at + 1 :]]
        if _first_refusal(behind):
            continue
        if talk := _first("meeting", behind):
            return Intent("meeting", talk[1])
        if wish := _first("interested", behind):
            return Intent("interested", wish[1])
        if named := _first_referral(behind):
            return Intent("referral", named[1])
        if address:
            return Intent("referral", address)
        if later := _first("later", behind):
            return Intent("later", later[1])
    return None


def _first_referral(sentences: list[Sentence]) -> tuple[int, str] | None:
    named = pattern("intent/referral", "named", flags=0)
    for at, sentence in enumerate(sentences):
        if found := phrases_for("referral").search(sentence.text) or named.search(sentence.raw):
            return at, found[0]
    return None


def _names_a_time(sentences: list[Sentence]) -> str:
    """A day with a clock time, or a clock time beside words of a meeting: somebody proposes or accepts it."""
    for sentence in sentences:
        clock = _CLOCK.search(sentence.text)
        if clock and words_of("meeting.past").search(sentence.text[: clock.start()]):
            continue
        if clock and len(sentences) == 1 and len(sentence.text.split()) < 8:
            return sentence.text
        if clock and (
            _day_word().search(sentence.text)
            or phrases_for("meeting").search(sentence.text)
            or words_of("meeting.agrees").search(sentence.text)
        ):
            return sentence.text[max(0, clock.start() - 20) : clock.end()]
    return ""


@cache
def _day_word() -> re.Pattern[str]:
    calendar = table("calendar")
    days = [
        *flattened(calendar["weekday"]),
        *calendar["relative"]["tomorrow"],
        *flattened(calendar["month"]),
        "today",
        "heute",
        "aujourd'hui",
        "hoy",
        "oggi",
        "hoje",
        "vandaag",
        "dzisiaj",
        "idag",
        "i dag",
        "сегодня",
        "the \\d{1,2}(?:st|nd|rd|th)",
    ]
    return any_of((day for day in days if len(day) > 2), whole=True)


def _asks(sentences: list[Sentence]) -> Intent:
    for sentence in sentences:
        if sentence.asks or words_of("question.told").search(sentence.text):
            return Intent("question", sentence.text)
    return Intent("none")
