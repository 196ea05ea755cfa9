"""Gmail's methods over HTTP, and the two other Google addresses that a client may knock at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from integrations.sandbox.calls import Manners, Refusal, respond, serve, shorten
from integrations.sandbox.gmail import changes, reads
from integrations.sandbox.google import errors
from integrations.sandbox.google.errors import not_found
from integrations.sandbox.google.partial import selected

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from integrations.sandbox.calls import Answer, Call, Method
    from integrations.sandbox.world import World

MANNERS = Manners(service="gmail", check=errors.check_token, faulty=errors.faulty)
USER = "/google/gmail/v1/users/{userId}"
TOKEN_LIFETIME_S = 3599
GRANTS = {
    "refresh_token": "refresh_token",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "assertion",
}

READS: dict[str, tuple[str, Method]] = {
    "getProfile": ("/profile", reads.profile),
    "drafts.get": ("/drafts/{id}", reads.draft),
    "drafts.list": ("/drafts", reads.drafts),
    "messages.get": ("/messages/{id}", reads.message),
    "messages.list": ("/messages", reads.messages),
    "threads.get": ("/threads/{id}", reads.thread),
    "threads.list": ("/threads", reads.threads),
    "history.list": ("/history", reads.history),
    "labels.list": ("/labels", reads.labels),
}
CHANGES: dict[str, tuple[str, str, Method]] = {
    "drafts.create": ("POST", "/drafts", changes.create_draft),
    "drafts.send": ("POST", "/drafts/send", changes.send_draft),
    "drafts.update": ("PUT", "/drafts/{id}", changes.update_draft),
    "drafts.delete": ("DELETE", "/drafts/{id}", changes.delete_draft),
    "messages.send": ("POST", "/messages/send", changes.send_message),
}


def routes(world: World) -> list[web.RouteDef]:
    def served(name: str, method: Method, *, changes: bool) -> Handler:
        def masked(call: Call) -> Answer:
            answer = method(call)
            fields = dict(call.query).get("fields")
            if not fields or not isinstance(answer, dict):
                return answer
            part: dict[str, Any] = selected(answer, fields)
            return part

        async def handle(request: web.Request) -> web.StreamResponse:
            return await serve(world, request, MANNERS, name, masked, changes=changes)

        return handle

    async def unknown(request: web.Request) -> web.StreamResponse:
        return await _unknown(world, request)

    return [
        *(web.get(USER + path, served(name, method, changes=False)) for name, (path, method) in READS.items()),
        *(
            web.route(verb, USER + path, served(name, method, changes=True))
            for name, (verb, path, method) in CHANGES.items()
        ),
        web.post("/google/token", _token),
        web.route("*", "/google/{tail:.*}", unknown),
    ]


async def _token(request: web.Request) -> web.StreamResponse:
    """What google-auth asks when its access token has run out."""
    asked: dict[str, Any] = {}
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            body = None
        asked = body if isinstance(body, dict) else {}
    else:
        asked = dict(await request.post())
    proof = GRANTS.get(str(asked.get("grant_type", "")))
    if proof is None:
        return _token_error("unsupported_grant_type", "Invalid grant_type")
    if not asked.get(proof):
        return _token_error("invalid_request", f"Missing required parameter: {proof}")
    return web.json_response(
        {
            "access_token": errors.TOKEN,
            "expires_in": TOKEN_LIFETIME_S,
            "scope": "https://www.googleapis.com/auth/gmail.modify",
            "token_type": "Bearer",
        }
    )


def _token_error(code: str, description: str) -> web.Response:
    return respond(Refusal(400, {"error": code, "error_description": description}, reason=description))


async def _unknown(world: World, request: web.Request) -> web.StreamResponse:
    path = request.match_info["tail"]
    service = "calendar" if path.startswith("calendar/") else "gmail"
    data = {"path": request.path_qs, "body": shorten((await request.read()).decode("utf-8", "replace"))}
    world.store.record(service, "unknown_method", f"{request.method} {path}", data)
    return respond(not_found())
