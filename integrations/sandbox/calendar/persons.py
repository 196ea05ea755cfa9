"""What people do in the calendar without the API: make, move, rename, answer and delete events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from integrations.sandbox.calendar import times
from integrations.sandbox.calendar.agenda import Agenda, coming, difference, facts, span_of
from integrations.sandbox.calendar.times import ZONE

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.sandbox.store import Store

Doc = dict[str, Any]


class NotInvited(Exception):
    """The person is no guest of the event."""


def create(store: Store, *, title: str, start: datetime, end: datetime) -> Doc:
    """Casey is busy from `start` to `end`."""
    agenda = Agenda(store)
    with store.transaction():
        fields = {"summary": title, "start": _at(start), "end": _at(end)}
        doc = agenda.insert(agenda.new_id(), fields, by="person")
        store.record("calendar", "act", "event", {"id": doc["id"], "title": title, "made": True})
        store.record("calendar", "effect", "event_created", facts(doc))
    return doc


def change(store: Store, doc: Doc, *, title: str | None, start: datetime | None, end: datetime | None) -> Doc:
    """Rename or move the event; moved without an end it keeps its length."""
    fields = dict(doc["fields"])
    if title is not None:
        fields["summary"] = title
    if start is not None:
        length = span_of(doc).end - span_of(doc).start
        fields |= {"start": _at(start), "end": _at(start + length)}
    if end is not None:
        fields["end"] = _at(end)
    return _keep(store, doc, fields, {"title": title, "start": None if start is None else start.isoformat()})


def answer(store: Store, doc: Doc, *, email: str, status: str) -> Doc:
    attendees = doc["fields"].get("attendees", [])
    if email not in {each["email"] for each in attendees}:
        raise NotInvited(email)
    answered = [{**each, "responseStatus": status} if each["email"] == email else each for each in attendees]
    return _keep(store, doc, {**doc["fields"], "attendees": answered}, {"response": {"email": email, "status": status}})


def delete(store: Store, doc: Doc) -> Doc:
    with store.transaction():
        gone = Agenda(store).cancel(doc)
        store.record("calendar", "act", "event", {"id": doc["id"], "delete": True})
        store.record("calendar", "effect", "event_deleted", {**facts(gone), "by": "person"})
    return gone


def overview(store: Store) -> dict[str, list[Doc]]:
    """Every event in the order of time, and when Casey is busy in the days to come."""
    agenda, place = Agenda(store), ZoneInfo("UTC")
    with store.transaction():
        events = sorted(agenda.events(), key=lambda each: (each["begins"], each["id"]))
        busy = agenda.busy(coming())
    return {
        "events": [facts(each) for each in events],
        "busy": [{"start": times.written(each.start, place), "end": times.written(each.end, place)} for each in busy],
    }


def _keep(store: Store, doc: Doc, fields: Doc, asked: Doc) -> Doc:
    with store.transaction():
        changed = Agenda(store).change(doc, fields)
        said = {name: value for name, value in asked.items() if value is not None}
        store.record("calendar", "act", "event", {"id": doc["id"], **said})
        data = {**facts(changed), **difference(facts(doc), facts(changed)), "by": "person"}
        store.record("calendar", "effect", "event_updated", data)
    return changed


def _at(moment: datetime) -> Doc:
    return {"dateTime": times.written(moment, ZoneInfo(ZONE)), "timeZone": ZONE}
