"""Telling people is an effect as well: a card or a note is posted once, found by its key when the answer was lost.

What a telling effect says is read when it runs, so that a card shows what is true then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core import cards, digest_updates, queue
from core.card import Card
from core.database import Db
from core.digest import Digest
from core.effect_rows import POST_CARD, POST_DIGEST, POST_NOTE, REPLACE_CARD, WHISPER, EffectRow
from core.note import Note
from core.ports import Ports, Posted, Receipt, Receipts, Rejected, Unavailable

CLOCK_SLACK = timedelta(minutes=2)
CARD_WAIT = timedelta(minutes=1)
"""For so long a note waits for the card in whose thread it belongs; then it is said without."""
CARD_PAUSE = timedelta(seconds=1)
DIGEST_WAITS = timedelta(hours=20)
"""A list that could not be posted for so long is not posted any more: the next one comes."""


@dataclass(frozen=True)
class Telling:
    """`user` is whose direct channel is meant where `channel` is not given."""

    user: str
    channel: str | None
    thread: str | None
    since: datetime
    card: Card | None = None
    note: Note | None = None
    digest: Digest | None = None
    old: Posted | None = None
    """The post whose place the note takes."""
    too_early: bool = False
    """The card in whose thread the note belongs is not posted yet."""
    too_late: bool = False
    """Nobody needs it any more: the day of the list is over."""

    @property
    def where(self) -> dict[str, str | None]:
        return {"channel": self.channel, "thread": self.thread}


async def params(db: Db, row: EffectRow, now: datetime) -> Telling:
    """What the effect says, and where, as of now."""
    since = row.created_at - CLOCK_SLACK
    stored = row.params.get("note")
    note = Note(stored["name"], stored["facts"]) if stored else None
    if row.action == POST_DIGEST:
        shown = await digest_updates.to_show(db, UUID(row.params["digest"]), now)
        return Telling(shown.owner, None, None, since, digest=shown, too_late=now - row.created_at > DIGEST_WAITS)
    if row.action == REPLACE_CARD:
        old = Posted(**row.params["old"])
        return Telling(row.params["owner"], old.channel, None, since, note=note, old=old)
    if row.move_id is None:
        return Telling(row.params["owner"], row.params.get("channel"), None, since, note=note)
    move = await queue.get(db, row.move_id)
    if row.action == POST_CARD:
        return Telling(move.owner, None, None, since, card=await cards.to_show(db, row.move_id, now))
    user = row.params.get("user", move.owner)
    if (where := row.params.get("where")) is not None:
        return Telling(user, where["channel"], where["thread"], since, note=note)
    thread = move.card_ts if row.params.get("thread") else None
    too_early = bool(row.params.get("thread")) and thread is None and now - row.created_at < CARD_WAIT
    channel = row.params.get("channel") or move.card_channel
    return Telling(user, channel, thread, since, note=note, too_early=too_early)


async def _channel(said: Telling, ports: Ports) -> str:
    return said.channel or await ports.messenger.dm(said.user)


@dataclass(frozen=True)
class PostCard:
    name: str = POST_CARD
    service: str = "slack"
    sends: bool = False
    reversible: bool = False
    single_use: bool = False

    async def check(self, params: Telling, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        await _channel(params, ports)
        return None

    async def send(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt:
        assert params.card is not None
        posted = await ports.messenger.post_card(params.card, channel=await _channel(params, ports), key=key)
        shown = {"revision": str(params.card.revision), "digest": params.card.digest()}
        return Receipt(posted.ts, detail={"channel": posted.channel, **shown})

    async def find(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        channel = await _channel(params, ports)
        posted = await ports.messenger.find_post(key=key, channel=channel, thread=None, since=params.since)
        # Which revision was posted is not read back: 0 makes the card due for an update, which shows what is true now.
        return None if posted is None else Receipt(posted.ts, "read back", {"channel": posted.channel, "revision": "0"})

    async def undo(self, params: Telling, ports: Ports, key: str, receipt: Receipt) -> None:
        raise Rejected("a card is not taken back, it says what happened")


@dataclass(frozen=True)
class PostDigest(PostCard):
    name: str = POST_DIGEST

    async def check(self, params: Telling, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        if params.too_late:
            return Receipt("", "not posted: its day is over")
        return await super().check(params, ports, key, done, first=first)

    async def send(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt:
        assert params.digest is not None
        posted = await ports.messenger.post_digest(params.digest, channel=await _channel(params, ports), key=key)
        return Receipt(posted.ts, detail={"channel": posted.channel, "digest": params.digest.digest()})


@dataclass(frozen=True)
class PostNote:
    name: str = POST_NOTE
    service: str = "slack"
    sends: bool = False
    reversible: bool = False
    single_use: bool = False

    async def check(self, params: Telling, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        if params.too_early:
            raise Unavailable("its card comes first", retry_after=CARD_PAUSE)
        await _channel(params, ports)
        return None

    async def send(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt:
        assert params.note is not None
        channel = await _channel(params, ports)
        posted = await ports.messenger.post_note(params.note, channel=channel, thread=params.thread, key=key)
        return Receipt(posted.ts, detail={"channel": posted.channel})

    async def find(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        channel = await _channel(params, ports)
        posted = await ports.messenger.find_post(key=key, channel=channel, thread=params.thread, since=params.since)
        return None if posted is None else Receipt(posted.ts, "read back", {"channel": posted.channel})

    async def undo(self, params: Telling, ports: Ports, key: str, receipt: Receipt) -> None:
        raise Rejected("a note is not taken back")


@dataclass(frozen=True)
class ReplaceCard:
    """A card becomes a sentence. Setting it twice sets it to the same, so an unclear one is set again."""

    name: str = REPLACE_CARD
    service: str = "slack"
    sends: bool = False
    reversible: bool = False
    single_use: bool = False

    async def check(self, params: Telling, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        return None

    async def send(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt:
        assert params.note is not None
        assert params.old is not None
        try:
            await ports.messenger.replace_with_note(params.note, channel=params.old.channel, ts=params.old.ts)
        except Rejected as gone:
            return Receipt("", f"the old card cannot be changed: {gone}")
        return Receipt(params.old.ts, detail={"channel": params.old.channel})

    async def find(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        return None

    async def undo(self, params: Telling, ports: Ports, key: str, receipt: Receipt) -> None:
        raise Rejected("what a card became is not taken back")


@dataclass(frozen=True)
class Whisper:
    """A word to one person that nobody else sees. It cannot be read back, so an unclear one counts as said."""

    name: str = WHISPER
    service: str = "slack"
    sends: bool = False
    reversible: bool = False
    single_use: bool = False

    async def check(self, params: Telling, ports: Ports, key: str, done: Receipts, *, first: bool) -> Receipt | None:
        await _channel(params, ports)
        return None

    async def send(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt:
        assert params.note is not None
        await ports.messenger.whisper(params.note, channel=await _channel(params, ports), user=params.user)
        return Receipt("", detail={"user": params.user})

    async def find(self, params: Telling, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        return Receipt("", "assumed: a whisper cannot be read back", {"user": params.user})

    async def undo(self, params: Telling, ports: Ports, key: str, receipt: Receipt) -> None:
        raise Rejected("a whisper is not taken back")


STEPS: dict[str, Any] = {step.name: step for step in (PostCard(), PostDigest(), ReplaceCard(), PostNote(), Whisper())}
