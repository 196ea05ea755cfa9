"""HubSpot's methods over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from integrations.sandbox.calls import Manners, respond, serve, shorten
from integrations.sandbox.hubspot import errors, reads
from integrations.sandbox.hubspot.portal import Portal

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from integrations.sandbox.calls import Method
    from integrations.sandbox.world import World

MANNERS = Manners(service="hubspot", check=errors.check_token, faulty=errors.faulty)
OBJECTS = "/hubspot/crm/v3/objects/{type}"
METHODS: dict[str, tuple[str, str, Method]] = {
    "objects.batch_read": ("POST", OBJECTS + "/batch/read", reads.read_batch),
    "objects.search": ("POST", OBJECTS + "/search", reads.search_objects),
    "objects.list": ("GET", OBJECTS, reads.list_objects),
    "objects.get": ("GET", OBJECTS + "/{id}", reads.get_object),
    "associations.list": ("GET", "/hubspot/crm/v4/objects/{type}/{id}/associations/{toType}", reads.associations),
    "pipelines.list": ("GET", "/hubspot/crm/v3/pipelines/deals", reads.pipelines),
    "pipelines.get": ("GET", "/hubspot/crm/v3/pipelines/deals/{id}", reads.pipeline),
    "owners.list": ("GET", "/hubspot/crm/v3/owners", reads.owners),
    "owners.get": ("GET", "/hubspot/crm/v3/owners/{id}", reads.owner),
    "account.details": ("GET", "/hubspot/account-info/v3/details", reads.account),
}


def routes(world: World) -> list[web.RouteDef]:
    Portal(world.store).seed()

    def served(name: str, method: Method) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await serve(world, request, MANNERS, name, method, changes=False)

        return handle

    async def unknown(request: web.Request) -> web.StreamResponse:
        return await _unknown(world, request)

    return [
        *(web.route(verb, path, served(name, method)) for name, (verb, path, method) in METHODS.items()),
        web.route("*", "/hubspot/{tail:.*}", unknown),
    ]


async def _unknown(world: World, request: web.Request) -> web.StreamResponse:
    data = {"path": request.path_qs, "body": shorten((await request.read()).decode("utf-8", "replace"))}
    world.store.record("hubspot", "unknown_method", f"{request.method} {request.match_info['tail']}", data)
    return respond(errors.not_found())
