"""When an approved mail leaves: after the hold, on the next working morning of its reader, or at a time of one's own."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MORNING = time(9)
FARTHEST = timedelta(days=60)
"""Nobody remembers longer what they approved."""


class When(StrEnum):
    AFTER_HOLD = "after_hold"
    TWO_HOURS = "two_hours"
    NEXT_MORNING = "next_morning"
    OWN_TIME = "own_time"


class CannotLeaveThen(ValueError):
    """The message is for the person who chose the time."""


def leaves_at(
    when: When, *, hold: timedelta, zone: str, days: Collection[int], now: datetime, own: datetime | None = None
) -> datetime:
    """The instant, in UTC. `zone` is the reader's, `days` their working days (Monday is 1), `own` a time of one's own.

    Raises CannotLeaveThen.
    """
    earliest = now + hold
    match when:
        case When.AFTER_HOLD:
            return earliest
        case When.TWO_HOURS:
            return max(earliest, now + timedelta(hours=2))
        case When.NEXT_MORNING:
            return max(earliest, _next_morning(zone, days, now))
        case When.OWN_TIME:
            if own is None:
                raise CannotLeaveThen("Say when it should leave")
            if own <= now:
                raise CannotLeaveThen("That time has passed")
            if own > now + FARTHEST:
                raise CannotLeaveThen(f"That is more than {FARTHEST.days} days away")
            return max(earliest, own.astimezone(UTC))


def _next_morning(zone: str, days: Collection[int], now: datetime) -> datetime:
    """Nine o'clock there, on the first working day after today; tomorrow where no day is one."""
    today = now.astimezone(ZoneInfo(zone)).date()
    ahead = [today + timedelta(days=one) for one in range(1, 8)]
    day = next((one for one in ahead if one.isoweekday() in days), ahead[0])
    # Through UTC and back: a time that the clocks skip becomes the one they skip to.
    return datetime.combine(day, MORNING, tzinfo=ZoneInfo(zone)).astimezone(UTC)
