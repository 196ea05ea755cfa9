"""Every crash point of every step, under every fault, with one worker and with two: the cells of `caseyos chaos --cells`."""

import asyncio
import itertools
import random
import sys
import time
from collections import deque
from collections.abc import Coroutine, MutableSequence, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.chaos.crowd import DEAL, MAIL, MEETING, POST, TASK, Crowd
from tests.chaos.environment import Wired, wired
from tests.chaos.http_wire import Asked, Chances, text_of
from tests.chaos.judge_mix import MixVerdict, judge_mix
from tests.chaos.mixed import settled, start_again
from tests.chaos.victim import ROOT

LANES = 6
TRIES = 3
PATIENCE_S = 90.0
QUIET = Chances(unclear=0, twice=0, cut=0, delayed=0)
WORKERS = (1, 2)


@dataclass(frozen=True)
class StepOf:
    """A step, the person who leads there, the request it makes, and how its crash points are called."""

    kind: str
    step: str
    method: str | None
    signs: tuple[str, ...]


STEPS = (
    StepOf(MAIL, "send_email/0", "drafts.create", ("send_email/0", ":CreateDraft.")),
    StepOf(MAIL, "send_email/1", "drafts.send", ("send_email/1", ":SendDraft.")),
    StepOf(TASK, "create_task/0", "tasks.batch_upsert", ("create_task/0", ":MakeTask.")),
    StepOf(TASK, "create_task/1", None, ("create_task/1", ":TieTask.")),
    StepOf(MEETING, "book_meeting/0", "events.insert", ("book_meeting/0", ":CreateEvent.")),
    StepOf(MEETING, "book_meeting/1", "chat.postMessage", ("book_meeting/1", ":PostPrep.")),
    StepOf(DEAL, "update_deal/0", "objects.update", ("update_deal/0", ":ChangeDeal.")),
    StepOf(POST, "post_to_channel/0", "chat.postMessage", ("post_to_channel/0", ":PostMessage.")),
    StepOf(POST, "post_card", "chat.postMessage", (":PostCard.",)),
)
NONE, LOSES, LANDS = "none", ("lose_request",), ("lose_answer", "error", "slow")
ANY_FAULT = (NONE, "lose_answer", "lose_request", "late", "error", "slow", "unavailable")
LEADS_TO = (
    ("conversations.open", ()),  # asked once in a life: `--each` dies there
    ("me/profile", ()),
    ("send_email/1 approved", ("unavailable",)),  # what was held is approved again when it was turned away
    ("book_meeting/0 approved", ("rate_limit",)),
    ("undo", ()),
    ("Undo", ()),
    ("Refused", ()),
    ("CannotTell", ()),
    ("CannotReadNow", ()),
    ("WorkerLost", (NONE,)),
    ("/messages core.actions.send_email:CreateDraft.find", (*LOSES, "late")),  # only where no draft is found
    ("SendDraft._sent", (*LANDS, "late")),  # only where the draft is gone
    ("NotFound", (*LOSES, "late")),
    ("Found", LANDS),
    (".find", ("lose_answer", "lose_request", "late", "error", "slow")),
    ("unknown", ("lose_answer", "lose_request", "late", "error", "slow")),
    ("Unclear", ("lose_answer", "lose_request", "late", "error", "slow")),
    ("absent", LOSES),
    ("Unavailable", ("unavailable",)),
    (" armed", (NONE,)),
    ("blocked", ()),
    ("applied", ()),
    ("PostMessage.send after", (NONE, "lose_request", "unavailable")),
    ("PostPrep.send after", (NONE, "lose_request", "unavailable")),
    ("PostCard.send after", (NONE, "lose_request", "unavailable")),
    (".send after", (NONE, "lose_request", "error", "unavailable")),
    (" Applied", (NONE, "lose_request", "unavailable")),
)
"""Which faults lead to a point by what its name says; the first that fits counts. Whatever is left lies on the way of all."""


@dataclass(frozen=True)
class Cell:
    of: StepOf
    point: str
    fault: str
    workers: int

    def __str__(self) -> str:
        return f"{self.point} | {self.of.step} | {self.fault} | {self.workers} worker{'s' * (self.workers > 1)}"


def cells(points: Sequence[str]) -> list[Cell]:
    """All of them, in an order that is always the same."""
    found = []
    for of, workers in itertools.product(STEPS, WORKERS):
        for point in points:
            if not point.startswith("worker ") or not any(sign in point for sign in of.signs):
                continue
            faults = next((faults for sign, faults in LEADS_TO if sign in point), ANY_FAULT)
            found += [Cell(of, point, fault, workers) for fault in faults if fault == NONE or of.method is not None]
    return found


def sample(all_cells: Sequence[Cell], number: int, seed: int) -> list[Cell]:
    """Some of them, each step and each fault among them where there is room."""
    rng = random.Random(seed)
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in all_cells:
        groups.setdefault((cell.of.step, cell.fault), []).append(cell)
    turns = [deque(rng.sample(group, len(group))) for group in rng.sample(list(groups.values()), len(groups))]
    chosen: list[Cell] = []
    while len(chosen) < number and any(turns):
        chosen += [turn.popleft() for turn in turns if turn]
    return chosen[:number]


