"""What a person or a test may do in the calendar."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from integrations.sandbox.calendar import persons
from integrations.sandbox.calendar.agenda import Agenda, facts
from integrations.sandbox.calendar.fields import RESPONSES
from integrations.sandbox.calls import Refusal
from integrations.sandbox.control import Asked, ControlError, email, handler, moment, only, optional_text, text, truth

if TYPE_CHECKING:
    from integrations.sandbox.world import World

LENGTH = timedelta(minutes=30)

Done = dict[str, Any]


def routes(world: World) -> list[web.RouteDef]:
    control = CalendarControl(world)
    return [
        web.get("/control/calendar", handler(control.agenda)),
        web.post("/control/calendar", handler(control.change_calendar)),
        web.post("/control/event", handler(control.event)),
    ]


class CalendarControl:
    def __init__(self, world: World) -> None:
        self._store = world.store

    async def agenda(self, _asked: Asked) -> Done:
        return persons.overview(self._store)

    async def change_calendar(self, asked: Asked) -> Done:
        only(asked, "expire_sync")
        if not truth(asked, "expire_sync"):
            raise ControlError("invalid", "say what to do: expire_sync", "expire_sync")
        with self._store.transaction():
            Agenda(self._store).expire_sync_tokens()
            self._store.record("calendar", "act", "expire_sync", {})
        return {"expired": True}

    async def event(self, asked: Asked) -> Done:
        only(asked, "id", "title", "start", "end", "response", "delete")
        try:
            return facts(self._create(asked) if asked.get("id") is None else self._change(asked))
        except Refusal as refusal:
            raise ControlError("invalid", refusal.reason, "start") from refusal

    def _create(self, asked: Asked) -> Done:
        start, end = moment(asked, "start"), moment(asked, "end")
        if start is None:
            raise ControlError("invalid", "say which event (id), or when a new one starts", "start")
        title = optional_text(asked, "title") or "Busy"
        return persons.create(self._store, title=title, start=start, end=end or start + LENGTH)

    def _change(self, asked: Asked) -> Done:
        id = text(asked, "id")
        doc = Agenda(self._store).get(id)
        if doc is None:
            raise ControlError("no_event", f"there is no event {id}", "id", status=404)
        if doc["status"] == "cancelled":
            raise ControlError("cancelled", f"the event {id} was deleted", "id", status=409)
        if truth(asked, "delete"):
            return persons.delete(self._store, doc)
        if asked.get("response") is not None:
            return self._answer(asked["response"], doc)
        title, start, end = optional_text(asked, "title"), moment(asked, "start"), moment(asked, "end")
        if title is None and start is None and end is None:
            raise ControlError("invalid", "say what to do: title, start, end, response or delete", "title")
        return persons.change(self._store, doc, title=title, start=start, end=end)

    def _answer(self, asked: Any, doc: Done) -> Done:
        if not isinstance(asked, dict):
            raise ControlError("invalid", "response is an object", "response")
        only(asked, "email", "status")
        who, status = email(asked, "email"), text(asked, "status")
        if status not in RESPONSES:
            raise ControlError("invalid", f"status is one of {', '.join(RESPONSES)}", "status")
        try:
            return persons.answer(self._store, doc, email=who, status=status)
        except persons.NotInvited as error:
            raise ControlError("not_invited", f"{who} is not invited", "email", status=404) from error
