"""Calendar's methods that change something, each with the effects it leaves in the ledger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from integrations.sandbox.calendar import errors, fields, times
from integrations.sandbox.calendar.agenda import Agenda, difference, facts, shown
from integrations.sandbox.calendar.errors import invalid
from integrations.sandbox.calendar.fields import OWNER
from integrations.sandbox.calendar.reads import check_calendar, most_attendees
from integrations.sandbox.google.asked import choice, flag, json_body, no_body, one, parameters, whole_number

if TYPE_CHECKING:
    from integrations.sandbox.calls import Answer, Call

ID = re.compile(r"[a-v0-9]{5,1024}\Z")
CONCERNING_MAIL = ("sendNotifications", "sendUpdates")
CONCERNING_EVENT = ("conferenceDataVersion", "eventLabelVersion", "maxAttendees", "supportsAttachments")
#: The events themselves say who made them, their changes who changed them.
BY_API = {"by": "api"}
HOUSE = "@" + OWNER.partition("@")[2]

Doc = dict[str, Any]
Found = dict[str, list[str]]


def insert_event(call: Call) -> Answer:
    found = _asked(call, *CONCERNING_EVENT)
    body = json_body(call, "event", fields.EVENT)
    agenda = Agenda(call.store)
    id = body.get("id")
    if id is not None:
        if body.get("iCalUID") is not None:
            raise invalid("Only one of id and iCalUID may be given.")
        if not ID.match(id):
            raise invalid("Invalid resource id value.")
        if agenda.get(id) is not None:
            raise errors.duplicate()
    wanted = fields.writable(body)
    times.span(wanted)
    status = body.get("status") or "confirmed"
    if status == "cancelled":
        raise invalid("Invalid status value.")
    doc = agenda.insert(
        agenda.new_id() if id is None else id, wanted, by="api", ical_uid=body.get("iCalUID"), status=status
    )
    call.effect("event_created", {**facts(doc), **BY_API})
    _tell(call, found, doc, invited=_guests(doc))
    return _answer(found, doc)


def patch_event(call: Call) -> Answer:
    found = _asked(call, "alwaysIncludeEmail", *CONCERNING_EVENT)
    doc = _event(call)
    body = json_body(call, "event", fields.EVENT)
    fields.refuse_unserved(body)
    asked = {name: value for name, value in body.items() if name in fields.WRITABLE}
    return _replace(call, found, doc, fields.merged(doc["fields"], asked), body)


def update_event(call: Call) -> Answer:
    found = _asked(call, "alwaysIncludeEmail", *CONCERNING_EVENT)
    doc = _event(call)
    body = json_body(call, "event", fields.EVENT)
    asked = {name: value for name, value in body.items() if name in fields.WRITABLE}
    return _replace(call, found, doc, asked, body)


def delete_event(call: Call) -> Answer:
    found = _asked(call)
    no_body(call)
    doc = _event(call)
    if doc["status"] == "cancelled":
        raise errors.deleted()
    _cancel(call, found, Agenda(call.store), doc)
    return None


def _asked(call: Call, *more: str) -> Found:
    check_calendar(call)
    found = parameters(call, *CONCERNING_MAIL, *more)
    for name in ("conferenceDataVersion", "eventLabelVersion"):
        whole_number(one(found, name) or "0", name)
    flag(found, "supportsAttachments")
    _updates(found)
    most_attendees(found)
    return found


def _event(call: Call) -> Doc:
    """The event of the path, if it still is what the caller has seen."""
    doc = Agenda(call.store).get(call.path["eventId"])
    if doc is None:
        raise errors.not_found()
    condition = call.headers.get("If-Match")
    if condition is not None and condition.strip() != "*":
        tags = {each.strip().removeprefix("W/") for each in condition.split(",")}
        if doc["etag"] not in tags:
            raise errors.condition_not_met()
    return doc


def _replace(call: Call, found: Found, doc: Doc, asked: Doc, body: Doc) -> Answer:
    agenda = Agenda(call.store)
    wanted = fields.writable({**asked, "status": body.get("status")})
    times.span(wanted)
    sequence = body.get("sequence")
    if sequence is not None and sequence < doc["sequence"]:
        raise invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of the resource."
        )
    status = body.get("status") or doc["status"]
    if status == "cancelled" and doc["status"] != "cancelled":
        return _answer(found, _cancel(call, found, agenda, doc))
    if (wanted, status, sequence or doc["sequence"]) == (doc["fields"], doc["status"], doc["sequence"]):
        return _answer(found, doc)
    changed = agenda.change(doc, wanted, status=status, sequence=sequence)
    call.effect("event_updated", {**facts(changed), **difference(facts(doc), facts(changed)), **BY_API})
    before, after = _guests(doc), _guests(changed)
    if status != "cancelled":
        _tell(
            call,
            found,
            changed,
            invited=[each for each in after if each not in before],
            updated=[each for each in after if each in before],
            uninvited=[each for each in before if each not in after],
        )
    return _answer(found, changed)


def _cancel(call: Call, found: Found, agenda: Agenda, doc: Doc) -> Doc:
    gone = agenda.cancel(doc)
    call.effect("event_deleted", {**facts(gone), **BY_API})
    _tell(call, found, gone, uninvited=_guests(doc))
    return gone


def _guests(doc: Doc) -> list[str]:
    return [each["email"] for each in doc["fields"].get("attendees", []) if each["email"] != OWNER]


def _updates(found: Found) -> str:
    old = "all" if flag(found, "sendNotifications") else "none"
    return choice(found, "sendUpdates", ("all", "externalOnly", "none"), old)


def _tell(
    call: Call,
    found: Found,
    doc: Doc,
    *,
    invited: list[str] | None = None,
    updated: list[str] | None = None,
    uninvited: list[str] | None = None,
) -> None:
    """One mail of the calendar to each guest, when the caller wants them told; colleagues use Google Calendar too."""
    whom = _updates(found)
    for name, guests in (("invitation_sent", invited), ("update_sent", updated), ("cancellation_sent", uninvited)):
        for to in guests or []:
            if whom == "all" or (whom == "externalOnly" and not to.endswith(HOUSE)):
                about = facts(doc)
                call.effect(name, {"to": to, **{key: about[key] for key in ("id", "summary", "start", "end", "etag")}})


def _answer(found: Found, doc: Doc) -> Answer:
    return shown(doc, place=times.zone(None, "timeZone"), most_attendees=most_attendees(found))
