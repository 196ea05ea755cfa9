"""Book a meeting: an event under our own id in the owner's calendar, whose invitation counts as a mail; then a prep note.

Our id makes the event one event: asked for twice, the calendar answers that it has it already.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from core.actions.post_to_channel import find_post, send_post, take_back_post
from core.plan import Action, Editable, Plan, Step, Words, content_of
from core.ports import CannotTell, EventNow, Meeting, Ports, Receipt, Receipts, Rejected


class BookMeeting(BaseModel, frozen=True):
    """`owner` is the Slack user whose calendar it is and who gets the prep note; `zone` is that person's."""

    title: Annotated[str, Editable("Title", limit=200, empty="Give the meeting a name")] = Field(
        min_length=1, max_length=200
    )
    start: Annotated[AwareDatetime, Editable("Starts", "moment", 20, empty="Say when it starts")]
    minutes: int = Field(default=30, ge=5, le=480)
    attendees: Annotated[tuple[str, ...], Editable("Invited", "addresses", 500, empty="Invite at least one person")] = (
        Field(min_length=1, max_length=20)
    )
    description: Annotated[str, Editable("Invitation text", "text", 3000)] = Field(default="", max_length=8000)
    prep: Annotated[str, Editable("Prep note, for you alone", "text", 2500)] = Field(default="", max_length=2500)
    zone: str = "UTC"
    owner: str = Field(min_length=1)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)

    def meeting(self) -> Meeting:
        return Meeting(self.title, self.description, self.start, self.end, self.zone, self.attendees)


def plan(params: BookMeeting) -> Plan:
    when = f"{params.start:%a %d %b %Y, %H:%M} to {params.end:%H:%M} ({params.zone})"
    return Plan(
        kind="book_meeting",
        summary=f"Meeting with {', '.join(params.attendees)}: {params.title}, {when}",
        content=content_of(params),
        recipients=params.attendees,
        exact=(
            ("Title", params.title),
            ("When", when),
            ("Invited", ", ".join(params.attendees)),
            ("Invitation text", params.description),
            ("Prep note", params.prep),
        ),
        subject=params.title,
        body=params.description,
        expires_at=params.start,
    )


@dataclass(frozen=True)
class CreateEvent(Step[BookMeeting]):
    name: str = "create_event"
    service: str = "calendar"
    sends: bool = True
    reversible: bool = True
    single_use: bool = True

    async def check(
        self, params: BookMeeting, ports: Ports, key: str, done: Receipts, *, first: bool
    ) -> Receipt | None:
        event = await ports.calendar.read_event(event_id(key))
        if event is not None and event.cancelled:
            raise Rejected("the meeting was booked and has been deleted in Calendar since")
        if event is not None:
            return _receipt(event, "read back")
        for busy in await ports.calendar.busy(params.start, params.end):
            if busy.start < params.end and params.start < busy.end:
                raise Rejected("you are not free then any more: choose another time")
        return None

    async def send(self, params: BookMeeting, ports: Ports, key: str, done: Receipts) -> Receipt:
        return _receipt(await ports.calendar.create_event(params.meeting(), event_id=event_id(key)), "answer")

    async def find(self, params: BookMeeting, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        event = await ports.calendar.read_event(event_id(key))
        if event is not None and event.cancelled:
            raise CannotTell("the meeting was booked and has been deleted in Calendar since")
        return None if event is None else _receipt(event, "read back")

    async def undo(self, params: BookMeeting, ports: Ports, key: str, receipt: Receipt) -> None:
        if not receipt.external_id:
            raise Rejected("which event it was is not known: delete it in Calendar")
        event = await ports.calendar.read_event(receipt.external_id)
        if event is None or event.cancelled:
            return
        if changed := _difference(params.meeting(), event.meeting):
            raise Rejected(f"the meeting was changed in Calendar since: {changed}")
        await ports.calendar.cancel_event(receipt.external_id)


@dataclass(frozen=True)
class PostPrep(Step[BookMeeting]):
    name: str = "post_prep"
    service: str = "slack"
    sends: bool = False
    reversible: bool = False
    single_use: bool = False
    """It is a word to the owner alone, who knows of the undo."""

    async def check(
        self, params: BookMeeting, ports: Ports, key: str, done: Receipts, *, first: bool
    ) -> Receipt | None:
        if not params.prep.strip():
            return Receipt("", "there was nothing to prepare")
        await ports.messenger.dm(params.owner)
        return None

    async def send(self, params: BookMeeting, ports: Ports, key: str, done: Receipts) -> Receipt:
        return await send_post(ports, params.prep, channel=await ports.messenger.dm(params.owner), key=key)

    async def find(self, params: BookMeeting, ports: Ports, key: str, done: Receipts) -> Receipt | None:
        return await find_post(ports, channel=await ports.messenger.dm(params.owner), key=key)

    async def undo(self, params: BookMeeting, ports: Ports, key: str, receipt: Receipt) -> None:
        await take_back_post(ports, receipt)


def event_id(key: str) -> str:
    """The calendar takes 5 to 1024 of a-v and 0-9; a key is hexadecimal. A new approval gets a new id."""
    return f"c{key}"


def _receipt(event: EventNow, known_by: str) -> Receipt:
    return Receipt(event.event_id, known_by, {"link": event.link} if event.link else {})


def _difference(booked: Meeting, now: Meeting) -> str:
    changed = []
    if (now.start, now.end) != (booked.start, booked.end):
        changed.append(f"it is at {now.start:%d %b, %H:%M}")
    if now.title != booked.title:
        changed.append(f"it is called “{now.title}”")
    if sorted(map(str.lower, now.attendees)) != sorted(map(str.lower, booked.attendees)):
        changed.append("other people are invited")
    return "; ".join(changed)


BOOK_MEETING = Action(
    kind="book_meeting",
    params=BookMeeting,
    plan=plan,
    steps=(CreateEvent(), PostPrep()),
    words=Words(
        title="Book this meeting",
        submit="Book",
        promise="The invitation leaves {hold} s after you press Book. The card has Undo, afterwards as well: "
        "it cancels the meeting and tells those invited, if nobody has moved it by then.",
        done="booked",
        place="Calendar",
        thing="meeting",
    ),
)
