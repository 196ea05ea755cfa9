"""Quiet hours: when a mail may leave, in the zones of those who get it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

AHEAD = timedelta(days=14)
"""How far a common hour is looked for."""


@dataclass(frozen=True)
class Hours:
    """From `begin` until `end`, that one left out, on `days` (Monday is 1). An end before its begin is past midnight."""

    begin: time
    end: time
    days: frozenset[int]

    def include(self, at: datetime) -> bool:
        """Whether this local time is within; the hours after midnight belong to the day before."""
        clock = at.time()
        if self.begin < self.end:
            return at.isoweekday() in self.days and self.begin <= clock < self.end
        if clock >= self.begin:
            return at.isoweekday() in self.days
        return clock < self.end and (at - timedelta(days=1)).isoweekday() in self.days


def known_zone(name: str | None) -> bool:
    """Whether this is the name of a zone, such as Europe/Berlin."""
    try:
        return bool(name) and ZoneInfo(str(name)) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def next_open(now: datetime, zone: str, hours: Hours) -> datetime | None:
    """`now` when it is within the hours there, else when they begin next; None when they never do."""
    local = now.astimezone(ZoneInfo(zone))
    if hours.include(local):
        return now
    for days in range(AHEAD.days + 1):
        day = local.date() + timedelta(days=days)
        # Through UTC and back: a time that the clocks skip becomes the one they skip to.
        begins = datetime.combine(day, hours.begin, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if begins > now and hours.include(begins.astimezone(ZoneInfo(zone))):
            return begins
    return None


def next_open_for_all(now: datetime, zones: Sequence[str], hours: Hours) -> datetime | None:
    """The first moment that is within the hours in every zone; where there is none, the first in the first zone."""
    at = now
    while at <= now + AHEAD:
        opens = [next_open(at, zone, hours) for zone in zones]
        latest = max((one for one in opens if one is not None), default=None)
        if latest is None or len(opens) != sum(one is not None for one in opens):
            return None
        if latest == at:
            return at
        at = latest
    return next_open(now, zones[0], hours)
