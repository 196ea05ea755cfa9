"""The same story twice, on PostgreSQL and in memory: both agree on every effect and on all that was asked of the mailbox."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core import approval, undoing
from core.actions.send_email import SendEmail
from core.database import Database
from core.effect import State
from core.ports import Unavailable
from core.queue import AlreadyDecided
from core.tables import moves
from tests.support import factories
from tests.support.clock import HandClock
from tests.support.factories import HOLD, OWNER
from tests.support.fake_mailbox import Answer, FakeMailbox, Killed
from tests.support.memory_effects import DRAFT, SENDING, MemoryEffects, Move, TooLate
from tests.support.rig import TIMING, Rig, rigged

SEEDS = range(12)
MOVES = 6
STEPS = 120
EDITED = {"subject": "Changed by hand"}
SPANS = [timedelta(seconds=s) for s in (1, 2, 5, 7, 26, 30, 40, 150, 150)]
ANSWERS = (
    [answer for answer in Answer if answer is not Answer.APPLIED] + [Answer.APPLIED] * 3 + [Answer.LOST_REQUEST] * 2
)


class OnPostgres:
    """One side: the domain's own store and runner."""

    def __init__(self, rig: Rig, ids: list[UUID]) -> None:
        self.rig, self.ids, self.mailbox, self.clock = rig, ids, rig.mailbox, rig.clock

    async def approve(self, move: int) -> None:
        await self.rig.approved(move=self.ids[move])

    async def undo(self, move: int) -> None:
        async with self.rig.database.begin() as db:
            await undoing.undo(db, move=self.ids[move], by=OWNER, now=self.clock.now)

    async def decide(self, move: int, choice: str) -> None:
        async with self.rig.database.begin() as db:
            await approval.decide(db, move=self.ids[move], choice=choice, by=OWNER, now=self.clock.now)

    async def pause(self) -> None:
        await self.rig.pause()

    async def resume(self) -> None:
        await self.rig.resume()

    async def work(self, move: int) -> None:
        for row in await self._rows(move):
            await self.rig.another_runner().run(row.id)

    async def _rows(self, move: int):
        # Ids grow with time, so that plans come in the order of their approvals.
        return sorted(await factories.effects_of(self.rig.database, self.ids[move]), key=lambda row: row.id)

    async def shows(self) -> list[object]:
        async with self.rig.database.begin() as db:
            states = {row.id: row.state for row in await db.execute(select(moves.c.id, moves.c.state))}
        kept = []
        for number, id in enumerate(self.ids):
            rows = [(r.state, r.attempt, r.fence, r.due_at, r.horizon_until) for r in await self._rows(number)]
            kept.append((states[id], rows))
        return kept


class InMemory:
    """The other side: the pure state machine and lists."""

    def __init__(self, mailbox: FakeMailbox, clock: HandClock, mails: list[SendEmail]) -> None:
        self.mailbox, self.clock = mailbox, clock
        self.store = MemoryEffects(mailbox, clock, TIMING)
        self.store.moves = [Move(mail) for mail in mails]

    async def approve(self, move: int) -> None:
        self.store.approve(self.store.moves[move], hold=HOLD)

    async def undo(self, move: int) -> None:
        self.store.undo(self.store.moves[move])

    async def decide(self, move: int, choice: str) -> None:
        self.store.decide(self.store.moves[move], choice)

    async def pause(self) -> None:
        self.store.paused = True

    async def resume(self) -> None:
        self.store.resume()

    async def work(self, move: int) -> None:
        chosen = self.store.moves[move]
        for plan in list(chosen.plans):
            for step in (DRAFT, SENDING):
                await self.store.run(chosen, plan, step)

    async def shows(self) -> list[object]:
        return [
            (
                move.state,
                [
                    (str(e.state), e.attempt, e.fence, e.due_at, e.horizon_until)
                    for plan in move.plans
                    for e in plan.effects
                ],
            )
            for move in self.store.moves
        ]


Side = OnPostgres | InMemory
Act = Callable[[Side], Awaitable[object]]


