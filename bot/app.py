"""The Bolt app: all handlers, and the one place that words errors for people."""

import logging
import re
from dataclasses import asdict
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.handlers import chosen, decide, digest, execute, handing_over, home, more, moves, never
from bot.handlers.clicked import NotOffered
from bot.messenger import OnceClient
from bot.services import Services
from bot.views import modal
from bot.views import note as note_view
from bot.views.text import plain
from core import digest_updates, effect_rows, homes, queue, undoing, workspace
from core.note import Note

log = logging.getLogger(__name__)

TRIGGER_GONE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})

OURS = re.compile(r"(move|digest|home)_[a-z_]+|[a-z_]+_view")
"""Ids that some release of ours may have given: a person pressed it and waits for an answer."""
_OF_ANOTHER_RELEASE = Note(
    "nothing_to_do", {"why": "this is of another release; /moves shows your moves as they are now"}
)

ID_LIMIT = 255  # of Slack's own ids


class _OneWorkspace(AsyncAuthorize):
    """One workspace, one token, and no question to Slack.

    Bolt would ask `auth.test` at the first press, and where Slack says no, acknowledge a press that nobody committed.
    """

    def __init__(self, token: str | None) -> None:
        self._known = AuthorizeResult(enterprise_id=None, team_id=None, bot_token=token)

    async def __call__(self, **_: Any) -> AuthorizeResult:
        return self._known


def build(services: Services, web: AsyncWebClient, *, signing_secret: str) -> AsyncApp:
    """The app for Socket Mode and HTTP alike. Listeners run before the answer: a press is committed, then acknowledged."""
    app = AsyncApp(
        client=OnceClient(base_url=web.base_url, timeout=web.timeout, retry_handlers=[]),
        authorize=_OneWorkspace(web.token),
        signing_secret=signing_secret,
        process_before_response=True,
        raise_error_for_unhandled_request=True,  # to `on_error` below, which acknowledges it
        logger=logging.getLogger("slack_bolt"),
    )
    for part in (execute, decide, more, digest, moves, never, handing_over, home, chosen):
        part.register(app, services)

    async def on_error(error: Exception, body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
        kind, id = asked_for(body)
        note = _words(error, id)
        if isinstance(error, BoltUnhandledRequestError):
            log.warning("nothing here answers this request of Slack's", extra={"request": kind, "id": id})
            if note is None:
                return _unhandled(kind)
        if note is None:
            log.error("a press failed", exc_info=error, extra={"request": kind, "id": id})
            return BoltResponse(status=500, body="")
        if body.get("type") == "view_submission":
            view = modal.word("Nothing to do", note_view.render(note)).to_dict()
            return BoltResponse(status=200, body={"response_action": "update", "view": view})
        if context.user_id and (body.get("view") or {}).get("type") == "home":
            await _draw_home_anew(services, context.user_id)
        elif context.user_id and context.channel_id:
            params = {
                "note": asdict(note),
                "owner": context.user_id,
                "user": context.user_id,
                "channel": context.channel_id,
            }
            async with services.database.begin() as db:
                told = await effect_rows.tell(
                    db,
                    workspace_id=services.workspace,
                    action=effect_rows.WHISPER,
                    move=None,
                    params=params,
                    now=services.clock(),
                )
            services.bell.ring("effect", [told] if told else [])
        return BoltResponse(status=200, body="")

    app.error(on_error)
    return app


async def _draw_home_anew(services: Services, user: str) -> None:
    """It has no such button then."""
    async with services.database.begin() as db:
        home = await homes.draw_anew(db, user, now=services.clock())
    services.bell.ring("home", [home] if home else [])


def _unhandled(kind: str) -> BoltResponse:
    """Acknowledged all the same: Slack would repeat the event, or tell the person that the app is broken."""
    answer: dict[str, Any] | str = {"options": []} if kind in {"block_suggestion", "dialog_suggestion"} else ""
    return BoltResponse(status=200, body=answer)


def asked_for(body: dict[str, Any]) -> tuple[str, str]:
    """The type of a request and the id that it names: what may be logged of it, whatever else it holds."""
    match body:
        case {"command": str(command)}:
            return "slash_command", _short(command)
        case {"event": {"type": str(event)}}:
            return "event", _short(event)
        case {"type": "block_actions", "actions": [{"action_id": str(id)}, *_]}:
            return "block_actions", _short(id)
        case {"type": str(kind), "view": {"callback_id": str(id)}} if kind != "block_suggestion":
            return _short(kind), _short(id)
        case {"type": str(kind), "callback_id": str(id)} | {"type": str(kind), "action_id": str(id)}:
            return _short(kind), _short(id)
        case {"type": str(kind)}:
            return _short(kind), ""
        case _:
            return "unknown", ""


def _short(id: str) -> str:
    return plain(id, ID_LIMIT)


def _words(error: Exception, pressed: str) -> Note | None:
    """What a person reads who pressed the button, or submitted the form, of that id; None for what nobody expected."""
    match error:
        case NotOffered():
            return _OF_ANOTHER_RELEASE
        case BoltUnhandledRequestError() if OURS.fullmatch(pressed):
            return _OF_ANOTHER_RELEASE
        case queue.AlreadyDecided():
            return Note("already_decided", {"state": error.state, "by": error.by or ""})
        case queue.NoSuchMove():
            return Note("nothing_to_do", {"why": "this move is not known here; /moves shows what is"})
        case digest_updates.NoSuchDigest():
            return Note("nothing_to_do", {"why": "this list is not yours; /moves shows yours"})
        case workspace.NotAMember():
            return Note("nothing_to_do", {"why": "Slack has not told your time zone yet; try again in a minute"})
        case SlackApiError() if error.response.get("error") in TRIGGER_GONE:
            return Note("nothing_to_do", {"why": "that took too long for Slack; press once more"})
        case undoing.TooLate():
            return Note("nothing_to_do", {"why": str(error)})
        case _:
            return None
