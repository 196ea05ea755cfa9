"""The one calendar: its events, what Casey usually does on weekdays, and when she is busy."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from integrations.sandbox.calendar import times
from integrations.sandbox.calendar.fields import OWNER, OWNER_NAME
from integrations.sandbox.calendar.times import ZONE, Span
from integrations.sandbox.store import rfc3339, utc_now

if TYPE_CHECKING:
    from datetime import date

    from integrations.sandbox.store import Store

EVENT, SETTING, CHANGE = "calendar_event", "calendar_setting", "calendar_change"
ETAG_BASE, ETAG_STEP = 3_400_000_000_000_000, 2_000
#: id prefix, title, begin and end on every weekday, in the calendar's zone
USUAL = (("standup", "Stand-up", "09:30", "10:00"), ("lunch", "Lunch", "13:00", "14:00"))
USUAL_SINCE = "2026-01-05T08:00:00.000Z"
SATURDAY = 5
LOOKED_AHEAD = timedelta(days=14)
#: Google's answer to a window of years would fill the calendar with usual days.
LONGEST = timedelta(days=92)

Doc = dict[str, Any]


class Agenda:
    """Callers hold a transaction of the store around each change and its ledger line."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- reading

    def get(self, id: str) -> Doc | None:
        return self._store.get(EVENT, id)

    def events(self, within: Span | None = None) -> list[Doc]:
        """Every event, deleted ones too; `within` sees to it that the usual ones of these days are there."""
        self._ensure_usual(within or coming())
        return self._store.all(EVENT)

    def busy(self, within: Span) -> list[Span]:
        spans = [span_of(each) for each in self.events(within) if _takes_time(each)]
        return times.merged([each for each in spans if each.touches(within)], within)

    def revision(self) -> int:
        """Grows with every change."""
        return self._store.counter(CHANGE)

    def oldest_revision(self) -> int:
        setting = self._store.get(SETTING, "oldest_revision")
        return 0 if setting is None else int(setting["value"])

    # -- changing

    def expire_sync_tokens(self) -> None:
        self._store.put(SETTING, "oldest_revision", {"value": self._store.next_id(CHANGE)})

    def new_id(self) -> str:
        number = self._store.next_id(EVENT) * 0x9E3779B97F4A7C15 % 2**63
        return base64.b32hexencode(number.to_bytes(16, "big")).decode().rstrip("=").lower()

    def insert(self, id: str, fields: Doc, *, by: str, ical_uid: str | None = None, status: str = "confirmed") -> Doc:
        now = rfc3339(utc_now())
        doc = {
            "id": id,
            "iCalUID": ical_uid or f"{id}@calendar.google.example",
            "created": now,
            "sequence": 0,
            "by": by,
            "status": status,
            "fields": fields,
        }
        return self._put(doc, now)

    def change(self, doc: Doc, fields: Doc, *, status: str | None = None, sequence: int | None = None) -> Doc:
        """The event with these fields; it moves up in sequence when it moves in time."""
        moved = times.span(fields) != span_of(doc)
        number = max(doc["sequence"] + (1 if moved else 0), sequence or 0)
        changed = {**doc, "fields": fields, "status": status or doc["status"], "sequence": number}
        return self._put(changed, rfc3339(utc_now()))

    def cancel(self, doc: Doc) -> Doc:
        return self._put({**doc, "status": "cancelled"}, rfc3339(utc_now()))

    # -- inside

    def _put(self, doc: Doc, now: str) -> Doc:
        revision = self._store.next_id(CHANGE)
        etag = f'"{ETAG_BASE + ETAG_STEP * revision}"'
        kept = {**doc, **_when(doc["fields"]), "updated": now, "revision": revision, "etag": etag}
        self._store.put(EVENT, doc["id"], kept)
        return kept

    def _ensure_usual(self, within: Span) -> None:
        """The usual events of the days asked about: the same on every weekday, whenever they are first asked for."""
        until = min(within.end, within.start + LONGEST)
        for day in times.days(Span(within.start, until)):
            if day.weekday() >= SATURDAY:
                continue
            for prefix, title, begin, end in USUAL:
                id = f"{prefix}{day:%Y%m%d}"
                if self._store.get(EVENT, id) is None:
                    self._store.put(EVENT, id, _usual(id, title, day, begin, end))


