"""The mailbox: googleapiclient builds each request, httpx sends it once."""

import asyncio
import base64
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from core.ports import DraftRef, IncomingMail, LikeDraft, Mail, MailChanges, Rejected, SentRef, Unavailable, Unclear
from integrations.gmail.compose import KEY_HEADER, compose
from integrations.gmail.message import draft_mail, incoming, is_like, with_bounce
from integrations.gmail.resource import Draft, Drafts, History, Message, Messages, Profile, Thread
from integrations.google.api import Build, GoogleApi, Unreadable
from integrations.google.exchange import Missing, Service
from integrations.google.token import Token

# A draft is sent once and a leftover one is cleaned up: what is turned away may be asked again without reading it back.
GMAIL = Service("Gmail", "gmail", "v1", not_now=frozenset({408, 409, 425, 429, 503}))
DRAFTS_LOOKED_THROUGH = 100
READ_AT_A_TIME = 10
READ_BEFORE_KEPT = 1_000
SENT_LOOKED_THROUGH = 50
SENT_BY_HAND = "sent-by-hand"
"""Stands for the id of a draft that was sent before we learned its id; its thread holds the mail."""
RESYNC = "in:inbox newer_than:7d"
PAGE = 500

log = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_OURS_OR_UNWANTED = frozenset({"SENT", "DRAFT", "TRASH", "SPAM", "CHAT"})

M = TypeVar("M", bound=BaseModel)


