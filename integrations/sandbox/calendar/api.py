"""Calendar's methods over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from integrations.sandbox.calendar import changes, errors, reads
from integrations.sandbox.calls import Manners, serve
from integrations.sandbox.google.errors import check_token
from integrations.sandbox.google.partial import selected

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from integrations.sandbox.calls import Answer, Call, Method
    from integrations.sandbox.world import World

MANNERS = Manners(service="calendar", check=check_token, faulty=errors.faulty)
ROOT = "/google/calendar/v3"
EVENTS = ROOT + "/calendars/{calendarId}/events"
EVENT = EVENTS + "/{eventId}"
READS: dict[str, tuple[str, str, Method]] = {
    "events.get": ("GET", EVENT, reads.get_event),
    "events.list": ("GET", EVENTS, reads.list_events),
    "freeBusy.query": ("POST", ROOT + "/freeBusy", reads.free_busy),
}
CHANGES: dict[str, tuple[str, str, Method]] = {
    "events.insert": ("POST", EVENTS, changes.insert_event),
    "events.patch": ("PATCH", EVENT, changes.patch_event),
    "events.update": ("PUT", EVENT, changes.update_event),
    "events.delete": ("DELETE", EVENT, changes.delete_event),
}


def routes(world: World) -> list[web.RouteDef]:
    """Whatever else is asked under `/google/` is the business of Gmail's routes, which know it for Calendar's."""

    def served(name: str, method: Method, *, changes: bool) -> Handler:
        def masked(call: Call) -> Answer:
            answer = method(call)
            mask = dict(call.query).get("fields")
            if not mask or not isinstance(answer, dict):
                return answer
            part: dict[str, Any] = selected(answer, mask)
            return part

        async def handle(request: web.Request) -> web.StreamResponse:
            return await serve(world, request, MANNERS, name, masked, changes=changes)

        return handle

    return [
        web.route(verb, path, served(name, method, changes=methods is CHANGES))
        for methods in (READS, CHANGES)
        for name, (verb, path, method) in methods.items()
    ]
