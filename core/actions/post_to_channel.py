"""Post a message to a Slack channel, found again by its key when the answer was lost."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from core.identity import made_at
from core.note import Note
from core.plan import Action, Editable, Plan, Step, Words, content_of
from core.ports import Ports, Posted, Receipt, Receipts, Rejected

CLOCK_SLACK = timedelta(minutes=2)


class PostToChannel(BaseModel, frozen=True):
    """`channel` is Slack's id; the text is plain, what looks like a mention or a link in it stays text."""

    channel: str = Field(min_length=1)
    channel_name: str
    text: Annotated[str, Editable("Message", "text", 2500, empty="There is nothing to post yet")] = Field(
        min_length=1, max_length=2500
    )


def plan(params: PostToChannel) -> Plan:
    return Plan(
        kind="post_to_channel",
        summary=f"Post to #{params.channel_name}",
        content=content_of(params),
        exact=(("Channel", f"#{params.channel_name}"), ("Message", params.text)),
    )


@dataclass(frozen=True)
class PostMessage(Step[PostToChannel]):
    name: str = "post_message"
    service: str = "slack"
    sends: bool = False
    reversible: bool = True
    single_use: bool = False

    async def check(
        self, params: PostToChannel, ports: Ports, key: str, done: Receipts, *, first: bool
    ) -> Receipt | None:
        return None  # a message needs nothing to be read before

    async def send(self, params: PostToChannel, ports: Ports, key: str, done: Receipts) -> Receipt:
        return await send_post(ports, params.text, channel=params.channel, key=key)

    async def find(self, params: PostToChannel, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        return await find_post(ports, channel=params.channel, key=key)

    async def undo(self, params: PostToChannel, ports: Ports, key: str, receipt: Receipt) -> None:
        await take_back_post(ports, receipt)


async def send_post(ports: Ports, text: str, *, channel: str, key: str) -> Receipt:
    posted = await ports.messenger.post_note(Note("post", {"text": text}), channel=channel, thread=None, key=key)
    return Receipt(posted.ts, detail={"channel": posted.channel})


async def find_post(ports: Ports, *, channel: str, key: str) -> Receipt | None:
    # A step's key begins with the approval's id, which carries the time at which it was given.
    since = made_at(UUID(key[:32])) - CLOCK_SLACK
    posted = await ports.messenger.find_post(key=key, channel=channel, thread=None, since=since)
    return None if posted is None else Receipt(posted.ts, "read back", {"channel": posted.channel})


async def take_back_post(ports: Ports, receipt: Receipt) -> None:
    if not receipt.external_id:
        raise Rejected("which message it was is not known: delete it in Slack")
    posted = Posted(receipt.detail["channel"], receipt.external_id)
    if await ports.messenger.answered(posted):
        raise Rejected("somebody has answered the message since")
    await ports.messenger.delete_post(posted)


POST_TO_CHANNEL = Action(
    kind="post_to_channel",
    params=PostToChannel,
    plan=plan,
    steps=(PostMessage(),),
    words=Words(
        title="Post this message",
        submit="Post",
        promise="It is posted at once, for everybody in the channel. The card has Undo: it deletes the message, "
        "if nobody has answered it by then.",
        done="posted",
        place="Slack",
        thing="message",
    ),
)
