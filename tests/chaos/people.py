"""The people of a chaos run: they fill in forms, press, press again when Slack shows an error, and wait.

Everything they know they learn as a person would: from what the sandbox shows. What they did is kept for the judge.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp

CASEY, DM = "U0CASEY", "D0CASEY"
PATIENCE_S = 150.0
AGAIN_S = 0.3
LATE_S = 2.0
"""How late a request that was given up may still land; less than the shortest horizon of a run."""
STORIES = ("send", "unlucky", "undo", "unlucky", "snooze", "unlucky", "dismiss", "race", "unlucky", "ask")
"""What becomes of a card, in turn. `race`: two presses at once; `ask`: commands, App Home, the Why modal, a pause;
`unlucky`: sent, while an answer is lost."""

FAULTS = (
    ("gmail", "drafts.send", "lose_answer"),
    ("gmail", "drafts.create", "lose_answer"),
    ("slack", "chat.postMessage", "lose_answer"),
    ("gmail", "drafts.send", "lose_request"),
    ("gmail", "drafts.create", "lose_request"),
    ("slack", "chat.postMessage", "lose_request"),
    ("gmail", "drafts.send", "late"),
    ("slack", "chat.update", "lose_answer"),
    ("gmail", "drafts.send", "error"),
    ("slack", "chat.postMessage", "rate_limit"),
    ("gmail", "drafts.create", "unavailable"),
    ("slack", "chat.postMessage", "late"),
    ("gmail", "drafts.create", "late"),
    ("gmail", "history.list", "lose_answer"),
)

LEADS_TO = (
    ("/drafts/ID core.actions.send_email:CreateDraft.undo", "undo", "drafts.delete"),
    ("undo_unknown", "undo", "drafts.delete"),
    ("UndoUnclear", "undo", "drafts.delete"),
    ("UndoDone", "undo", None),
    ("send_email/0 applied", "undo", None),
    ("on_undo", "undo", None),
    ("send_email/1", "unlucky", "drafts.send"),
    ("SendDraft", "unlucky", "drafts.send"),
    ("send_email/0", "unlucky", "drafts.create"),
    ("CreateDraft.find", "unlucky", "drafts.create"),
    ("telling", "unlucky", "chat.postMessage"),
    ("poll #2", "unlucky", "history.list"),
    ("_card #2", "unlucky", "chat.update"),
    ("snooze", "snooze", None),
    ("/crm/", "snooze", None),
    ("hisper", "race", None),
    ("on_error", "race", None),
    ("on_more", "ask", None),
    ("home", "ask", None),
    ("moves:", "ask", None),
)
"""What in a point's name is reached by which story, and by a fault in which method; the first that fits counts."""

Entry = dict[str, Any]


class NeverHappened(Exception):
    """A person waited in vain."""


@dataclass
class Watcher:
    """The sandbox's ledger, read once for everybody."""

    http: aiohttp.ClientSession
    url: str
    entries: list[Entry] = field(default_factory=list)
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Person's name to (ts, move id)."""
    texts: dict[str, str] = field(default_factory=dict)
    """ts to what the message says now."""
    tops: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mailed: set[str] = field(default_factory=set)
    views: dict[str, str] = field(default_factory=dict)
    """Move id to the id of the modal that was opened for it last."""

    async def read_forever(self) -> None:
        while True:
            last = self.entries[-1]["n"] if self.entries else 0
            async with self.http.get(f"{self.url}/control/ledger?after={last}") as answer:
                for entry in (await answer.json())["entries"]:
                    self._learn(entry)
            await asyncio.sleep(0.1)

    def _learn(self, entry: Entry) -> None:
        self.entries.append(entry)
        data, method = entry["data"], entry["method"]
        if entry["kind"] != "effect":
            return
        if method in {"message_posted", "message_updated"}:
            message = data["message"]
            self.texts[data["ts"]] = message["text"]
            if method == "message_posted":
                threaded = message.get("thread_ts") not in {None, data["ts"]}
                (self.notes if threaded else self.tops).append(message["text"])
                for block in message.get("blocks", []):
                    kind, _, move = block.get("block_id", "").partition(":")
                    if kind == "move":
                        name = message["text"].removeprefix("Reply to ").partition(",")[0]
                        self.cards.setdefault(name, (data["ts"], move))
        elif method == "mail_sent":
            self.mailed.update(data["to"])
        elif method == "view_opened":
            self.views[data["view"].get("private_metadata", "")] = data["view_id"]


