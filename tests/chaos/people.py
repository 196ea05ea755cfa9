"""The people of a chaos run: they fill in forms, press, press again when Slack shows an error, and wait.

Everything they know they learn as a person would: from what the sandbox shows. What they did is kept for the judge.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from tests.chaos import works
from tests.chaos.crowd import EDITED, POST
from tests.chaos.misfortune import FAULTS, LATE_S, STORIES, leading_to
from tests.chaos.seen import Entry, Seen

CASEY, DM = "U0CASEY", "D0CASEY"
PATIENCE_S = 150.0
AGAIN_S = 0.3


class NeverHappened(Exception):
    """A person waited in vain."""


@dataclass
class Person:
    """One story: who, what became of their card, and what was acknowledged."""

    name: str
    email: str
    story: str
    submission: str
    number: int
    accepted: int = 0
    """How many submissions of theirs were answered with 202."""
    approved: bool = False
    replied: bool = False
    waited_for: str = ""
    """What never came; empty when the story came to its end."""

    @property
    def odd(self) -> bool:
        return self.number % 2 == 1

    @property
    def kind(self) -> str:
        return works.kind_of(self.story)


class People:
    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        snoozes_end: Callable[[str], Any],
        *,
        faults: bool,
        patience_s: float,
    ) -> None:
        self._http = http
        self._url = url
        self._snoozes_end = snoozes_end
        self._patience_s = patience_s
        self._faults = itertools.cycle(FAULTS) if faults else None
        self.wanted: Callable[[], Iterable[str]] = tuple
        """The points at which processes wait to die: stories and faults that lead there come first."""
        self._numbers = itertools.count(1)
        self._switch = asyncio.Lock()  # one pause at a time
        self._casey = asyncio.Lock()  # Casey has one screen: modals one after the other
        self.seen = Seen(http, url)
        self.all: list[Person] = []

    async def control(self, path: str, body: Entry) -> Entry:
        async with self._http.post(f"{self._url}/control/{path}", json=body) as answer:
            said: Entry = await answer.json()
            return said if answer.status < 400 else {"acked": False, "refused": said, "error": "refused"}

    async def until(self, true: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + self._patience_s
        while not (found := true()):
            if time.monotonic() > deadline:
                raise NeverHappened(what)
            await asyncio.sleep(0.05)
        return found

    async def live(self) -> None:
        """One person's whole story."""
        number = next(self._numbers)
        name = f"Person N{number:05d}"
        story = STORIES[number % len(STORIES)]
        if number % 3 and (leading := sorted({story for story, _ in map(leading_to, self.wanted())})):
            story = leading[number // 2 % len(leading)]  # whether a number is odd decides on something else
        person = Person(name, f"n{number:05d}@northpier.example", story, f"chaos-{number}", number)
        self.all.append(person)
        if person.story in {"snooze", "deal", "announce"}:  # somebody whom the CRM knows, with an open deal
            await self.control("deal", {"contact": person.email, "name": f"Deal of {name}", "amount": 9000})
        try:
            await self._fill_form(person, person.submission)
            if person.story in works.WORKS:
                await works.work(self, person)
                return
            ts, move = await self.until(lambda: self.seen.cards.get(name), f"a card for {name}")
            await getattr(self, f"_{person.story}")(person, ts, move)
        except NeverHappened as what:
            person.waited_for = str(what)

    async def _fill_form(self, person: Person, submission: str) -> None:
        """The sender repeats a submission, under the same id, until it is accepted."""
        form, said = works.form_of(person.story, person.number)
        fields = {"name": person.name, "email": person.email, "company": "Northpier", **said}
        body = {"form": form, "fields": fields, "submission_id": submission}
        while True:
            answer = await self.control("form", body)
            if any(one["status"] == 202 for one in answer.get("answers", [])):
                person.accepted += 1
                return
            await asyncio.sleep(AGAIN_S)

    async def press(self, ts: str, action_id: str, done: Callable[[], bool], **more: str) -> None:
        """Presses until Slack shows no error, or the button has gone because it worked."""
        while not done():
            answer = await self.control(
                "press", {"user": CASEY, "channel": DM, "ts": ts, "action_id": action_id, **more}
            )
            if answer.get("acked"):
                return
            await asyncio.sleep(AGAIN_S)

    def says(self, ts: str, *states: str) -> Callable[[], bool]:
        return lambda: any(state in self.seen.texts.get(ts, "") for state in states)

    async def approve(self, person: Person, ts: str, move: str) -> None:
        async with self._casey:
            while not person.approved:
                before = self.seen.views.get(move)
                await self.press(ts, "move_execute", lambda: False)
                try:
                    async with asyncio.timeout(2):
                        view = await self.until(partial(self._newer, move, before), "the modal")
                except TimeoutError:
                    continue  # acknowledged, but the modal never came: press again
                words = f"For {person.name}" if person.kind != POST else f"Tell them: {person.name} wrote"
                values = {EDITED[person.kind]: {"input": words}}
                while not person.approved:
                    answer = await self.control("submit", {"user": CASEY, "view_id": view, "values": values})
                    person.approved = bool(answer.get("acked"))
                    if "refused" in answer:
                        break  # the modal is gone: open it again
                    if not person.approved:
                        await asyncio.sleep(AGAIN_S)
                await self.control("close", {"user": CASEY, "view_id": view})

    def _newer(self, move: str, before: str | None) -> str | None:
        view = self.seen.views.get(move)
        return view if view != before else None

    async def _send(self, person: Person, ts: str, move: str) -> None:
        await self.approve(person, ts, move)
        await self._answer_mail(person, ts)

    async def _answer_mail(self, person: Person, ts: str) -> None:
        await self.until(lambda: person.email in self.seen.mailed, f"the mail to {person.email}")
        await self.control("reply", {"to": person.email, "text": "Yes, send me the plan."})
        person.replied = True
        await self.until(lambda: any(person.email in note for note in self.seen.notes), f"a note about {person.name}")
        await self.until(self.says(ts, "they replied"), f"the outcome on the card of {person.name}")

    async def _unlucky(self, person: Person, ts: str, move: str) -> None:
        """Sent, while somebody's request goes wrong."""
        if self._faults is not None:
            wanted = {method for _, method in map(leading_to, self.wanted())} - {None}
            planned = [next(self._faults) for _ in FAULTS]
            await self.plant(*next((fault for fault in planned if fault[0][1] in wanted), planned[0]))
            next(self._faults)
        await self._send(person, ts, move)

    async def plant(self, *faults: tuple[str, str, str]) -> None:
        for service, method, kind in faults:
            await self.control("fault", {"service": service, "method": method, "kind": kind, "seconds": LATE_S})

    async def _undo(self, person: Person, ts: str, move: str) -> None:
        await self.approve(person, ts, move)
        await self.until(self.says(ts, "held", "done"), f"held for {person.name}")
        if self._faults is not None and person.odd:
            await self.plant(("gmail", "drafts.delete", "lose_answer"))
        await self.press(ts, "move_undo", self.says(ts, "waits for your decision", "done"))
        await self.until(self.says(ts, "waits for your decision", "done"), f"an end for {person.name}")

    async def _pause(self, person: Person, ts: str, move: str) -> None:
        """Everything is stopped before the approval or during the hold; the card says so; then all goes on."""
        async with self._switch:
            if person.odd:
                await self._command("pause chaos")
            await self.approve(person, ts, move)
            if not person.odd:
                await self._command("pause chaos")
            await self.until(self.says(ts, "blocked", "done"), f"blocked for {person.name}")
            await self._command("resume")
        await self._answer_mail(person, ts)

    async def _deleted(self, person: Person, ts: str, move: str) -> None:
        """Somebody deletes the draft during the hold: then nothing leaves."""
        await self.approve(person, ts, move)
        await self.until(self.says(ts, "held", "done"), f"held for {person.name}")
        await self._delete_draft(person, ts)

    async def _unsure(self, person: Person, ts: str, move: str) -> None:
        """A request is lost and the draft deleted meanwhile: only a person can say what happened."""
        if self._faults is not None:
            await self.plant(("gmail", "drafts.send", "lose_request"))
        await self.approve(person, ts, move)
        await self.until(self.says(ts, "uncertain", "done"), f"uncertain for {person.name}")
        await self._delete_draft(person, ts)

    async def _delete_draft(self, person: Person, ts: str) -> None:
        """Where it was leaving at that moment, the card asks what happened."""
        id = await self.until(lambda: self.seen.drafts.get(person.email), f"the draft of {person.name}")
        await self.control("draft", {"id": id, "delete": True})
        ended, asked = self.says(ts, "waits for your decision", "done"), self.says(ts, "your eyes")
        await self.until(lambda: ended() or asked(), f"an end for {person.name}")
        if asked():
            await self.press(ts, "move_says_again" if person.odd else "move_says_drop", lambda: not asked())
            await self.until(ended, f"an end for {person.name}")

    async def _snooze(self, person: Person, ts: str, move: str) -> None:
        """The same person asks again meanwhile, which is told in the thread."""
        await self.press(ts, "move_snooze", self.says(ts, "snoozed"), option="two_hours")
        await self.until(self.says(ts, "snoozed"), f"snoozed for {person.name}")
        await self._fill_form(person, f"{person.submission}-again")
        await self._snoozes_end(move)
        await self.until(self.says(ts, "waits for your decision"), f"woken for {person.name}")

    async def _dismiss(self, person: Person, ts: str, move: str) -> None:
        await self.press(ts, "move_dismiss", self.says(ts, "did it myself"), option="did_it_myself")
        await self.until(self.says(ts, "did it myself"), f"dismissed for {person.name}")

    async def _race(self, person: Person, ts: str, move: str) -> None:
        """Two presses at once: one is told that the other was first."""
        state = self.says(ts, "Bad timing")
        await asyncio.gather(
            self.press(ts, "move_dismiss", state, option="bad_timing"),
            self.press(ts, "move_dismiss", state, option="bad_timing"),
        )
        await self.until(state, f"decided for {person.name}")

    async def _ask(self, person: Person, ts: str, move: str) -> None:
        """Commands, some over HTTP because the socket broke, App Home, the Why modal; and Gmail forgets its history."""
        await self.control("fault", {"service": "slack", "kind": "drop_socket"})
        for text in ("", f"why {move}", "why 1", "help"):
            await self._command(text)
        await self.control("gmail", {"expire_history": True})
        await self.control("open_home", {"user": CASEY})
        async with self._casey:
            await self.press(ts, "move_more", lambda: False, option="why")
            await asyncio.sleep(0.2)
            async with self._http.get(f"{self._url}/control/slack?user={CASEY}") as answer:
                for view in (await answer.json())["views"]:
                    await self.control("close", {"user": CASEY, "view_id": view["id"]})
        await self._dismiss(person, ts, move)

    async def _command(self, text: str) -> None:
        """Types it again until Slack shows no error."""
        asked = {"user": CASEY, "channel": DM, "command": "/moves", "text": text}
        while True:
            if (await self.control("command", asked)).get("acked"):
                return
            await asyncio.sleep(AGAIN_S)
