"""Google Calendar's own shapes, as far as they are read: an event, and who is busy when."""

import html
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from core.ports import EventNow, Meeting

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the times of an event that was deleted, where Google has none any more."""
NOTHING = Meeting("", "", NEVER, NEVER, "UTC", ())
"""Stands for what a deleted event was, where Google does not tell it any more."""

CANCELLED = "cancelled"


class _Resource(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Moment(_Resource):
    """A time, or a day where the event lasts whole days."""

    date_time: datetime | None = None
    day: date | None = Field(default=None, alias="date")
    time_zone: str = ""

    def at(self) -> datetime | None:
        zone = zone_of(self.time_zone) or UTC
        if self.date_time is not None:
            return self.date_time if self.date_time.tzinfo else self.date_time.replace(tzinfo=zone)
        return None if self.day is None else datetime.combine(self.day, time(), zone)


class Attendee(_Resource):
    email: str = ""
    organizer: bool = False
    self: bool = False


class Event(_Resource):
    id: str = Field(min_length=1)
    status: str = ""
    summary: str = ""
    description: str = ""
    start: Moment = Moment()
    end: Moment = Moment()
    attendees: tuple[Attendee, ...] = ()
    html_link: str = ""
    etag: str = ""

    @model_validator(mode="after")
    def _has_its_times(self) -> "Event":
        if self.status != CANCELLED and (self.start.at() is None or self.end.at() is None):
            raise ValueError("an event without its times")
        return self

    def now(self) -> EventNow:
        return EventNow(self.id, self._meeting(), self.html_link, self.etag, cancelled=self.status == CANCELLED)

    def _meeting(self) -> Meeting:
        """The meeting without its organizer, who is the owner of the calendar."""
        return Meeting(
            title=text(self.summary),
            description=text(html.unescape(self.description)),
            start=self.start.at() or NEVER,
            end=self.end.at() or NEVER,
            zone=self.start.time_zone or "UTC",
            attendees=tuple(one.email for one in self.attendees if one.email and not one.organizer and not one.self),
        )


class Span(_Resource):
    start: AwareDatetime
    end: AwareDatetime


class _Problem(_Resource):
    reason: str = "no reason given"


class Busyness(_Resource):
    busy: tuple[Span, ...] = ()
    errors: tuple[_Problem, ...] = ()


class FreeBusy(_Resource):
    """By the name of the calendar that was asked for."""

    calendars: dict[str, Busyness]


def zone_of(name: str) -> tzinfo | None:
    """The IANA zone of this name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def text(found: str) -> str:
    """NUL, which no database keeps as text, is replaced."""
    return found.replace("\0", "\ufffd")


def whole_seconds(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=moment.microsecond)
