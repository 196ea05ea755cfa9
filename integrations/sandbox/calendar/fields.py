"""The fields of an event that Google's discovery document names, and what may stand in them."""

from __future__ import annotations

import re
from typing import Any

from integrations.sandbox.calendar.errors import invalid
from integrations.sandbox.calls import Unserved
from integrations.sandbox.google.asked import TEXTS

OWNER, OWNER_NAME = "casey@pier7.example", "Casey Morgan"
ATTENDEE_LIMIT = 200
KEY_LIMIT, VALUE_LIMIT = 44, 1024
EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+\Z")
RESPONSES = ("needsAction", "declined", "tentative", "accepted")

PERSON = {"id": str, "email": str, "displayName": str, "self": bool}
TIME = {"date": str, "dateTime": str, "timeZone": str}
ATTENDEE = {
    **PERSON,
    "organizer": bool,
    "resource": bool,
    "optional": bool,
    "responseStatus": str,
    "comment": str,
    "additionalGuests": int,
    "asyncOperation": str,
}
#: What a caller decides; everything else that is known is Google's own, or not served.
WRITABLE: dict[str, Any] = {
    "summary": str,
    "description": str,
    "location": str,
    "colorId": str,
    "start": TIME,
    "end": TIME,
    "attendees": [ATTENDEE],
    "transparency": str,
    "visibility": str,
    "reminders": {"useDefault": bool, "overrides": [{"method": str, "minutes": int}]},
    "extendedProperties": {"private": TEXTS, "shared": TEXTS},
    "source": {"title": str, "url": str},
    "anyoneCanAddSelf": bool,
    "guestsCanInviteOthers": bool,
    "guestsCanModify": bool,
    "guestsCanSeeOtherGuests": bool,
}
OF_GOOGLE: dict[str, Any] = {
    "kind": str,
    "etag": str,
    "id": str,
    "status": str,
    "htmlLink": str,
    "hangoutLink": str,
    "created": str,
    "updated": str,
    "creator": PERSON,
    "organizer": PERSON,
    "iCalUID": str,
    "sequence": int,
    "eventType": str,
    "attendeesOmitted": bool,
    "endTimeUnspecified": bool,
    "locked": bool,
    "privateCopy": bool,
}
UNSERVED: dict[str, Any] = {
    "attachments": list,
    "birthdayProperties": dict,
    "conferenceData": dict,
    "eventLabelId": str,
    "focusTimeProperties": dict,
    "gadget": dict,
    "originalStartTime": dict,
    "outOfOfficeProperties": dict,
    "recurrence": list,
    "recurringEventId": str,
    "workingLocationProperties": dict,
}
EVENT = {**WRITABLE, **OF_GOOGLE, **UNSERVED}
CHOICES = {
    "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
    "status": ("confirmed", "tentative", "cancelled"),
}

Doc = dict[str, Any]


def refuse_unserved(body: Doc) -> None:
    for name in UNSERVED:
        if body.get(name):
            raise Unserved(invalid(f"the sandbox has no events with {name}"))
    if body.get("eventType", "default") != "default":
        raise Unserved(invalid(f"the sandbox has no events of type {body['eventType']}"))


def writable(body: Doc) -> Doc:
    """What the caller decided, checked; nulls left out, attendees as Google keeps them."""
    refuse_unserved(body)
    for name, choices in CHOICES.items():
        if body.get(name) is not None and body[name] not in choices:
            raise invalid(f"Invalid {name} value.")
    fields = {name: _without_nulls(value) for name, value in body.items() if name in WRITABLE and value is not None}
    if "attendees" in fields:
        fields["attendees"] = _attendees(fields["attendees"])
    for texts in fields.get("extendedProperties", {}).values():
        for key, value in texts.items():
            if len(key) > KEY_LIMIT or len(value) > VALUE_LIMIT:
                raise invalid("The extended property is too long.")
    return fields


def merged(old: Doc, patch: Doc) -> Doc:
    """Patch semantics: objects are merged, lists replaced, null removes."""
    result = dict(old)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, dict) else {}, value)
        else:
            result[name] = value
    return result


def _attendees(given: list[Doc]) -> list[Doc]:
    kept: dict[str, Doc] = {}
    for each in given:
        email = str(each.get("email", "")).strip().lower()
        if not email:
            raise invalid("Missing attendee email.", "required")
        if not EMAIL.match(email):
            raise invalid("Invalid attendee email.")
        if each.get("responseStatus", RESPONSES[0]) not in RESPONSES:
            raise invalid("Invalid attendee response status.")
        own = {"organizer": True, "self": True} if email == OWNER else {}
        more = {name: value for name, value in each.items() if name not in ("self", "organizer", "id")}
        kept.setdefault(email, {"responseStatus": RESPONSES[0], **more, "email": email, **own})
    if len(kept) > ATTENDEE_LIMIT:
        raise calendar_limit()
    return list(kept.values())


def calendar_limit() -> Exception:
    return invalid(f"The event has more than {ATTENDEE_LIMIT} attendees.", "maxAttendeesExceeded")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value