def an_act(dice: random.Random) -> tuple[str, Act]:
    """What happens next, by name, on either side."""
    move = dice.randrange(MOVES)
    kind = dice.choices(
        [
            "work",
            "clock",
            "approve",
            "undo",
            "decide",
            "meanwhile undo",
            "overtaken",
            "by hand",
            "pause",
            "resume",
            "down",
        ],
        weights=[50, 18, 10, 10, 8, 4, 4, 3, 1, 4, 3],
    )[0]
    answer, span, choice = dice.choice(ANSWERS), dice.choice(SPANS), dice.choice(["sent", "again", "drop"])
    hand = dice.choice(["edit", "remove", "send_by_hand"])

    async def act(side: Side) -> object:
        side.mailbox.answers = [answer]
        match kind:
            case "clock":
                return side.clock.advance(span)
            case "approve":
                return await side.approve(move)
            case "undo":
                return await side.undo(move)
            case "decide":
                return await side.decide(move, choice)
            case "pause":
                return await side.pause()
            case "resume":
                return await side.resume()
            case "by hand":
                return by_hand(side.mailbox, hand)
            case "meanwhile undo":
                side.mailbox.before_change = lambda: told(side.undo(move))
            case "overtaken":
                side.mailbox.before_change = lambda: overtaken(side, move)
            case "down":
                side.mailbox.reads_fail = Unavailable("the mailbox is down", retry_after=timedelta(seconds=5))
        return await side.work(move)

    return f"{kind} {move} {answer} {span} {choice} {hand}", act


def by_hand(mailbox: FakeMailbox, what: str) -> None:
    if mailbox.drafts:
        draft = mailbox.drafts[0].id
        if what == "edit":
            mailbox.edit(draft, **EDITED)
        else:
            getattr(mailbox, what)(draft)


async def overtaken(side: Side, move: int) -> None:
    """The lease runs out while the request is under way, and another worker comes by."""
    side.clock.advance(TIMING.lease)
    await told(side.work(move))


async def told(doing: Awaitable[object]) -> str:
    """What a person or a supervisor would see of it."""
    try:
        await doing
    except (undoing.TooLate, AlreadyDecided, TooLate):
        return "refused"
    except Killed:
        return "killed"
    return "done"


def asked(mailbox: FakeMailbox) -> list[str]:
    """All requests; the keys of drafts are each side's own, so they are left out."""
    return [one.split()[0] if one.startswith("create") else one for one in mailbox.asked]


async def prepared(database: Database, clock: HandClock) -> tuple[OnPostgres, InMemory]:
    rig = await rigged(database, clock, cap=1000)
    ids = [await factories.proposed(database, now=clock.now) for _ in range(MOVES)]
    mails = []
    for id in ids:
        async with database.begin() as db:
            _, params = await approval.proposed(db, id)
        mails.append(SendEmail.model_validate(params))
    other = HandClock()
    other.now = clock.now
    return OnPostgres(rig, ids), InMemory(FakeMailbox(other), other, mails)


@pytest.mark.parametrize("seed", SEEDS)
async def test_both_stores_tell_the_same_story(database, clock, seed):
    dice = random.Random(seed)
    ours, theirs = await prepared(database, clock)
    story: list[str] = []
    for _ in range(STEPS):
        name, act = an_act(dice)
        story.append(name)
        outcome = [await told(act(side)) for side in (ours, theirs)]
        for side in (ours, theirs):
            side.mailbox.before_change = side.mailbox.reads_fail = None
        shown = await ours.shows()
        assert outcome[0] == outcome[1], story
        assert shown == await theirs.shows(), story
        assert asked(ours.mailbox) == asked(theirs.mailbox), story
        assert [m.mail for m in ours.mailbox.outbox] == [m.mail for m in theirs.mailbox.outbox], story
    no_mail_is_doubled_but_on_a_persons_word(theirs, story)


def no_mail_is_doubled_but_on_a_persons_word(side: InMemory, story: list[str]) -> None:
    for move in side.store.moves:
        mails = [sent for sent in side.mailbox.outbox if sent.mail.to == move.params.to]
        if not any("decide" in one or "by hand" in one for one in story):
            assert len(mails) <= 1, story


async def test_these_stories_go_through_every_state_a_mail_can_have():
    mail = SendEmail(to=("dana@northpier.example",), subject="Hello", body="Hello")
    seen = set()
    for seed in SEEDS:
        clock = HandClock()
        side, dice = InMemory(FakeMailbox(clock), clock, [mail] * MOVES), random.Random(seed)
        for _ in range(STEPS):
            await told(an_act(dice)[1](side))
            side.mailbox.before_change = side.mailbox.reads_fail = None
            seen |= {state for _, rows in await side.shows() for state, *_ in rows}
    # A draft's deletion is never refused here but by chance, and then it is the end of it.
    assert seen >= {str(state) for state in State} - {"cannot_undo"}