@dataclass
class Person:
    """One story: who, what became of their card, and what was acknowledged."""

    name: str
    email: str
    story: str
    submission: str
    odd: bool
    accepted: bool = False
    approved: bool = False
    replied: bool = False
    waited_for: str = ""
    """What never came; empty when the story came to its end."""


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
        self._patience_s = patience_s
        self._http = http
        self._url = url
        self._snoozes_end = snoozes_end
        self._faults = itertools.cycle(FAULTS) if faults else None
        self.wanted: Callable[[], Iterable[str]] = tuple
        """The points at which processes wait to die: stories and faults that lead there come first."""
        self._numbers = itertools.count(1)
        self._casey = asyncio.Lock()  # Casey has one screen: modals one after the other
        self.watcher = Watcher(http, url)
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
        if number % 3 and (leading := self._leading()):
            story, _ = leading[number % len(leading)]
        person = Person(name, f"n{number:05d}@northpier.example", story, f"chaos-{number}", number % 2 == 1)
        self.all.append(person)
        if person.story == "snooze":  # somebody whom the CRM knows, with an open deal
            await self.control("deal", {"contact": person.email, "name": f"Deal of {name}", "amount": 9000})
        try:
            await self._fill_form(person)
            ts, move = await self.until(lambda: self.watcher.cards.get(name), f"a card for {name}")
            await getattr(self, f"_{person.story}")(person, ts, move)
        except NeverHappened as what:
            person.waited_for = str(what)

    async def _fill_form(self, person: Person) -> None:
        """The sender repeats a submission, under the same id, until it is accepted."""
        fields = {"name": person.name, "email": person.email, "company": "Northpier", "message": "We want to exhibit."}
        body = {"form": "contact", "fields": fields, "submission_id": person.submission}
        while not person.accepted:
            answer = await self.control("form", body)
            person.accepted = any(one["status"] == 202 for one in answer.get("answers", []))
            if not person.accepted:
                await asyncio.sleep(AGAIN_S)

    async def _press(self, ts: str, action_id: str, done: Callable[[], bool], **more: str) -> None:
        """Presses until Slack shows no error, or the button has gone because it worked."""
        while not done():
            answer = await self.control(
                "press", {"user": CASEY, "channel": DM, "ts": ts, "action_id": action_id, **more}
            )
            if answer.get("acked"):
                return
            await asyncio.sleep(AGAIN_S)

    def _says(self, ts: str, *states: str) -> Callable[[], bool]:
        return lambda: any(state in self.watcher.texts.get(ts, "") for state in states)

    async def _approve(self, person: Person, ts: str, move: str) -> None:
        async with self._casey:
            while not person.approved:
                before = self.watcher.views.get(move)
                await self._press(ts, "move_execute", lambda: False)
                try:
                    async with asyncio.timeout(2):
                        view = await self.until(partial(self._newer, move, before), "the modal")
                except TimeoutError:
                    continue  # acknowledged, but the modal never came: press again
                values = {"subject": {"input": f"For {person.name}"}}
                while not person.approved:
                    answer = await self.control("submit", {"user": CASEY, "view_id": view, "values": values})
                    person.approved = bool(answer.get("acked"))
                    if "refused" in answer:
                        break  # the modal is gone: open it again
                    if not person.approved:
                        await asyncio.sleep(AGAIN_S)
                await self.control("close", {"user": CASEY, "view_id": view})

    def _newer(self, move: str, before: str | None) -> str | None:
        view = self.watcher.views.get(move)
        return view if view != before else None

    async def _send(self, person: Person, ts: str, move: str) -> None:
        await self._approve(person, ts, move)
        await self.until(lambda: person.email in self.watcher.mailed, f"the mail to {person.email}")
        await self.control("reply", {"to": person.email, "text": "Yes, send me the plan."})
        person.replied = True
        await self.until(
            lambda: any(person.email in note for note in self.watcher.notes), f"a note about {person.name}"
        )
        await self.until(self._says(ts, "they replied"), f"the outcome on the card of {person.name}")

    async def _unlucky(self, person: Person, ts: str, move: str) -> None:
        await self._plant_fault()
        await self._send(person, ts, move)

    def _leading(self) -> list[tuple[str, str | None]]:
        """The stories, with the faulty method, that lead to points at which processes wait to die."""
        found = set()
        for point in self.wanted():
            fitting = ((story, method) for sign, story, method in LEADS_TO if sign in point)
            found.add(next(fitting, ("send", None)))
        return sorted(found, key=str)

    async def _plant_fault(self) -> None:
        if self._faults is None:
            return
        wanted = {method for _, method in self._leading()} - {None}
        for _ in FAULTS:
            service, method, kind = next(self._faults)
            if not wanted or method in wanted:
                break
        await self.control("fault", {"service": service, "method": method, "kind": kind, "seconds": LATE_S})

    async def _undo(self, person: Person, ts: str, move: str) -> None:
        await self._approve(person, ts, move)
        await self.until(self._says(ts, "held", "done"), f"held for {person.name}")
        if self._faults is not None and person.odd:
            lost = {"service": "gmail", "method": "drafts.delete", "kind": "lose_answer"}
            await self.control("fault", lost)
        await self._press(ts, "move_undo", self._says(ts, "waits for your decision", "done"))
        await self.until(self._says(ts, "waits for your decision", "done"), f"an end for {person.name}")

    async def _snooze(self, person: Person, ts: str, move: str) -> None:
        await self._press(ts, "move_snooze", self._says(ts, "snoozed"), option="two_hours")
        await self.until(self._says(ts, "snoozed"), f"snoozed for {person.name}")
        await self._snoozes_end(move)
        await self.until(self._says(ts, "waits for your decision"), f"woken for {person.name}")

    async def _dismiss(self, person: Person, ts: str, move: str) -> None:
        await self._press(ts, "move_dismiss", self._says(ts, "did it myself"), option="did_it_myself")
        await self.until(self._says(ts, "did it myself"), f"dismissed for {person.name}")

    async def _race(self, person: Person, ts: str, move: str) -> None:
        """Two presses at once: one is told that the other was first."""
        state = self._says(ts, "snoozed", "bad timing", "Bad timing")
        await asyncio.gather(
            self._press(ts, "move_dismiss", state, option="bad_timing"),
            self._press(ts, "move_dismiss", state, option="bad_timing"),
        )
        await self.until(state, f"decided for {person.name}")

    async def _ask(self, person: Person, ts: str, move: str) -> None:
        for text in ("", f"why {move}", "why 1", "help", "pause chaos", "resume"):
            await self._command(text)
        await self.control("open_home", {"user": CASEY})
        async with self._casey:
            await self._press(ts, "move_more", lambda: False, option="why")
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
