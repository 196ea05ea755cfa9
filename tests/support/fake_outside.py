"""A CRM and a calendar in memory, as far as the changes between an approval and its execution need them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from core.ports import Busy, DealNow, EventNow, Meeting


class FakeDeals:
    def __init__(self) -> None:
        self.deals: dict[str, DealNow] = {}
        self.changed: list[tuple[str, Mapping[str, str]]] = []
        """What was asked to be changed, in order."""

    async def read_deal(self, id: str) -> DealNow | None:
        return self.deals.get(id)

    async def change_deal(self, id: str, values: Mapping[str, str]) -> None:
        self.changed.append((id, values))
        self.by_hand(id, **values)

    def by_hand(self, id: str, **values: str) -> None:
        """Somebody changes it in the CRM."""
        self.deals[id] = replace(self.deals[id], values={**self.deals[id].values, **values})


class FakeCalendar:
    def __init__(self) -> None:
        self.taken: list[Busy] = []
        self.events: list[EventNow] = []

    async def busy(self, start: datetime, end: datetime) -> tuple[Busy, ...]:
        booked = [Busy(one.meeting.start, one.meeting.end) for one in self.events]
        found = [one for one in (*self.taken, *booked) if one.start < end and start < one.end]
        return tuple(sorted(found, key=lambda one: one.start))

    async def create_event(self, meeting: Meeting, *, event_id: str) -> EventNow:
        made = EventNow(event_id, meeting, link="", etag=event_id)
        self.events.append(made)
        return made

    async def read_event(self, event_id: str) -> EventNow | None:
        return next((one for one in self.events if one.event_id == event_id), None)
