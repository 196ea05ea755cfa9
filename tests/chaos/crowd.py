"""The people of a mixed run: each fills in a form and has what it proposes executed, by what Slack shows alone."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp

from tests.chaos.environment import OWNERS
from tests.chaos.seen import Entry, Seen

MAIL, TASK, MEETING, POST, DEAL = "send_email", "create_task", "book_meeting", "post_to_channel", "update_deal"
CARD = {MAIL: "Reply to", TASK: "Call", MEETING: "Meet", POST: "Tell #wins:", DEAL: "Update"}
EDITED = {MAIL: "subject", TASK: "subject", MEETING: "title", POST: "text", DEAL: "next_step"}
"""Of each kind of work, the input that the person changes before they approve."""
PERSONS = ((TASK, MAIL),) * 5 + ((POST, MAIL),) * 3 + ((MEETING,),) * 4
"""Twelve people make twenty executions: 40 % mail, 25 % task, 20 % meeting, 15 % Slack post."""
AGAIN_S = 0.25
MODAL_S = 2.0
ENDS = ("done", "needs your eyes")


@dataclass
class Execution:
    """One card that is executed: what was acknowledged, and how it ended by what Slack says."""

    name: str
    email: str
    kind: str
    accepted: bool = False
    approved: bool = False
    ended: str = ""
    ts: str = ""
    """Of its card."""
    late: bool = False
    """It ended when the person had given up waiting."""
    waited_for: str = ""
    began: float = 0.0
    stages_s: dict[str, float] = field(default_factory=dict)
    """Seconds from the form on until it was accepted, its card was there, it was approved, and it ended."""

    def reached(self, stage: str) -> None:
        self.stages_s[stage] = time.monotonic() - self.began


class NeverHappened(Exception):
    """A person waited in vain."""


class Crowd:
    def __init__(self, http: aiohttp.ClientSession, url: str, seed: int, *, patience_s: float) -> None:
        self._http = http
        self._url = url
        self._patience_s = patience_s
        self._numbers = itertools.count(1)
        self._screens = {owner: asyncio.Lock() for owner in OWNERS.values()}  # one modal at a time and person
        self._mix = _mixed(random.Random(seed))
        self._times = meeting_times()
        self.seen = Seen(http, url)
        self.all: list[Execution] = []

    async def control(self, path: str, body: Entry) -> Entry:
        async with self._http.post(f"{self._url}/control/{path}", json=body) as answer:
            said: Entry = await answer.json()
            return said if answer.status < 400 else {"acked": False, "refused": said}

    def next_person(self) -> str:
        return f"Person N{next(self._numbers):05d}"

    async def live(self, kinds: tuple[str, ...] = (), name: str = "") -> None:
        """One person, from the form to the end of all that they are about."""
        name, kinds = name or self.next_person(), kinds or next(self._mix)
        number = int(name[-5:])
        form = "customers" if {POST, DEAL} & set(kinds) else ("contact", "fairs")[number % 2]
        began = time.monotonic()
        mine = [Execution(name, f"n{number:05d}@northpier.example", kind, began=began) for kind in kinds]
        self.all += mine
        if form == "customers":
            await self.control("deal", {"contact": mine[0].email, "name": f"Deal of {name}", "amount": 9000})
        try:
            await self._fill_form(mine, form, number)
        except NeverHappened as what:
            mine[0].waited_for = str(what)
            return
        await asyncio.gather(*(self._execute(one, OWNERS[form]) for one in mine))

    async def _fill_form(self, mine: list[Execution], form: str, number: int) -> None:
        """The sender repeats a submission, under the same id, until it is accepted."""
        one, kinds = mine[0], {execution.kind for execution in mine}
        message = "We want to exhibit."
        if MEETING in kinds:
            message += f" Could we have a call on {next(self._times)}?"
        fields = {"name": one.name, "email": one.email, "company": "Northpier", "message": message}
        if TASK in kinds:
            fields["phone"] = f"+44 20 7946 {number:05d}"
        if DEAL in kinds:
            fields["budget"] = "12500"
        body = {"form": form, "fields": fields, "submission_id": f"chaos-{number}"}
        deadline = time.monotonic() + self._patience_s
        while time.monotonic() < deadline:
            answer = await self.control("form", body)
            if any(said["status"] == 202 for said in answer.get("answers", [])):
                for each in mine:
                    each.accepted = True
                    each.reached("accepted")
                return
            await asyncio.sleep(AGAIN_S)
        raise NeverHappened(f"an acknowledgement for the form of {one.name}")

    async def _execute(self, one: Execution, owner: str) -> None:
        try:
            ts, move = await self._card(one)
            one.ts = ts
            one.reached("card")
            await self._approve(one, owner, ts, move)
            one.reached("approved")
            one.ended = await self._end(one, ts)
            one.reached("ended")
        except NeverHappened as what:
            one.waited_for = str(what)

    async def _card(self, one: Execution) -> tuple[str, str]:
        """The card for this work, or for the mail that is proposed in a meeting's place when the calendar was silent.

        What needs the CRM is not proposed at all when that was silent: then the person's other card says so.
        """

        def offered() -> tuple[str, tuple[str, str]] | None:
            mail = self.seen.proposed.get((CARD[MAIL], one.name))
            if card := self.seen.proposed.get((CARD[one.kind], one.name)):
                return one.kind, card
            if mail and one.kind == MEETING:
                return MAIL, mail
            if mail and mail[0] in self.seen.without_crm:
                raise NeverHappened(f"a card to {one.kind} for {one.name}: HubSpot could not be asked")
            return None

        one.kind, card = await self._until(offered, f"a card to {one.kind} for {one.name}", self._patience_s)
        return card

    async def _approve(self, one: Execution, owner: str, ts: str, move: str) -> None:
        deadline = time.monotonic() + self._patience_s
        while not one.approved:
            if time.monotonic() > deadline:
                raise NeverHappened(f"an acknowledgement of {one.name}'s {one.kind}")
            async with self._screens[owner]:
                before = self.seen.views.get(move)
                where = {"user": owner, "channel": f"D0{owner[2:]}", "ts": ts, "action_id": "move_execute"}
                if (await self.control("press", where)).get("refused") and self._decided(ts):
                    one.approved = True  # the submission got through, its acknowledgement did not
                    return
                try:
                    view = await self._until(partial(self._newer, move, before), "the modal", MODAL_S)
                except NeverHappened:
                    continue  # pressed, but the modal never came: press again
                values = {EDITED[one.kind]: {"input": edited(one)}}
                for _ in range(3):
                    answer = await self.control("submit", {"user": owner, "view_id": view, "values": values})
                    one.approved = bool(answer.get("acked"))
                    if one.approved or "refused" in answer:
                        break
                    await asyncio.sleep(AGAIN_S)
                await self.control("close", {"user": owner, "view_id": view})
            await asyncio.sleep(0 if one.approved else AGAIN_S)

    def _decided(self, ts: str) -> bool:
        return any(word in self.seen.texts.get(ts, "") for word in ("held", "on its way", *ENDS))

    def _newer(self, move: str, before: str | None) -> str | None:
        view = self.seen.views.get(move)
        return view if view != before else None

    async def _end(self, one: Execution, ts: str) -> str:
        """What the card says at last: done, that it needs eyes, or that it is open again."""
        shown = self.seen.changes.get(ts, 0)

        def ended() -> str | None:
            text = self.seen.texts.get(ts, "")
            if self.seen.changes.get(ts, 0) > shown and "waits for your decision" in text:
                return "open"
            return next((word for word in ENDS if word in text), None)

        said: str = await self._until(ended, f"the end of {one.name}'s {one.kind}", self._patience_s)
        return said

    def look_again(self) -> None:
        """Once everything is settled: who gave up waiting looks at their card once more."""
        for one in self.all:
            text = self.seen.texts.get(one.ts, "")
            if one.waited_for and one.approved and (said := next((word for word in ENDS if word in text), None)):
                one.ended, one.waited_for, one.late = said, "", True

    async def _until(self, true: Callable[[], Any], what: str, wait_s: float) -> Any:
        deadline = time.monotonic() + wait_s
        while not (found := true()):
            if time.monotonic() > deadline:
                raise NeverHappened(what)
            await asyncio.sleep(0.05)
        return found


def edited(one: Execution) -> str:
    """What the person writes into the form before they approve: it must be what leaves."""
    return f"For {one.name}" if one.kind != POST else f"Tell them: {one.name} wrote"


def _mixed(rng: random.Random) -> Iterator[tuple[str, ...]]:
    while True:
        persons = list(PERSONS)
        rng.shuffle(persons)
        yield from persons


def meeting_times() -> Iterator[str]:
    """Each person names a time of their own, in the months to come."""
    first = datetime.now(UTC) + timedelta(days=10)
    for day in itertools.count():
        for half_hour in range(15, 43):  # 7:30 to 21:00
            hour, minute = half_hour // 2, half_hour % 2 * 30
            if (hour, minute) not in {(9, 30), (13, 0), (13, 30)}:
                yield f"{first + timedelta(days=day):%d %B} at {hour}:{minute:02d}"
