"""When somebody who is away will be back: the first day back that an absence note states."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from core.mail.phrases import flattened, pattern, plain, table

_MOST_CHARACTERS = 5_000
_SENTENCE_END = re.compile(
    r"[!?。！？]|(?<!\b\d)(?<!\b\d\d)(?<!\b[A-Za-z])\.(?=\s+[^\W\d_a-zà-öø-ÿ])|\n\s*\n|\n(?=[^\W\d_][\w ]{1,14}:\s)"
)
_ARTICLES = r"(?:\s|,|:|\.|the|and|end of|end|den|dem|zum|am|dim\.?|le|el|d[ií]a|il|giorno|de|o|dia|dnia|d\.|date|including|einschlie(?:ß|ss)lich|inkl\.?|of|on|{weekday})*$"


@dataclass(frozen=True, slots=True)
class _Found:
    """A date in the text: where it stands, and the days it may be."""

    start: int
    end: int
    days: tuple[date, ...]
    loose: bool = False


def first_day_back(text: str, *, written: date | None, american: bool = False) -> date | None:
    """The first day back by the note's own words; None where it states none. `written` is the mail's own date."""
    text = plain(text[:_MOST_CHARACTERS])
    answers: list[tuple[int, date]] = []
    for sentence in _sentences(text):
        answers += _answers(sentence, written, american=american)
    return min(answers, key=lambda one: one[0])[1] if answers else None


def _sentences(text: str) -> list[str]:
    joined = re.sub(r"(?<![:\n])\n(?!\s*\n|[^\W\d_][\w ]{1,14}:\s)", " ", text)
    cut, start = [], 0
    for end in _SENTENCE_END.finditer(joined):
        cut.append(joined[start : end.end()])
        start = end.end()
    return [one for one in [*cut, joined[start:]] if one.strip()]


def _answers(sentence: str, written: date | None, *, american: bool) -> list[tuple[int, date]]:
    """(rank, first day back) for each date of the sentence that states one; a lower rank is the better witness."""
    found = _dates(sentence, written, american=american)
    if not found or (found[0].loose and pattern("calendar", "other.week").search(sentence)):
        return []
    answers = []
    of_other_things = bool(pattern("calendar", "other.words").search(sentence))
    for at, one in enumerate(found):
        before = sentence[found[at - 1].end if at else 0 : one.start]
        after = sentence[one.end : found[at + 1].start if at + 1 < len(found) else len(sentence)]
        ends_range = at > 0 and bool(
            pattern(
                "calendar",
                "until.between",
                shape=r"^[\s,.]*{}[\s,.]*(?:the |den |dem |zum |le |el |al |il |o )?" + _weekday_shape() + r"?[\s,.]*$",
            ).match(before)
        )
        day = _nearest(one.days, written)
        if day is None:
            continue
        if (
            _directly_until(before)
            or ends_range
            or pattern("calendar", "until.after", shape=r"^\s{0,2}(?:\([^)]{1,12}\)\s?)?{}").match(after)
        ):
            answers.append((2 + 3 * of_other_things + one.loose, day + timedelta(days=1)))
        elif _back_before(before, found, at, sentence):
            answers.append((0 + 4 * of_other_things + one.loose, day))
        elif _back_after(after, last=at + 1 == len(found)):
            answers.append((1 + 4 * of_other_things + one.loose, day))
    if of_other_things and not pattern("calendar", "other.writer", shape=r"(?<![^\W\d_]){}(?![^\W\d_])").search(
        sentence
    ):
        # Moves and fairs count only where the writer is there.
        return []
    return answers


def _directly_until(before: str) -> bool:
    if re.search(r"(?:return|back|retour|wieder)\w*[^.]{0,20}$", before[-25:], re.IGNORECASE):
        return False
    return bool(
        pattern(
            "calendar", "until.words", shape=r"(?<![^\W_]){}" + _ARTICLES.replace("{weekday}", _weekday_shape())
        ).search(before)
    )


@cache
def _weekday_shape() -> str:
    return "(?:" + "|".join(flattened(table("calendar")["weekday"])) + r")"


def _back_before(before: str, found: list[_Found], at: int, sentence: str) -> bool:
    if pattern("calendar", "back.words").search(before[-80:]):
        return not re.search(r"\b(?:before|not|after my|since my)\s+\S{0,12}\s?$", before, re.IGNORECASE)
    return False


def _back_after(after: str, *, last: bool) -> bool:
    reach = after if last else re.split(r"[,;]|\band\b|\bund\b|\bet\b|\by\b", after)[0]
    return bool(pattern("calendar", "back.words").search(reach[:80]))


def _nearest(days: tuple[date, ...], written: date | None) -> date | None:
    """The first reading on or after the day of writing, else the first reading."""
    if not days:
        return None
    if written is not None:
        ahead = [day for day in days if timedelta(0) <= day - written]
        close = [day for day in ahead if day - written <= timedelta(days=200)]
        return (close or ahead or list(days))[0]
    return days[0]


@cache
def _month_pattern() -> str:
    return "|".join(sorted(flattened(table("calendar")["month"]), key=len, reverse=True))


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    month = rf"(?P<month>{_month_pattern()})\.?(?![^\W\d_])"
    year = r"(?:,?[\s-]*(?:de\s+|del\s+)?(?P<year>20\d\d|'\d\d))"
    numbers = r"(?<![\d.:/,-])"
    shapes = (
        ("ymd", rf"{numbers}(?P<year>20\d\d)[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?!\d)"),
        ("ymd", r"(?:(?P<year>20\d\d)年)?(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号號]"),
        (
            "range",
            rf"{numbers}(?P<first>\d{{1,2}})\.?\s?(?:st|nd|rd|th)?\s?(?:-|to|bis|until|till|through|au|al|a|tot|t/m|do|do)\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?\s?(?:of |de |d')?{month}{year}?",
        ),
        (
            "named",
            rf"{numbers}(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|ère|º|°|\.|:e|e)?[\s-]?(?:of\s+|de\s+|d')?{month}{year}?",
        ),
        ("named", rf"(?<![^\W\d_]){month}[\s-](?:the\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[:.]\d\d){year}?"),
        ("dmy", rf"{numbers}(?P<a>\d{{1,2}})\.\s?(?P<b>\d{{1,2}})\.(?:\s?(?P<year>20\d\d|\d\d)(?![\d:]))?"),
        ("either", rf"{numbers}(?P<a>\d{{1,2}})[/-](?P<b>\d{{1,2}})[/-](?P<year>20\d\d|\d\d)(?![\d/])"),
        ("either", rf"{numbers}(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})(?![\d/])"),
        ("dmy", rf"{numbers}(?P<a>\d{{1,2}})\.(?P<b>\d{{1,2}})(?![\d.:]|\s?(?:uhr|h\b|%|€))"),
    )
    return tuple((kind, re.compile(shape, re.IGNORECASE)) for kind, shape in shapes)


def _dates(sentence: str, written: date | None, *, american: bool) -> list[_Found]:
    found: list[_Found] = []
    for kind, shape in _shapes():
        for match in shape.finditer(sentence):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            days = _readings(kind, match.groupdict(), written, american=american)
            if not days:
                continue
            if kind == "range":
                first = match.start("first")
                found.append(
                    _Found(
                        first,
                        match.end("first"),
                        _readings("named", {**match.groupdict(), "d": match["first"]}, written, american=american),
                    )
                )
                found.append(_Found(match.start("d"), match.end(), days))
            else:
                found.append(_Found(match.start(), match.end(), days))
    if not found and written is not None:
        found = _loose_dates(sentence, written)
    return sorted(found, key=lambda one: one.start)


def _loose_dates(sentence: str, written: date) -> list[_Found]:
    """ "Tomorrow" and days of the week, counted from the day of writing."""
    found = [
        _Found(m.start(), m.end(), (written + timedelta(days=1),), loose=True)
        for m in pattern("calendar", "relative.tomorrow", shape=r"(?<![^\W_]){}").finditer(sentence)
    ]
    for number, names in table("calendar")["weekday"].items():
        if number in {"5", "6"}:
            continue
        for match in re.finditer(rf"(?<![^\W_])(?:{'|'.join(names)})(?![^\W\d_])", sentence, re.IGNORECASE):
            ahead = (int(number) - written.weekday() - 1) % 7 + 1
            found.append(_Found(match.start(), match.end(), (written + timedelta(days=ahead),), loose=True))
    return found


def _readings(kind: str, parts: dict[str, Any], written: date | None, *, american: bool) -> tuple[date, ...]:
    year = _year(parts.get("year"))
    if kind == "ymd":
        pairs = [(int(parts["m"]), int(parts["d"]))]
    elif kind in {"named", "range"}:
        pairs = [(_month_number(parts["month"]), int(parts["d"]))]
    else:
        a, b = int(parts["a"]), int(parts["b"])
        pairs = [(b, a)] if kind == "dmy" else [(a, b), (b, a)] if american else [(b, a), (a, b)]
    days = [day for month, number in pairs if (day := _day(year, month, number, written))]
    return tuple(dict.fromkeys(days))


def _year(value: str | None) -> int | None:
    if not value:
        return None
    number = int(value.strip("'"))
    return number if number > 99 else 2000 + number


@cache
def _month_number(name: str) -> int:
    for number, names in table("calendar")["month"].items():
        if any(re.fullmatch(one, name, re.IGNORECASE) for one in names):
            return int(number)
    return 0


def _day(year: int | None, month: int, number: int, written: date | None) -> date | None:
    """That day; without a year, the next one on or after the day of writing."""
    if year is None and written is None:
        return None
    for candidate in (year,) if year else (written.year, written.year + 1) if written else ():
        try:
            day = date(candidate, month, number)
        except ValueError:
            continue
        if year or (written and day >= written):
            return day
    return None