def coming() -> Span:
    """Today and the days that the control routes show."""
    start = utc_now().astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(start, start + LOOKED_AHEAD)


def link(id: str) -> str:
    eid = base64.urlsafe_b64encode(f"{id} {OWNER}".encode()).decode().rstrip("=")
    return f"https://calendar.google.example/calendar/event?eid={eid}"


def shown(doc: Doc, *, place: ZoneInfo, most_attendees: int | None = None) -> Doc:
    """The event as Google answers it."""
    fields = doc["fields"]
    owner = {"email": OWNER, "displayName": OWNER_NAME, "self": True}
    answer = {
        "kind": "calendar#event",
        "etag": doc["etag"],
        "id": doc["id"],
        "status": doc["status"],
        "htmlLink": link(doc["id"]),
        "created": doc["created"],
        "updated": doc["updated"],
        "creator": owner,
        "organizer": owner,
        "iCalUID": doc["iCalUID"],
        "sequence": doc["sequence"],
        "reminders": {"useDefault": True},
        "eventType": "default",
        **fields,
        "start": times.shown(fields["start"], place, "start time"),
        "end": times.shown(fields["end"], place, "end time"),
    }
    attendees = fields.get("attendees", [])
    if most_attendees is not None and len(attendees) > most_attendees:
        own = [each for each in attendees if each["email"] == OWNER]
        return {**answer, "attendees": own[:1] or attendees[:most_attendees], "attendeesOmitted": True}
    return answer


def facts(doc: Doc) -> Doc:
    """The event as the ledger and `GET /control/calendar` show it."""
    fields = doc["fields"]
    place = ZoneInfo("UTC")
    start, end = (times.shown(fields[name], place, f"{name} time") for name in ("start", "end"))
    return {
        "id": doc["id"],
        "summary": fields.get("summary", ""),
        "description": fields.get("description", ""),
        "location": fields.get("location", ""),
        "start": start.get("dateTime") or start["date"],
        "end": end.get("dateTime") or end["date"],
        "zone": start.get("timeZone", ZONE),
        "attendees": [
            {"email": each["email"], "response": each["responseStatus"]} for each in fields.get("attendees", [])
        ],
        "status": doc["status"],
        "transparency": fields.get("transparency", "opaque"),
        "private": fields.get("extendedProperties", {}).get("private", {}),
        "sequence": doc["sequence"],
        "etag": doc["etag"],
        "link": link(doc["id"]),
        "by": doc["by"],
    }


def difference(before: Doc, after: Doc) -> Doc:
    """What differs between two `facts`, as `{"before": ..., "after": ...}`."""
    changed = [name for name in after if name not in ("etag", "sequence") and before[name] != after[name]]
    return {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}


def span_of(doc: Doc) -> Span:
    """When a kept event takes place, without reading its texts again."""
    return Span(datetime.fromtimestamp(doc["begins"], UTC), datetime.fromtimestamp(doc["ends"], UTC))


def _when(fields: Doc) -> Doc:
    found = times.span(fields)
    return {"begins": int(found.start.timestamp()), "ends": int(found.end.timestamp())}


def _takes_time(doc: Doc) -> bool:
    if doc["status"] == "cancelled" or doc["fields"].get("transparency") == "transparent":
        return False
    answers = {each["email"]: each["responseStatus"] for each in doc["fields"].get("attendees", [])}
    return answers.get(OWNER) != "declined"


def _usual(id: str, title: str, day: date, begin: str, end: str) -> Doc:
    def at(clock: str) -> Doc:
        return {"dateTime": f"{day.isoformat()}T{clock}:00", "timeZone": ZONE}

    fields = {"summary": title, "start": at(begin), "end": at(end)}
    return {
        "id": id,
        "iCalUID": f"{id}@calendar.google.example",
        "created": USUAL_SINCE,
        "updated": USUAL_SINCE,
        "revision": 0,
        "etag": f'"{ETAG_BASE}"',
        "sequence": 0,
        "by": "usual",
        "status": "confirmed",
        "fields": fields,
        **_when(fields),
    }
