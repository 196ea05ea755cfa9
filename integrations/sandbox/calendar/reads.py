"""Calendar's methods that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.sandbox.calendar import times
from integrations.sandbox.calendar.agenda import Agenda, shown, span_of
from integrations.sandbox.calendar.errors import calendar_error, invalid, not_found, sync_token_too_old
from integrations.sandbox.calendar.fields import OWNER
from integrations.sandbox.calendar.times import ZONE, Span
from integrations.sandbox.google.asked import (
    choice,
    flag,
    json_body,
    no_body,
    one,
    page_size,
    parameters,
    whole_number,
)
from integrations.sandbox.store import rfc3339, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from integrations.sandbox.calls import Answer, Call

CALENDARS = ("primary", OWNER)
CALENDARS_AT_ONCE = 50
PAGE, PAGE_LIMIT = 250, 2500
LIST_PARAMETERS = (
    "alwaysIncludeEmail",
    "iCalUID",
    "maxAttendees",
    "maxResults",
    "orderBy",
    "pageToken",
    "q",
    "showDeleted",
    "showHiddenInvitations",
    "singleEvents",
    "syncToken",
    "timeMax",
    "timeMin",
    "timeZone",
    "updatedMin",
)
REPEATED = ("eventTypes", "privateExtendedProperty", "sharedExtendedProperty")
NOT_WITH_SYNC_TOKEN = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
FREE_BUSY = {
    "timeMin": str,
    "timeMax": str,
    "timeZone": str,
    "items": [{"id": str}],
    "calendarExpansionMax": int,
    "groupExpansionMax": int,
}

Doc = dict[str, Any]
Found = dict[str, list[str]]


def check_calendar(call: Call) -> None:
    if call.path["calendarId"].lower() not in CALENDARS:
        raise not_found()


def most_attendees(found: Found) -> int | None:
    text = one(found, "maxAttendees")
    return None if text is None else whole_number(text, "max_attendees")


def get_event(call: Call) -> Answer:
    check_calendar(call)
    found = parameters(call, "alwaysIncludeEmail", "maxAttendees", "timeZone")
    no_body(call)
    agenda = Agenda(call.store)
    doc = agenda.get(call.path["eventId"])
    if doc is None:
        raise not_found()
    return shown(doc, place=times.zone(one(found, "timeZone"), "timeZone"), most_attendees=most_attendees(found))


def list_events(call: Call) -> Answer:
    check_calendar(call)
    found = parameters(call, *LIST_PARAMETERS, repeated=REPEATED)
    no_body(call)
    place = times.zone(one(found, "timeZone"), "timeZone")
    agenda = Agenda(call.store)
    events = _selected(found, agenda)
    size = page_size(found, default=PAGE, limit=PAGE_LIMIT)
    first = whole_number(one(found, "pageToken") or "0", "page_token")
    answer: Doc = {
        "kind": "calendar#events",
        "etag": f'"p{agenda.revision()}"',
        "summary": OWNER,
        "description": "",
        "updated": max((each["updated"] for each in events), default=rfc3339(utc_now())),
        "timeZone": ZONE,
        "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 10}],
        "items": [
            shown(each, place=place, most_attendees=most_attendees(found)) for each in events[first : first + size]
        ],
    }
    if len(events) > first + size:
        return {**answer, "nextPageToken": str(first + size)}
    return {**answer, "nextSyncToken": f"s{agenda.revision()}"}


def free_busy(call: Call) -> Answer:
    parameters(call)
    body = json_body(call, "freebusy_request", FREE_BUSY)
    if not body.get("timeMin") or not body.get("timeMax"):
        raise calendar_error(400, "Missing timeMin or timeMax parameter.", "required")
    within = _within(body["timeMin"], body["timeMax"])
    place = times.zone(body.get("timeZone") or "UTC", "timeZone")
    if not 1 <= body.get("calendarExpansionMax", CALENDARS_AT_ONCE) <= CALENDARS_AT_ONCE:
        raise invalid(f"calendarExpansionMax is at most {CALENDARS_AT_ONCE}.")
    asked = [str(each.get("id", "")) for each in body.get("items") or []]
    agenda = Agenda(call.store)
    calendars = {}
    for id in asked:
        if len(asked) > body.get("calendarExpansionMax", CALENDARS_AT_ONCE):
            calendars[id] = _failed("tooManyCalendarsRequested")
        elif id.lower() not in CALENDARS:
            calendars[id] = _failed("notFound")
        else:
            busy = [
                {"start": times.written(each.start, place), "end": times.written(each.end, place)}
                for each in agenda.busy(within)
            ]
            calendars[id] = {"busy": busy}
    return {
        "kind": "calendar#freeBusy",
        "timeMin": rfc3339(within.start),
        "timeMax": rfc3339(within.end),
        "calendars": calendars,
    }


def _failed(reason: str) -> Doc:
    """Google says so beside an empty list: who reads `busy` alone takes everybody for free."""
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}


def _within(start: str, end: str) -> Span:
    within = Span(times.asked_moment(start, "timeMin"), times.asked_moment(end, "timeMax"))
    if within.end <= within.start:
        raise invalid("The specified time range is empty.", "timeRangeEmpty")
    return within


def _selected(found: Found, agenda: Agenda) -> list[Doc]:
    since = _since(found, agenda)
    order = choice(found, "orderBy", ("startTime", "updated", "default"), "default")
    if order == "startTime" and not flag(found, "singleEvents"):
        raise invalid("The requested ordering is not available for the particular query.", "badRequest")
    start, end = (_bound(found, name) for name in ("timeMin", "timeMax"))
    if start and end:
        _within(one(found, "timeMin") or "", one(found, "timeMax") or "")
    deleted_too = flag(found, "showDeleted") or since is not None or "updatedMin" in found
    tests = [*_text_tests(found), *_property_tests(found)]
    if start:
        tests.append(lambda event: span_of(event).end > start)
    if end:
        tests.append(lambda event: span_of(event).start < end)
    if updated := _bound(found, "updatedMin"):
        tests.append(lambda event: event["updated"] >= rfc3339(updated))
    events = [
        event
        for event in agenda.events(Span(start, end) if start and end else None)
        if (deleted_too or event["status"] != "cancelled")
        and (since is None or event["revision"] > since)
        and all(test(event) for test in tests)
    ]
    if order == "startTime":
        return sorted(events, key=lambda event: (event["begins"], event["id"]))
    return sorted(events, key=lambda event: event["updated"]) if order == "updated" else events


def _since(found: Found, agenda: Agenda) -> int | None:
    token = one(found, "syncToken")
    if token is None:
        return None
    for name in NOT_WITH_SYNC_TOKEN:
        if name in found:
            raise invalid(f"Sync token cannot be used with query restriction {name}.", "badRequest")
    if not token.startswith("s"):
        raise sync_token_too_old()
    since = whole_number(token[1:], "sync_token")
    if not agenda.oldest_revision() <= since <= agenda.revision():
        raise sync_token_too_old()
    return since


def _bound(found: Found, name: str) -> datetime | None:
    text = one(found, name)
    return None if text is None else times.asked_moment(text, name)


def _text_tests(found: Found) -> list[Callable[[Doc], bool]]:
    tests: list[Callable[[Doc], bool]] = []
    if uid := one(found, "iCalUID"):
        tests.append(lambda event: event["iCalUID"] == uid)
    if words := (one(found, "q") or "").casefold().split():
        tests.append(lambda event: all(word in _words(event) for word in words))
    for kind in found.get("eventTypes", []):
        if kind != "default":
            raise invalid(f"Invalid value at 'eventTypes', \"{kind}\"")
    return tests


def _property_tests(found: Found) -> list[Callable[[Doc], bool]]:
    tests: list[Callable[[Doc], bool]] = []
    for kind in ("private", "shared"):
        for each in found.get(f"{kind}ExtendedProperty", []):
            name, equals, value = each.partition("=")
            if not equals:
                raise invalid(f"Invalid value at '{kind}ExtendedProperty': name=value is expected")

            def test(event: Doc, kind: str = kind, name: str = name, value: str = value) -> bool:
                properties = event["fields"].get("extendedProperties", {}).get(kind, {})
                return bool(properties.get(name) == value)

            tests.append(test)
    return tests


def _words(event: Doc) -> str:
    fields = event["fields"]
    guests = [text for each in fields.get("attendees", []) for text in (each["email"], each.get("displayName", ""))]
    return " ".join([*(fields.get(name, "") for name in ("summary", "description", "location")), *guests]).casefold()
