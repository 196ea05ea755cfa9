"""The Messenger port on Slack's Web API: one request per call, no retries below, every failure one of the three errors."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import ids
from bot.pacing import Pacing
from bot.views import card as card_view
from bot.views import digest as digest_view
from bot.views import home as home_view
from bot.views import note as note_view
from core.card import Card
from core.digest import Digest
from core.home import Home
from core.note import Note
from core.ports import CannotTell, Posted, Rejected, Unavailable, Unclear

MAY_HAVE_HAPPENED = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
MENDABLE = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
MENDING_PAUSE = timedelta(minutes=1)
PAGE = 100
PAGES_AT_MOST = 5

Call = Callable[[], Awaitable[AsyncSlackResponse]]


class OnceClient(AsyncWebClient):
    """A redirect is an answer like any other: following one would send a second request."""

    async def _send(self, http_verb: str, api_url: str, req_args: dict[str, Any]) -> AsyncSlackResponse:
        return await super()._send(http_verb, api_url, {**req_args, "allow_redirects": False})


def client(*, token: str, api_url: str, timeout_s: float) -> AsyncWebClient:
    """A client that sends a request once: slack_sdk's default handler posts again when the connection drops."""
    return OnceClient(token=token, base_url=api_url, timeout=max(1, round(timeout_s)), retry_handlers=[])


class SlackMessenger:
    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web
        self._dms: dict[str, str] = {}
        self._pacing = Pacing()

    async def dm(self, user: str) -> str:
        if user not in self._dms:
            answer = await self._read(lambda: self._web.conversations_open(users=[user]))
            self._dms[user] = answer["channel"]["id"]
        return self._dms[user]

    async def member(self, user: str) -> tuple[str, str]:
        answer = await self._read(lambda: self._web.users_info(user=user))
        found: dict[str, Any] = answer["user"]
        if found.get("is_bot") or found.get("deleted"):
            raise Rejected("this is a bot" if found.get("is_bot") else "this member is not here any more")
        return found.get("real_name") or found["name"], found.get("tz") or "UTC"

    async def post_card(self, card: Card, *, channel: str, key: str) -> Posted:
        return await self._post(channel, None, key, text=card_view.text(card), blocks=card_view.render(card))

    async def post_note(self, note: Note, *, channel: str, thread: str | None, key: str) -> Posted:
        text = note_view.render(note)
        return await self._post(channel, thread, key, text=text, blocks=note_view.blocks(text))

    async def _post(self, channel: str, thread: str | None, key: str, **content: Any) -> Posted:
        self._pacing.take_turn(channel, key)
        try:
            answer = await self._change(
                lambda: self._web.chat_postMessage(
                    channel=channel,
                    thread_ts=thread,
                    metadata=Metadata(event_type=ids.POST_EVENT, event_payload={"key": key}),
                    unfurl_links=False,
                    unfurl_media=False,
                    **content,
                )
            )
        except Unavailable as busy:
            if busy.retry_after is not None:
                self._pacing.refused(channel, busy.retry_after)
            raise
        return Posted(answer["channel"], answer["ts"])

    async def whisper(self, note: Note, *, channel: str, user: str) -> None:
        text = note_view.render(note)
        await self._change(
            lambda: self._web.chat_postEphemeral(channel=channel, user=user, text=text, blocks=note_view.blocks(text))
        )

    async def replace_with_note(self, note: Note, *, channel: str, ts: str) -> None:
        text = note_view.render(note)
        await self._change(
            lambda: self._web.chat_update(channel=channel, ts=ts, text=text, blocks=note_view.blocks(text))
        )

    async def update_card(self, card: Card, *, channel: str, ts: str) -> None:
        text, blocks = card_view.text(card), card_view.render(card)
        await self._change(lambda: self._web.chat_update(channel=channel, ts=ts, text=text, blocks=blocks))

    async def post_digest(self, digest: Digest, *, channel: str, key: str) -> Posted:
        return await self._post(channel, None, key, text=digest_view.text(digest), blocks=digest_view.render(digest))

    async def update_digest(self, digest: Digest, *, channel: str, ts: str) -> None:
        text, blocks = digest_view.text(digest), digest_view.render(digest)
        await self._change(lambda: self._web.chat_update(channel=channel, ts=ts, text=text, blocks=blocks))

    async def show_home(self, home: Home) -> None:
        view = home_view.render(home)
        await self._change(lambda: self._web.views_publish(user_id=home.user, view=view))

    async def find_post(self, *, key: str, channel: str, thread: str | None, since: datetime) -> Posted | None:
        cursor = None
        for _ in range(PAGES_AT_MOST):
            asked: dict[str, Any] = {
                "channel": channel,
                "oldest": f"{since.timestamp():.6f}",
                "limit": PAGE,
                "cursor": cursor,
                "include_all_metadata": True,
            }
            page = await self._read(partial(self._page, thread, asked))
            for message in page["messages"]:
                metadata = message.get("metadata", {})
                if metadata.get("event_type") == ids.POST_EVENT and metadata.get("event_payload", {}).get("key") == key:
                    return Posted(channel, message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
        raise CannotTell(f"more than {PAGE * PAGES_AT_MOST} messages came since; look in the channel yourself")

    async def answered(self, posted: Posted) -> bool:
        try:
            thread = await self._read(
                lambda: self._web.conversations_replies(channel=posted.channel, ts=posted.ts, limit=PAGE)
            )
        except Rejected:
            return False  # the message itself is gone
        return any(message["ts"] != posted.ts for message in thread["messages"])

    async def delete_post(self, posted: Posted) -> None:
        try:
            await self._change(lambda: self._web.chat_delete(channel=posted.channel, ts=posted.ts))
        except Rejected as no:
            if "message_not_found" not in str(no):
                raise

    async def _page(self, thread: str | None, asked: dict[str, Any]) -> AsyncSlackResponse:
        if thread is None:
            return await self._web.conversations_history(**asked)
        return await self._web.conversations_replies(ts=thread, **asked)

    async def _read(self, call: Call) -> AsyncSlackResponse:
        """A read changes nothing, so whatever went wrong it may be asked again."""
        try:
            return await self._change(call)
        except Unclear as lost:
            raise Unavailable(str(lost)) from lost

    async def _change(self, call: Call) -> AsyncSlackResponse:
        try:
            return await call()
        except SlackApiError as no:
            raise _meaning(no) from no
        except aiohttp.ClientConnectorError as down:
            raise Unavailable("Slack cannot be reached") from down
        except (TimeoutError, aiohttp.ClientError, SlackClientError, ConnectionError) as lost:
            raise Unclear(f"Slack's answer was lost ({type(lost).__name__})") from lost


def _meaning(no: SlackApiError) -> Exception:
    """Which of the three it is, from Slack's answer."""
    response = no.response
    status = getattr(response, "status_code", 0)
    # A proxy in front of Slack answers with text, which the SDK hands on as it is.
    data = response.data if isinstance(response, AsyncSlackResponse) else None
    error = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or error == "ratelimited":
        wait = response.headers.get("Retry-After", "1")
        return Unavailable("Slack asks to wait", retry_after=timedelta(seconds=int(wait) if wait.isdigit() else 1))
    if error in MENDABLE:
        return Unavailable(f"Slack refuses our token ({error}): see `caseyos doctor`", retry_after=MENDING_PAUSE)
    if error in MAY_HAVE_HAPPENED or status >= 500 or not error:
        return Unclear(f"Slack answered {error or status}, which may hide a success")
    return Rejected(f"Slack says {error}")
