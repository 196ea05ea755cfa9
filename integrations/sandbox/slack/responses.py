"""The response URLs that interactions and commands carry."""

import json
from typing import Any

from aiohttp import web

from integrations.sandbox import faults
from integrations.sandbox.slack.answers import apply_response
from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.world import World

METHOD = "response_url"


def routes(world: World) -> list[web.RouteDef]:
    async def respond(request: web.Request) -> web.StreamResponse:
        return await _respond(world, request)

    return [web.post("/slack/response/{key}", respond)]


async def _respond(world: World, request: web.Request) -> web.StreamResponse:
    slack, key = world.slack, request.match_info["key"]
    body = await request.read()
    fault = world.faults.take("slack", METHOD)
    noted = {"fault": fault.kind} if fault else {}
    noted_at_once = fault is not None and (fault.kind == "late" or fault.kind in faults.NOT_CARRIED_OUT)

    def refuse(struck: faults.Fault) -> web.Response:
        status = {"refuse": 404}.get(struck.kind, faults.STATUS.get(struck.kind) or 500)
        return web.json_response({"ok": False, "error": "invalid_url" if status == 404 else struck.kind}, status=status)

    def work() -> web.Response:
        answer, status = {"ok": True}, 200
        with slack.store.transaction(), slack.effects_after():
            said: Any = None
            try:
                said = _said(body)
                apply_response(slack, slack.response_urls.use(key), said)
            except SlackError as error:
                answer, status = error.body(), error.status if error.status != 200 else 400
                slack.record("refused", METHOD, {"error": error.error, "reason": error.reason, "body": said})
            if not noted_at_once:
                slack.record("request", METHOD, {"body": said, "status": status, **noted})
        return web.json_response(answer, status=status)

    if noted_at_once:
        slack.record("request", METHOD, {"body": body.decode("utf-8", "replace"), **noted})
    return await faults.apply(request, fault, work, refuse=refuse)


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        raise SlackError("invalid_payload", "the body is not JSON") from None
    if not isinstance(said, dict):
        raise SlackError("invalid_payload", "the body is not a JSON object")
    return said
