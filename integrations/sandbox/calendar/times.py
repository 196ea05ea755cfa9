"""Google's times: moments with a zone, days without one, and how they are written back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sandbox.calendar.errors import invalid

ZONE = "Europe/London"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")

Doc = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """From `start` to `end`, both in UTC."""

    start: datetime
    end: datetime

    def touches(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def zone(name: str | None, what: str) -> ZoneInfo:
    """The zone of this name, the calendar's own without one; `what` is named in the refusal."""
    try:
        return ZoneInfo(name or ZONE)
    except (KeyError, ValueError, OSError) as error:
        raise invalid(f"Invalid time zone definition for {what}.") from error


def span(fields: Doc) -> Span:
    """When the event of these fields takes place; refuses what is no time and what ends before it begins."""
    start, end = fields.get("start"), fields.get("end")
    if not start or not end:
        raise invalid(f"Missing {'end' if start else 'start'} time.", "required")
    if ("date" in start) != ("date" in end):
        raise invalid("The start and end times must either both be date or both be dateTime.")
    found = Span(_moment(start, "start time"), _moment(end, "end time"))
    if found.end < found.start or ("date" in start and found.end == found.start):
        raise invalid("The specified time range is empty.", "timeRangeEmpty")
    return found


def asked_moment(text: str, name: str) -> datetime:
    """A moment in a query, where an offset is needed."""
    if not MOMENT.match(text) or (text[-1] != "Z" and text[-6] not in "+-"):
        raise invalid(f"Invalid value for '{name}': a moment with an offset such as 2026-11-24T09:30:00Z", "badRequest")
    return _parsed(text).astimezone(UTC)


def written(moment: datetime, place: ZoneInfo) -> str:
    """`2026-11-24T09:30:00Z` or with an offset, to the second."""
    text = moment.astimezone(place).replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def shown(given: Doc, place: ZoneInfo, what: str) -> Doc:
    """An event's start or end as an answer has it, in the zone of who asks."""
    if "date" in given:
        return {"date": given["date"]}
    return {"dateTime": written(_moment(given, what), place), "timeZone": given.get("timeZone") or ZONE}


def days(of: Span) -> list[date]:
    """The calendar's days that the span touches."""
    first = of.start.astimezone(ZoneInfo(ZONE)).date()
    last = of.end.astimezone(ZoneInfo(ZONE)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def merged(spans: list[Span], within: Span) -> list[Span]:
    """The spans cut to `within`, in order, those that overlap or touch made one."""
    joined: list[Span] = []
    for each in sorted(spans, key=lambda one: one.start):
        start, end = max(each.start, within.start), min(each.end, within.end)
        if start >= end:
            continue
        if joined and start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, end))
        else:
            joined.append(Span(start, end))
    return joined


def _moment(given: Doc, what: str) -> datetime:
    if "date" in given:
        if "dateTime" in given or not DAY.match(given["date"]):
            raise invalid(f"Invalid {what}.")
        return _parsed(given["date"]).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    text = given.get("dateTime", "")
    if not MOMENT.match(text):
        raise invalid(f'Invalid value for: Invalid format: "{text}"' if text else f"Missing {what}.")
    place = given.get("timeZone")
    moment = _parsed(text)
    if place is None and moment.tzinfo is None:
        raise invalid(f"Missing time zone definition for {what}.", "required")
    named = zone(place, what)
    return (moment.replace(tzinfo=named) if moment.tzinfo is None else moment).astimezone(UTC).replace(microsecond=0)


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f'Invalid value for: Invalid format: "{text}"') from error
