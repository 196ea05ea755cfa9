"""What the people of the stories have done beside mails: a task, a meeting, a deal, a post, and all of it undone again."""

from collections.abc import Callable
from typing import Any, Protocol

from tests.chaos.crowd import CARD, DEAL, MAIL, MEETING, POST, TASK, meeting_times
from tests.chaos.seen import Seen

WORKS = {"task": TASK, "meeting": MEETING, "deal": DEAL, "announce": POST}
"""Which kind of work each story is about; all others are about a mail."""
FAULTED = {
    "task": ("hubspot", "tasks.batch_upsert", "objects.delete"),
    "meeting": ("calendar", "events.insert", "events.delete"),
    "deal": ("hubspot", "objects.update", "objects.update"),
    "announce": ("slack", "chat.postMessage", "chat.delete"),
}
"""Of each, the service, the method that does it and the one that takes it back."""
TURNS = (None, "lose_answer", "lose_request", None, "rate_limit")
"""What goes wrong with doing it, person after person."""
_TIMES = meeting_times()


class Living(Protocol):
    """What of `people.People` these stories need."""

    seen: Seen

    async def until(self, true: Callable[[], Any], what: str) -> Any: ...

    async def approve(self, person: Any, ts: str, move: str) -> None: ...

    async def press(self, ts: str, action_id: str, done: Callable[[], bool], **more: str) -> None: ...

    def says(self, ts: str, *states: str) -> Callable[[], bool]: ...

    async def plant(self, *faults: tuple[str, str, str]) -> None: ...


def kind_of(story: str) -> str:
    return WORKS.get(story, MAIL)


def form_of(story: str, number: int) -> tuple[str, dict[str, str]]:
    """The form that leads there, and what is filled in beside name, address and company."""
    match story:
        case "task":
            return "contact", {"message": "We want to exhibit.", "phone": f"+44 20 7946 {number:05d}"}
        case "meeting":
            return "contact", {"message": f"We want to exhibit. Could we have a call on {next(_TIMES)}?"}
        case "deal" | "announce":
            return "announced", {"message": "We want to exhibit.", "budget": "12500"}
    return "contact", {"message": "We want to exhibit."}


async def work(people: Living, person: Any) -> None:
    """The card of this work is executed; every second one takes it back then, and an answer is lost over it."""
    kind, (service, does, takes_back) = WORKS[person.story], FAULTED[person.story]
    card = CARD[kind], person.name
    ts, move = await people.until(lambda: people.seen.proposed.get(card), f"a card to {kind} for {person.name}")
    turn = person.number // len(WORKS) % len(TURNS)
    if fault := TURNS[turn]:
        await people.plant((service, does, fault))
    await people.approve(person, ts, move)
    await people.until(people.says(ts, "done"), f"{kind} for {person.name}")
    if person.odd:
        if turn == 3:
            await people.plant((service, takes_back, "lose_answer"))
        back = people.says(ts, "waits for your decision", "could not be taken back")
        await people.press(ts, "move_undo", back)
        await people.until(back, f"the undo of {kind} for {person.name}")
