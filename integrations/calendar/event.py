"""Write an approved meeting as Google Calendar takes it: nothing in it is markup, and nothing but what was approved."""

import html
import re
import unicodedata
from datetime import datetime, tzinfo
from typing import Any

from core.ports import Meeting, Rejected
from integrations.calendar.resource import whole_seconds, zone_of

TITLE_LIMIT = 1000
DESCRIPTION_LIMIT = 8000
ATTENDEES_LIMIT = 200
ADDRESS_LIMIT = 254

_ID = re.compile(r"[a-v0-9]{5,1024}")
_ADDRESS = re.compile(r"[!-;=?A-~]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators


def event(meeting: Meeting, *, event_id: str) -> dict[str, Any]:
    """The event as Google's API takes it, times in whole seconds. Raises Rejected when it cannot be written exactly."""
    _check(meeting)
    zone = zone_of(meeting.zone)
    if zone is None:
        raise Rejected(f"{meeting.zone!r} is not a time zone")
    return {
        "id": checked_id(event_id),
        "summary": meeting.title,
        # Calendar renders a description as HTML; what is escaped is shown as it was written.
        "description": html.escape(_lines(meeting.description), quote=False),
        "start": _moment(meeting.start, meeting.zone, zone),
        "end": _moment(meeting.end, meeting.zone, zone),
        "attendees": [{"email": address} for address in meeting.attendees],
    }


def checked_id(event_id: str) -> str:
    """An id that Google lets a client choose. Raises Rejected for any other."""
    if not _ID.fullmatch(event_id):
        raise Rejected("the id of an event is 5 to 1024 of the letters a to v and digits")
    return event_id


def _check(meeting: Meeting) -> None:
    if not meeting.title.strip():
        raise Rejected("the meeting has no title")
    if bad := _first_unprintable(meeting.title):
        raise Rejected(f"the title has a character that no calendar shows ({bad}); write it in one line")
    if bad := _first_unprintable(re.sub(r"[\t\n\r]", " ", meeting.description)):
        raise Rejected(f"the description has a character that no calendar shows ({bad})")
    if len(meeting.title) > TITLE_LIMIT:
        raise Rejected(f"the title is longer than {TITLE_LIMIT} characters")
    if len(html.escape(meeting.description, quote=False)) > DESCRIPTION_LIMIT:
        raise Rejected(f"the description is longer than {DESCRIPTION_LIMIT} characters")
    if len(meeting.attendees) > ATTENDEES_LIMIT:
        raise Rejected(f"there are more than {ATTENDEES_LIMIT} attendees")
    for address in meeting.attendees:
        if len(address) > ADDRESS_LIMIT or not _ADDRESS.fullmatch(address):
            raise Rejected("an attendee's address is not one that can be invited")
    if meeting.start.tzinfo is None or meeting.end.tzinfo is None:
        raise Rejected("the meeting's times have no time zone")
    if whole_seconds(meeting.start) >= whole_seconds(meeting.end):
        raise Rejected("the meeting ends before it begins")


def _moment(moment: datetime, name: str, zone: tzinfo) -> dict[str, str]:
    return {"dateTime": moment.astimezone(zone).isoformat(timespec="seconds"), "timeZone": name}


def _lines(description: str) -> str:
    return description.replace("\r\n", "\n").replace("\r", "\n")


def _first_unprintable(content: str) -> str | None:
    return next((f"U+{ord(char):04X}" for char in content if unicodedata.category(char) in _UNPRINTABLE), None)
