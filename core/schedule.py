"""When a daily message is due: once for each of its owner's working days, at the local time they chose."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})
LATE_AT_MOST = timedelta(hours=1)
"""A message that was due shortly before midnight is still sent so long after; any other one as long as its day lasts."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Schedule:
    """Local times. `days` are ISO weekdays, Monday is 1; on a date in `days_off` nobody works."""

    at: time
    zone: str
    days: frozenset[int] = MONDAY_TO_FRIDAY
    days_off: Container[date] = frozenset()

    def works_on(self, day: date) -> bool:
        return day.isoweekday() in self.days and day not in self.days_off

    def due(self, now: datetime, *, since: datetime) -> tuple[date, ...]:
        """The local dates whose message should be out by now, oldest first; which of them are, the caller knows.

        Nothing is due for a time that had passed at `since`, when the owner came.
        """
        today = now.astimezone(ZoneInfo(self.zone)).date()
        days = (today - timedelta(days=1), today)
        return tuple(day for day in days if self.works_on(day) and self._is_due(day, today, now, since))

    def _is_due(self, day: date, today: date, now: datetime, since: datetime) -> bool:
        at = instant(day, self.at, self.zone)
        return at is not None and since <= at <= now and (day == today or now - at < LATE_AT_MOST)


def instant(day: date, at: time, zone: str) -> datetime | None:
    """When it is `at` on this date in the zone, in UTC; None where the zone has no such date.

    A time that comes twice is meant the first time. Where clocks jump over it, it is the first instant after the jump.
    """
    local = datetime.combine(day, at, ZoneInfo(zone))
    found = local.astimezone(UTC)
    if found.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    jump = _jump(local, found)
    before, after = (one.astimezone(local.tzinfo).date() for one in (jump - _SECOND, jump))
    return jump if day in {before, after} else None


def _jump(skipped: datetime, after: datetime) -> datetime:
    """The first instant after clocks jumped over the local time `skipped`; `after` is one that comes later, within a day."""
    zone, offset = skipped.tzinfo, after.astimezone(skipped.tzinfo).utcoffset()
    early, late = int((after - timedelta(days=2)).timestamp()), int(after.timestamp())
    while late - early > 1:
        middle = (early + late) // 2
        same = datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == offset
        early, late = (early, middle) if same else (middle, late)
    return datetime.fromtimestamp(late, UTC)