@dataclass
class CellReport:
    verdict: MixVerdict = field(default_factory=MixVerdict)
    met: list[Cell] = field(default_factory=list)
    not_met: list[Cell] = field(default_factory=list)
    kills: int = 0
    lives: int = 0

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.verdict.needs_human and not self.not_met

    def as_json(self) -> dict[str, object]:
        verdict = self.verdict
        return {
            "cells": len(self.met) + len(self.not_met),
            "passed": len(self.met) if verdict.clean else 0,
            "not_met": [str(cell) for cell in self.not_met],
            "lost": len(verdict.lost),
            "doubled": len(verdict.doubled),
            "unexplained": len(verdict.unexplained),
            "needs_human": verdict.needs_human,
            "leftover_drafts": verdict.leftover_drafts,
            "kills": self.kills,
            "lives": self.lives,
        }


def play_cells(
    folder: Path, chosen: Sequence[Cell], *, seed: int = 1, tree: Path = ROOT, lanes: int = LANES
) -> CellReport:
    """Plays each cell: one person, whose effect meets the fault, and whose worker dies at the point. Main thread only."""
    report = CellReport()
    for workers in WORKERS:
        mine = [cell for cell in chosen if cell.workers == workers]
        if mine:
            place = folder / f"{workers}"
            place.mkdir(mode=0o755)
            with wired(place, seed=seed, workers=workers, tree=tree, chances=QUIET, hooked=True) as environment:
                marks = place / "marks"
                marks.write_text("")
                for victim in environment.victims:
                    victim.deaths_at = marks
                asyncio.run(_Lanes(environment, marks, report).play(mine, lanes))
    return report


class _Lanes:
    def __init__(self, environment: Wired, marks: Path, report: CellReport) -> None:
        self._environment = environment
        self._marks = marks
        self._met = marks.with_suffix(".met")
        self._report = report
        self._waiting: dict[str, Cell] = {}
        """By the person's name, what is to strike them."""
        self._struck: set[str] = set()

    async def play(self, chosen: Sequence[Cell], lanes: int) -> None:
        place = self._environment
        for victim in place.victims:
            place.links[victim.name].chosen_fault = self._fault
            victim.start()
        place.ask("member", {"channel": "C0WINS", "member": True})
        left = deque(chosen)
        async with aiohttp.ClientSession() as http:
            self._crowd = Crowd(http, place.sandbox, 1, patience_s=PATIENCE_S)
            helpers = [
                asyncio.create_task(self._crowd.seen.read_forever()),
                asyncio.create_task(start_again(place)),
            ]
            missed: deque[Cell] = deque()
            await _played([self._lane(left, missed) for _ in range(lanes)], helpers)
            # What only a worker meets that lives on for seconds is played again where nobody else's cell kills it.
            await _played([self._lane(missed, self._report.not_met)], helpers)
            _, due = await settled(place, time.monotonic())
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        verdict = await judge_mix(
            sandbox=place.sandbox,
            database_url=place.database_url,
            executions=self._crowd.all,
            doubled_on_the_wire=[],
            long_stops=[],
        )
        if due:
            verdict.unexplained.append(f"{due} things are still due")
        self._add(verdict)

    async def _lane(self, left: deque[Cell], missed: MutableSequence[Cell]) -> None:
        while left:
            cell = left.popleft()
            for _ in range(TRIES):
                person = self._crowd.next_person()
                self._waiting[person] = cell
                with self._marks.open("a") as marks:
                    marks.write(f"{cell.point}\t{person}\n")
                await self._crowd.live((cell.of.kind,), person)
                if met := f"\t{person}\n" in (self._met.read_text() if self._met.exists() else ""):
                    break
            (self._report.met if met else missed).append(cell)
            print(
                f"{time.strftime('%X')} {len(left):5} to go, {'died at' if met else 'NOT MET:'} {cell}", file=sys.stderr
            )

    def _fault(self, asked: Asked) -> str | None:
        """Each person's fault strikes once."""
        text = text_of(asked.message.body)
        for person, cell in self._waiting.items():
            if person in self._struck or cell.fault == NONE or asked.method != cell.of.method:
                continue
            email = f"n{person[-5:]}@northpier.example"
            mine = person in text or self._crowd.seen.drafts.get(email) in asked.ids
            if mine and _step_of(asked, text) in (None, cell.of.step):
                self._struck.add(person)
                return cell.fault
        return None

    def _add(self, verdict: MixVerdict) -> None:
        report, place = self._report, self._environment
        for name in ("lost", "doubled", "unexplained", "asked"):
            getattr(report.verdict, name).extend(getattr(verdict, name))
        report.verdict.needs_human += verdict.needs_human
        report.verdict.leftover_drafts += verdict.leftover_drafts
        report.kills += sum(victim.kills for victim in place.victims)
        report.lives += sum(victim.lives for victim in place.victims)


async def _played(lanes: Sequence[Coroutine[None, None, None]], helpers: Sequence[asyncio.Task[None]]) -> None:
    playing = [asyncio.create_task(lane) for lane in lanes]
    while not all(task.done() for task in playing):
        await asyncio.wait(playing, timeout=0.5)
        for task in (*playing, *helpers):
            if task.done():
                task.result()  # lets its error rise


def _step_of(asked: Asked, text: str) -> str | None:
    """Which step a post belongs to; None where the method says it."""
    if asked.method != "chat.postMessage":
        return None
    if '"key": "card' in text or '"key":"card' in text:
        return "post_card"
    return "post_to_channel/0" if "C0WINS" in asked.ids else "book_meeting/1"
