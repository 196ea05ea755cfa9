"""HubSpot's methods over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from integrations.sandbox.calls import Manners, respond, serve, shorten
from integrations.sandbox.hubspot import definitions, errors, reads, writes
from integrations.sandbox.hubspot.portal import Portal

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from integrations.sandbox.calls import Method
    from integrations.sandbox.world import World

MANNERS = Manners(service="hubspot", check=errors.check_token, faulty=errors.faulty)
OBJECTS = "/hubspot/crm/v3/objects/{type}"
OBJECT = OBJECTS + "/{id}"
TIES = "/hubspot/crm/v4/objects/{type}/{id}/associations"
PROPERTIES = "/hubspot/crm/v3/properties/{type}"
READS: dict[str, tuple[str, str, Method]] = {
    "objects.batch_read": ("POST", OBJECTS + "/batch/read", reads.read_batch),
    "objects.search": ("POST", OBJECTS + "/search", reads.search_objects),
    "objects.list": ("GET", OBJECTS, reads.list_objects),
    "objects.get": ("GET", OBJECT, reads.get_object),
    "associations.list": ("GET", TIES + "/{toType}", reads.associations),
    "pipelines.list": ("GET", "/hubspot/crm/v3/pipelines/deals", reads.pipelines),
    "pipelines.get": ("GET", "/hubspot/crm/v3/pipelines/deals/{id}", reads.pipeline),
    "owners.list": ("GET", "/hubspot/crm/v3/owners", reads.owners),
    "owners.get": ("GET", "/hubspot/crm/v3/owners/{id}", reads.owner),
    "account.details": ("GET", "/hubspot/account-info/v3/details", reads.account),
    "properties.get": ("GET", PROPERTIES + "/{name}", definitions.get_property),
}
CHANGES: dict[str, tuple[str, str, Method]] = {
    "tasks.batch_upsert": ("POST", OBJECTS + "/batch/upsert", writes.upsert_batch),
    "objects.create": ("POST", OBJECTS, writes.create_object),
    "objects.update": ("PATCH", OBJECT, writes.update_object),
    "objects.delete": ("DELETE", OBJECT, writes.archive_object),
    "associations.create": ("PUT", TIES + "/default/{toType}/{toId}", writes.create_association),
    "associations.delete": ("DELETE", TIES + "/{toType}/{toId}", writes.delete_association),
    "properties.create": ("POST", PROPERTIES, definitions.create_property),
}


def routes(world: World) -> list[web.RouteDef]:
    Portal(world.store).seed()

    def served(name: str, method: Method, *, changes: bool) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await serve(world, request, MANNERS, name, method, changes=changes)

        return handle

    async def unknown(request: web.Request) -> web.StreamResponse:
        return await _unknown(world, request)

    return [
        *(
            web.route(verb, path, served(name, method, changes=methods is CHANGES))
            for methods in (READS, CHANGES)
            for name, (verb, path, method) in methods.items()
        ),
        web.route("*", "/hubspot/{tail:.*}", unknown),
    ]


async def _unknown(world: World, request: web.Request) -> web.StreamResponse:
    data = {"path": request.path_qs, "body": shorten((await request.read()).decode("utf-8", "replace"))}
    world.store.record("hubspot", "unknown_method", f"{request.method} {request.match_info['tail']}", data)
    return respond(errors.not_found())
