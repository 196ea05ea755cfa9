"""The Web API: every method the sandbox serves, and a plain no to every other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from integrations.sandbox import faults
from integrations.sandbox.slack import chat, conversations, view_methods
from integrations.sandbox.slack.arguments import (
    Arguments,
    Method,
    boolean,
    checked,
    document,
    integer,
    nothing,
    read,
    string,
)
from integrations.sandbox.slack.errors import SlackError
from integrations.sandbox.slack.people import APP_ID, APP_TOKEN, BOT_TOKEN
from integrations.sandbox.slack.workspace import Workspace
from integrations.sandbox.world import World

Run = Callable[[Workspace, Arguments], dict[str, Any]]

_BLOCKS = document("invalid_blocks_format")
_VIEW = document("invalid_arguments")
_CONTENT = {"text": string, "blocks": _BLOCKS, "attachments": nothing, "markdown_text": string}
_STYLE = {"as_user": boolean, "link_names": boolean, "parse": string}
_FACE = {"username": string, "icon_emoji": string, "icon_url": string}
_POST = {
    **_CONTENT,
    **_STYLE,
    **_FACE,
    "channel": string,
    "thread_ts": string,
    "metadata": document("invalid_metadata_format"),
}
_UNFURL = {"unfurl_links": boolean, "unfurl_media": boolean, "mrkdwn": boolean, "reply_broadcast": boolean}
_PAGE = {"cursor": string, "inclusive": boolean, "latest": string, "oldest": string, "limit": integer}
_READ = {**_PAGE, "channel": string, "include_all_metadata": boolean}
_TRIGGER = {"trigger_id": string, "interactivity_pointer": string, "view": _VIEW}


def _served() -> dict[str, tuple[Method, Run]]:
    update = {**_CONTENT, **_STYLE, "channel": string, "ts": string, "metadata": _POST["metadata"]}
    update |= {"file_ids": nothing, "reply_broadcast": boolean}
    whisper = {**_CONTENT, **_STYLE, **_FACE, "channel": string, "user": string, "thread_ts": string}
    at = {"channel": string, "ts": string}
    view_of = {"view_id": string, "external_id": string, "hash": string, "view": _VIEW}
    look = {"channel": string, "include_locale": boolean, "include_num_members": boolean}
    return {
        "auth.test": (Method({}, changes=False, refusal="account_inactive"), conversations.auth_test),
        "apps.connections.open": (Method({}, changes=False, app_token=True), _connect),
        "chat.postMessage": (Method({**_POST, **_UNFURL}, ("channel",), refusal="is_archived"), chat.post),
        "chat.update": (Method(update, ("channel", "ts"), refusal="edit_window_closed"), chat.update),
        "chat.delete": (
            Method({**at, "as_user": boolean}, ("channel", "ts"), refusal="cant_delete_message"),
            chat.delete,
        ),
        "chat.postEphemeral": (Method(whisper, ("channel", "user"), refusal="is_archived"), chat.post_ephemeral),
        "chat.getPermalink": (
            Method({"channel": string, "message_ts": string}, ("channel", "message_ts"), False),
            chat.permalink,
        ),
        "views.open": (Method(_TRIGGER, ("view",), refusal="expired_trigger_id"), view_methods.open_view),
        "views.push": (Method(_TRIGGER, ("view",), refusal="expired_trigger_id"), view_methods.push),
        "views.update": (Method(view_of, ("view",), refusal="not_found"), view_methods.update),
        "views.publish": (
            Method({"user_id": string, "view": _VIEW, "hash": string}, ("user_id", "view"), refusal="not_enabled"),
            view_methods.publish,
        ),
        "conversations.open": (
            Method({"channel": string, "users": string, "return_im": boolean}, changes=False, refusal="user_disabled"),
            conversations.open_direct,
        ),
        "conversations.history": (
            Method(_READ, ("channel",), False, refusal="missing_scope"),
            conversations.history,
        ),
        "conversations.replies": (
            Method({**_READ, "ts": string}, ("channel", "ts"), False, refusal="missing_scope"),
            conversations.replies,
        ),
        "conversations.info": (Method(look, ("channel",), False, refusal="missing_scope"), conversations.info),
        "users.info": (
            Method({"user": string, "include_locale": boolean}, ("user",), False, refusal="missing_scope"),
            conversations.user_info,
        ),
    }


def routes(world: World) -> list[web.RouteDef]:
    async def call(request: web.Request) -> web.StreamResponse:
        return await _call(world, request, request.match_info["method"])

    return [
        web.get("/slack/api/{method}", call),
        web.post("/slack/api/{method}", call),
        web.get("/slack/socket", world.slack.sockets.serve),
    ]


@dataclass(frozen=True)
class _Call:
    """One call of a served method, as it was sent."""

    name: str
    method: Method
    run: Run
    raw: Arguments
    token: str
    host: str


async def _call(world: World, request: web.Request, name: str) -> web.StreamResponse:
    slack = world.slack
    try:
        raw, token = await read(request)
    except SlackError as error:
        slack.record("refused", name, {"error": error.error, "reason": error.reason})
        return _answer(error.body(), error)
    if name not in SERVED:
        slack.record("unknown_method", name, {"arguments": raw})
        return _answer({"ok": False, "error": "unknown_method", "req_method": name})
    call = _Call(name, *SERVED[name], raw, token, request.host)
    fault = world.faults.take("slack", name)
    noted = {"arguments": raw} | ({"fault": fault.kind} if fault else {})
    noted_at_once = fault is not None and (fault.kind == "late" or fault.kind in faults.NOT_CARRIED_OUT)

    def refuse(struck: faults.Fault) -> web.Response:
        if struck.kind == "rate_limit":
            return _answer({"ok": False, "error": "ratelimited"}, status=429)
        if struck.kind == "unavailable":
            return web.Response(status=503, text="upstream connect error")
        return _answer({"ok": False, "error": "internal_error" if struck.kind == "error" else call.method.refusal})

    def work() -> web.Response:
        with slack.store.transaction(), slack.effects_after():
            body, refusal = _carry_out(slack, call)
            if not noted_at_once and (call.method.changes or fault is not None):
                slack.record("request", name, noted | _came_of(body, refusal))
            if refusal is not None:
                slack.record("refused", name, {"error": refusal.error, "reason": refusal.reason, "arguments": raw})
        return _answer(body, refusal)

    if fault is not None and noted_at_once:
        slack.record("request", name, noted | _struck(fault, call.method))
    return await faults.apply(request, fault, work, refuse=refuse)


def _struck(fault: faults.Fault, method: Method) -> dict[str, Any]:
    """What the caller is told by a fault under which nothing is carried out."""
    if fault.kind == "refuse":
        return {"status": 200, "error": method.refusal}
    status = faults.STATUS.get(fault.kind)
    return {} if status is None else {"status": status}


def _carry_out(slack: Workspace, call: _Call) -> tuple[dict[str, Any], SlackError | None]:
    try:
        _authorize(call.method, call.token)
        body = {"ok": True, **call.run(slack, checked(call.method, call.raw))}
    except SlackError as error:
        return error.body(), error
    if call.method.app_token:
        body["url"] = f"ws://{call.host}/slack/socket?ticket={slack.sockets.ticket()}&app_id={APP_ID}"
    return body, None


def _authorize(method: Method, token: str) -> None:
    if not token:
        raise SlackError("not_authed", "no token was sent")
    if token not in (BOT_TOKEN, APP_TOKEN):
        raise SlackError("invalid_auth", "the token is not one of this team's")
    if token != (APP_TOKEN if method.app_token else BOT_TOKEN):
        raise SlackError("not_allowed_token_type", f"needs the {'app' if method.app_token else 'bot'} token")


def _connect(_slack: Workspace, _given: Arguments) -> dict[str, Any]:
    return {}


def _came_of(body: dict[str, Any], refusal: SlackError | None) -> dict[str, Any]:
    if refusal is not None:
        return {"status": refusal.status, "error": refusal.error}
    return {"status": 200} | {name: body[name] for name in ("channel", "ts", "message_ts") if name in body}


def _answer(body: dict[str, Any], error: SlackError | None = None, *, status: int = 200) -> web.Response:
    response = web.json_response(body, status=error.status if error else status)
    if error is not None and error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


SERVED = _served()
