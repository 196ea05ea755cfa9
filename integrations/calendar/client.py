"""The owner's calendar: googleapiclient builds each request, httpx sends it once."""

from datetime import UTC, datetime
from typing import Any

import httpx

from core.ports import Busy, EventNow, Meeting, Rejected, Unavailable, Unclear
from integrations.calendar.event import checked_id, event
from integrations.calendar.resource import NOTHING, Event, FreeBusy
from integrations.google.api import GoogleApi
from integrations.google.exchange import Gone, Missing, Service
from integrations.google.token import Token

# An answer 409 says that the id is taken, perhaps by an earlier request of ours; a 503 may hide a success: an insertion
# is read back before it is repeated, so neither is a reason to ask again by itself.
GOOGLE_CALENDAR = Service("Google Calendar", "calendar", "v3", path="calendar/v3/", not_now=frozenset({408, 425, 429}))
PRIMARY = "primary"
TELL_EVERYBODY = "all"
PASSING = frozenset({"internalError", "backendError", "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})


class GoogleCalendar:
    """Fulfils core.ports.Calendar. Every method that changes something makes one request that does, once."""

    def __init__(self, http: httpx.AsyncClient, *, api_url: str, token: Token, calendar: str = PRIMARY) -> None:
        """`calendar` is an address, or `primary` for that of the one whose token it is."""
        self._api = GoogleApi(http, GOOGLE_CALENDAR, api_url=api_url, token=token)
        self._calendar = calendar

    async def busy(self, start: datetime, end: datetime) -> tuple[Busy, ...]:
        """When the owner is not free between the two, in order and without overlaps.

        Raises Rejected when there is no such calendar or it may not be read.
        """
        asked: dict[str, Any] = {
            "timeMin": _utc(start),
            "timeMax": _utc(end),
            "items": [{"id": self._calendar}],
        }
        answer = await self._api.read(FreeBusy, lambda api: api.freebusy().query(body=asked))
        found = next(iter(answer.calendars.values()), None)
        if found is None:
            raise Unavailable("Google Calendar's answer could not be read")
        if found.errors:
            reasons = sorted({one.reason for one in found.errors})
            said = f"Google Calendar cannot say when {self._calendar} is free: {', '.join(reasons)}"
            raise Unavailable(said) if PASSING.intersection(reasons) else Rejected(said)
        return _merged([Busy(one.start, one.end) for one in found.busy])

    async def create_event(self, meeting: Meeting, *, event_id: str) -> EventNow:
        """Puts the meeting there under our id and invites its attendees by mail.

        Raises Unclear as well when the id is taken: this request made nothing, but an earlier one may have.
        """
        content = event(meeting, event_id=event_id)
        made = await self._api.change(
            Event,
            lambda api: api.events().insert(calendarId=self._calendar, sendUpdates=TELL_EVERYBODY, body=content),
        )
        if made.id != event_id:
            raise Unclear("Google Calendar answered with another event than the one that was made")
        return made.now()

    async def read_event(self, event_id: str) -> EventNow | None:
        """The event as it is now, `cancelled` when it was deleted (then perhaps without what it was)."""
        checked = checked_id(event_id)
        try:
            found = await self._api.read(
                Event, lambda api: api.events().get(calendarId=self._calendar, eventId=checked)
            )
        except Gone:
            return EventNow(event_id, NOTHING, link="", etag="", cancelled=True)
        except Missing:
            return None
        return found.now()

    async def cancel_event(self, event_id: str) -> None:
        """Deletes the event and tells its attendees. Returns as well when it is gone already, which is looked at."""
        checked = checked_id(event_id)
        try:
            await self._api.delete(
                lambda api: api.events().delete(calendarId=self._calendar, eventId=checked, sendUpdates=TELL_EVERYBODY)
            )
        except Missing as error:
            try:
                still = await self.read_event(checked)
            except Unavailable as busy:
                raise Unclear("Google Calendar says that the event is gone, and cannot show whether it is") from busy
            if still is not None and not still.cancelled:
                raise Unclear("Google Calendar says that the event is gone, and shows it all the same") from error


def _utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise Rejected("a time without its time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _merged(found: list[Busy]) -> tuple[Busy, ...]:
    merged: list[Busy] = []
    for one in sorted(found, key=lambda busy: (busy.start, busy.end)):
        if merged and one.start <= merged[-1].end:
            merged[-1] = Busy(merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return tuple(merged)