class GmailMailbox:
    """Fulfils core.ports.Mailbox. Every method that changes something makes one request that does, once."""

    def __init__(self, http: httpx.AsyncClient, *, api_url: str, token: Token, mailbox: str = "me") -> None:
        """`mailbox` is an address, or `me` for the one whose token it is.

        A request takes at most TIMEOUT_S, or what `http` waits for an answer if that is less.
        """
        self._api = GoogleApi(http, GMAIL, api_url=api_url, token=token)
        self._mailbox = mailbox
        self._address = mailbox if "@" in mailbox else None
        self._read_before: dict[tuple[str, str], Any] = {}
        """The headers of drafts and messages, by their own id and the message's; the newest at the end."""

    async def rendered(self, mail: Mail, *, key: str) -> str:
        return compose(mail, key=key, sender=await self._sender(self._api.deadline())).decode()

    async def create_draft(self, mail: Mail, *, key: str) -> DraftRef:
        deadline = self._api.deadline()
        raw = base64.urlsafe_b64encode(compose(mail, key=key, sender=await self._sender(deadline))).decode()
        content = {"message": {"raw": raw} | ({} if mail.thread_id is None else {"threadId": _id(mail.thread_id)})}
        made = await self._change(
            Draft, lambda users: users.drafts().create(userId=self._mailbox, body=content), deadline
        )
        return DraftRef(made.id, made.message.thread_id)

    async def read_draft(self, draft_id: str) -> Mail | None:
        if draft_id == SENT_BY_HAND:
            return None
        try:
            return draft_mail((await self._draft(draft_id, form="full")).message)
        except Missing:
            return None

    async def send_draft(self, draft_id: str) -> SentRef:
        """Raises Unclear when the draft is gone: this request sent nothing, but an earlier one or a person may have."""
        content = {"id": _id(draft_id)}
        try:
            sent = await self._change(
                Message, lambda users: users.drafts().send(userId=self._mailbox, body=content), self._api.deadline()
            )
        except Missing as error:
            raise Unclear("the draft is gone from Gmail: it was sent or deleted by somebody else") from error
        return SentRef(sent.id, sent.thread_id)

    async def delete_draft(self, draft_id: str) -> None:
        """Returns as well when the draft is gone already, which is looked at: what was there just now may still be."""
        id = _id(draft_id)
        try:
            await self._api.delete(lambda api: api.users().drafts().delete(userId=self._mailbox, id=id))
        except Missing as error:
            if await self._is_there(id):
                raise Unclear("Gmail says that the draft is gone, and shows it all the same") from error

    async def find_draft(self, *, key: str) -> DraftRef | None:
        listed = await self._read(
            Drafts, lambda users: users.drafts().list(userId=self._mailbox, maxResults=DRAFTS_LOOKED_THROUGH)
        )
        # Many at a time: one after the other, a full mailbox would take longer than a request may wait to begin.
        async for found in self._each(listed.drafts[:DRAFTS_LOOKED_THROUGH], self._draft):
            if found.message.payload.header(KEY_HEADER) == key:
                return DraftRef(found.id, found.message.thread_id)
        # A draft that a person has sent by now is no draft any more; its thread leads to the mail that it became.
        # One that hides behind more than a hundred newer ones would be left over, which is not a second mail.
        thread = await self._thread_of_recently_sent(key)
        return None if thread is None else DraftRef(SENT_BY_HAND, thread)

    async def drafts_like(self, mail: Mail, *, besides: str | None = None) -> tuple[LikeDraft, ...]:
        listed = await self._read(
            Drafts,
            lambda users: users.drafts().list(
                userId=self._mailbox, q=f'to:"{mail.to[0]}"', maxResults=DRAFTS_LOOKED_THROUGH
            ),
        )
        others = [each for each in listed.drafts if each.id != besides][:DRAFTS_LOOKED_THROUGH]
        alike = [found async for found in self._each(others, self._draft) if is_like(found.message, mail)]
        return tuple(LikeDraft(found.id, found.message.payload.header(KEY_HEADER)) for found in alike)

    async def find_sent(self, *, key: str, thread_id: str) -> SentRef | None:
        id = _id(thread_id)
        try:
            thread = await self._read(
                Thread,
                lambda users: users.threads().get(
                    userId=self._mailbox, id=id, format="metadata", metadataHeaders=[KEY_HEADER]
                ),
            )
        except Missing:
            return None
        for message in thread.messages:
            if "SENT" in message.label_ids and message.payload.header(KEY_HEADER) == key:
                return SentRef(message.id, message.thread_id)
        return None

    async def changes(self, cursor: str | None) -> MailChanges:
        if cursor is None:
            return MailChanges((await self._profile()).history_id, ())
        try:
            pages = [page async for page in self._history(cursor)]
        except Missing:  # the cursor is too old
            return await self._resync()
        added = [each.message for page in pages for change in page.history for each in change.messages_added]
        # What arrives while the pages are read comes again, rather than never.
        return MailChanges(pages[0].history_id, await self._mails(added))

    async def _resync(self) -> MailChanges:
        # Read before the list, so that what arrives in between comes twice rather than never.
        cursor = (await self._profile()).history_id
        found: list[Message] = []
        page: str | None = None
        while True:
            listed = await self._read(Messages, self._list_messages(RESYNC, page))
            found += listed.messages
            if (page := listed.next_page_token) is None:
                return MailChanges(cursor, await self._mails(found))

    async def _mails(self, listed: list[Message]) -> tuple[IncomingMail, ...]:
        """The mails behind the listed ones that came from outside, oldest first."""
        wanted = {each.id for each in listed if not each.label_ids & _OURS_OR_UNWANTED}
        mails = []
        for id in sorted(wanted):
            try:
                message = await self._message(id, form="full")
            except Missing:  # deleted by now
                continue
            except (Rejected, Unreadable) as strange:
                if isinstance(strange, Unreadable) and strange.answer.get("id") != id:
                    raise  # not that mail at all: it is asked for again
                # One mail that nobody can read must not hide all those after it.
                log.warning("a mail was skipped", extra={"message": id, "problem": str(strange)[:200]})
                continue
            if not message.label_ids & _OURS_OR_UNWANTED:
                mail = incoming(message)
                mails.append(with_bounce(mail, await self._raw(id)) if mail.automatic else mail)
        return tuple(sorted(mails, key=lambda mail: (mail.at, mail.message_id)))

    async def _history(self, cursor: str) -> AsyncIterator[History]:
        if not re.fullmatch(r"[0-9]{1,20}", cursor):
            raise Missing("not a history id of Gmail")
        page: str | None = None
        while True:
            found = await self._read(History, self._list_history(cursor, page))
            yield found
            if (page := found.next_page_token) is None:
                return

    async def _thread_of_recently_sent(self, key: str) -> str | None:
        """The thread of the mail with this key, if it is one of those sent last."""
        listed = await self._read(Messages, self._list_messages("in:sent newer_than:1d", None, SENT_LOOKED_THROUGH))
        async for message in self._each(listed.messages, self._message):
            if message.payload.header(KEY_HEADER) == key:
                return message.thread_id
        return None

    async def _each(
        self, listed: Sequence[Draft] | Sequence[Message], one: Callable[..., Awaitable[M]]
    ) -> AsyncIterator[M]:
        """The headers of each, in order, READ_AT_A_TIME beside each other; without those that are gone since.

        A message keeps its headers: a draft that is changed becomes another one. So each is read once, for with many
        mails under way each of them would look through the drafts of all the others.
        """

        async def headers(each: Draft | Message) -> M:
            message = each.message.id if isinstance(each, Draft) else each.id
            known: M | None = self._read_before.get((each.id, message))
            if known is None:
                known = await one(each.id, form="metadata")
                self._read_before[each.id, message] = known
                while len(self._read_before) > READ_BEFORE_KEPT:
                    del self._read_before[next(iter(self._read_before))]
            return known

        for begin in range(0, len(listed), READ_AT_A_TIME):
            part = listed[begin : begin + READ_AT_A_TIME]
            for found in await asyncio.gather(*(headers(each) for each in part), return_exceptions=True):
                if isinstance(found, BaseException) and not isinstance(found, Missing):
                    raise found
                if not isinstance(found, BaseException):
                    yield found

    def _list_history(self, cursor: str, page: str | None) -> Build:
        asked = {"startHistoryId": cursor, "historyTypes": ["messageAdded"], "maxResults": PAGE, **_following(page)}
        return lambda users: users.history().list(userId=self._mailbox, **asked)

    def _list_messages(self, query: str, page: str | None, size: int = PAGE) -> Build:
        asked = {"q": query, "maxResults": size, **_following(page)}
        return lambda users: users.messages().list(userId=self._mailbox, **asked)

    async def _message(self, id: str, *, form: str) -> Message:
        return await self._read(
            Message, lambda users: users.messages().get(userId=self._mailbox, id=_id(id), format=form)
        )

    async def _raw(self, id: str) -> bytes:
        """The mail's own bytes, in which a notice of failure says more than in its text."""
        message = await self._message(id, form="raw")
        return base64.urlsafe_b64decode(message.raw + "=" * (-len(message.raw) % 4))

    async def _is_there(self, draft_id: str) -> bool:
        try:
            await self._draft(draft_id, form="metadata")
        except Missing:
            return False
        except Unavailable as error:
            raise Unclear("Gmail says that the draft is gone, and cannot show whether it is") from error
        return True

    async def _draft(self, id: str, *, form: str) -> Draft:
        checked = _id(id)
        return await self._read(Draft, lambda users: users.drafts().get(userId=self._mailbox, id=checked, format=form))

    async def _profile(self, deadline: float | None = None) -> Profile:
        return await self._read(Profile, lambda users: users.getProfile(userId=self._mailbox), deadline)

    async def _sender(self, deadline: float) -> str:
        """The mailbox's own address, asked for once."""
        if self._address is None:
            self._address = (await self._profile(deadline)).email_address
        return self._address

    async def _read(self, kind: type[M], build: Build, deadline: float | None = None) -> M:
        return await self._api.read(kind, lambda api: build(api.users()), deadline)

    async def _change(self, kind: type[M], build: Build, deadline: float) -> M:
        return await self._api.change(kind, lambda api: build(api.users()), deadline)


def _following(page: str | None) -> dict[str, str]:
    return {} if page is None else {"pageToken": page}


def _id(text: str) -> str:
    """An id that stays one piece of a path. Raises Rejected for anything that Gmail never gave out."""
    if not _ID.fullmatch(text):
        raise Rejected("not an id of Gmail")
    return text
