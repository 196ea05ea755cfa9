"""When to meet: whether a message asks to talk, which time it names, and when the owner is free. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.ports import Busy

FIRST_HOUR, LAST_HOUR = time(10), time(17)
NOT_BEFORE = timedelta(hours=18)
"""Nobody is invited to a talk sooner than this, unless they named the time themselves."""
LOOK_AHEAD = timedelta(days=8)
SOONEST_NAMED = timedelta(minutes=30)
STEP = timedelta(minutes=30)
READ_AT_MOST = 4000
"""Characters of a message that are read: whoever writes more says when to meet before that."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TALK = re.compile(
    r"\b(?:(?:have|schedule|arrange|set up|book|do|hop on|jump on|up for)\s+(?:a|an|another)\s+"
    r"(?:\w+\s+){0,2}(?:call|meeting|chat|video call)|(?:could|can|shall|may)\s+we\s+(?:talk|speak|meet|call)|"
    r"(?:call|ring|phone)\s+me|let['’]s\s+(?:talk|meet|speak))\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:do not|don['’]t|cannot|can['’]t|no need to|please never|not)\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)
_DAY = rf"(?P<weekday>{'|'.join(_DAYS)})|(?P<near>today|tomorrow)"
_DATE = rf"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{'|'.join(_MONTHS)})[a-z]*"
_CLOCK = r"(?P<hour>[0-2]?\d)(?:[:.](?P<minute>[0-5]\d))?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?"
_NAMED = (
    re.compile(rf"\b(?:{_DATE}|{_DAY})\b[^.!?\n]{{0,24}}?\b(?:at|around|@|from)\s+{_CLOCK}(?![\d%])", re.IGNORECASE),
    re.compile(rf"\bat\s+{_CLOCK}\s+(?:on\s+)?(?:{_DATE}|{_DAY})\b", re.IGNORECASE),
)


@dataclass(frozen=True)
class Slot:
    """`named`: it is the time that the message names; `instead_of`: the named one, when the owner is not free."""

    start: datetime
    named: bool = False
    instead_of: datetime | None = None


def wanted(message: str) -> bool:
    """Whether the message asks to talk, or names a time."""
    read = message[:READ_AT_MOST]
    asked = any(not _DENIED.search(read[max(0, found.start() - 60) : found.start()]) for found in _TALK.finditer(read))
    return asked or any(pattern.search(read) for pattern in _NAMED)


def slot(message: str, busy: Sequence[Busy], *, now: datetime, zone: str, minutes: int) -> Slot | None:
    """The named time if the owner is free then, else the first free one after it; None when no day has room."""
    length = timedelta(minutes=minutes)
    named = named_time(message, now=now, zone=zone)
    if named is not None and _free(named, length, busy):
        return Slot(named, named=True)
    first = _first_free(busy, after=named or now + NOT_BEFORE, zone=zone, length=length)
    return None if first is None else Slot(first, instead_of=named)


def named_time(message: str, *, now: datetime, zone: str) -> datetime | None:
    """The first time to come that the message names, read on the owner's clock: whose the sender means is not known."""
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    read = message[:READ_AT_MOST]
    for found in (found for pattern in _NAMED for found in pattern.finditer(read)):
        day, clock = _day(found, today), _clock(found)
        if day is None or clock is None:
            continue
        at = datetime.combine(day, clock, tzinfo=here).astimezone(UTC)
        if now + SOONEST_NAMED <= at:
            return at
    return None


def _day(found: re.Match[str], today: date) -> date | None:
    if (near := found["near"]) is not None:
        return today + timedelta(days=near.lower() == "tomorrow")
    if (weekday := found["weekday"]) is not None:
        ahead = (_DAYS.index(weekday.lower()) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    month = _MONTHS.index(found["month"].lower()) + 1
    for year in (today.year, today.year + 1):
        try:
            day = date(year, month, int(found["day"]))
        except ValueError:
            continue
        if day >= today:
            return day
    return None


def _clock(found: re.Match[str]) -> time | None:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = (found["half"] or "").lower().replace(".", "")
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif 1 <= hour <= 6 and found["minute"] is None:
        hour += 12  # nobody means three in the morning
    return time(hour, minute) if hour < 24 else None


def _first_free(busy: Sequence[Busy], *, after: datetime, zone: str, length: timedelta) -> datetime | None:
    return next((start for start in _starts(after, zone, length) if _free(start, length, busy)), None)


def _starts(after: datetime, zone: str, length: timedelta) -> Iterator[datetime]:
    """Whole and half hours of working days from `after` on, in which a talk of this length ends in time."""
    here = ZoneInfo(zone)
    local = after.astimezone(here)
    for ahead in range(LOOK_AHEAD.days + 1):
        day = local.date() + timedelta(days=ahead)
        if day.weekday() >= 5:
            continue
        start = datetime.combine(day, FIRST_HOUR, tzinfo=here)
        while start + length <= datetime.combine(day, LAST_HOUR, tzinfo=here):
            if start.astimezone(UTC) >= after:
                yield start.astimezone(UTC)
            start += STEP


def _free(start: datetime, length: timedelta, busy: Sequence[Busy]) -> bool:
    return not any(one.start < start + length and start < one.end for one in busy)


def next_working_morning(after: datetime, zone: str) -> datetime:
    """Ten o'clock of the first working day that begins after `after`."""
    here = ZoneInfo(zone)
    day = after.astimezone(here).date()
    while True:
        morning = datetime.combine(day, FIRST_HOUR, tzinfo=here)
        if day.weekday() < 5 and morning > after:
            return morning.astimezone(UTC)
        day += timedelta(days=1)


def worded(at: datetime, zone: str) -> str:
    """`Thu 26 Nov, 15:00`."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M}"
