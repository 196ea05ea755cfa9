"""Many approved plans at once on PostgreSQL, each for a person, a company and a deal of its own, and the world around them."""

import asyncio
import dataclasses
import random
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from core import approval, effect_rows
from core.actions.book_meeting import BookMeeting
from core.actions.send_email import SendEmail
from core.actions.update_deal import UpdateDeal
from core.effect import State
from core.identity import new_id
from core.ports import DealNow, Ports
from core.tables import effects, moves, people, recommendations, signals
from core.watched import WatchedDeal
from tests.support.factories import HOLD, OWNER
from tests.support.fake_outside import FakeCalendar, FakeDeals
from tests.support.rig import Rig

VALUES = {"stage": "presentationscheduled", "amount": "48000", "close_date": "2027-03-01", "next_step": "Send the plan"}
KEEPER = "77"
AT_ONCE = 8


@dataclass
class Approved:
    """`change` is what happens between the approval and the execution; plans of different slots never meet in time."""

    action: str
    change: str
    slot: int = 0
    number: str = field(default_factory=lambda: secrets.token_hex(6))
    move: UUID = field(default_factory=new_id)
    steps: list[UUID] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"c{self.number}.example"

    @property
    def to(self) -> tuple[str, str]:
        return f"dana@{self.domain}", f"tomas@{self.domain}"

    @property
    def company(self) -> str:
        return f"Company {self.number}"

    @property
    def deal(self) -> str:
        return f"deal-{self.number}"

    @property
    def last(self) -> UUID:
        """The effect that does the work: the mail, the event, the change."""
        return self.steps[1] if self.action == "send_email" else self.steps[0]


@dataclass
class Plans(Rig):
    """`mailbox`, `deals` and `calendar` are what is outside."""

    deals: FakeDeals = field(default_factory=FakeDeals)
    calendar: FakeCalendar = field(default_factory=FakeCalendar)

    def ports(self) -> Ports:
        return dataclasses.replace(super().ports(), crm=self.deals, calendar=self.calendar)

    def params(self, plan: Approved) -> dict[str, Any]:
        made: SendEmail | BookMeeting | UpdateDeal
        match plan.action:
            case "send_email":
                made = SendEmail(
                    to=plan.to, subject=f"Your stand {plan.number}", body="Hello Dana,\n\nshall we talk?\n"
                )
            case "book_meeting":
                hour = self.clock.now.replace(minute=0, second=0, microsecond=0)
                start = hour + timedelta(days=3 + 3 * plan.slot)
                made = BookMeeting(title=f"Your stand {plan.number}", start=start, attendees=plan.to, owner=OWNER)
            case _:
                after = {name: f"{value}1" for name, value in VALUES.items()}
                made = UpdateDeal(deal_id=plan.deal, deal_name=plan.company, before=VALUES, **after)
        return made.model_dump(mode="json")

    async def approve(self, plans: Sequence[Approved]) -> None:
        """Proposed as signals would, many rows at a time; each then approved as a press would."""
        now = self.clock.now
        rows = [self._rows(plan) for plan in plans]
        async with self.database.begin() as db:
            for table in (people, signals, recommendations, moves):
                await db.execute(insert(table), [row[table.name] for row in rows])
        async with self.database.begin() as db:
            for plan in plans:
                given = self.params(plan)
                plan.steps = await approval.approve(db, move=plan.move, params=given, by=OWNER, hold=HOLD, now=now)

    def _rows(self, plan: Approved) -> dict[str, dict[str, Any]]:
        now, mine = self.clock.now, {"workspace_id": self.database.workspace}
        person, signal, recommendation = new_id(), new_id(), new_id()
        self.deals.deals[plan.deal] = DealNow(plan.deal, plan.company, VALUES, KEEPER)
        watched = WatchedDeal(id=plan.deal, name=plan.company, stage=VALUES["stage"], owner=KEEPER)
        named = {"email": plan.to[0], "name": "Dana", "company": plan.company, "account": plan.company.casefold()}
        came = {"source": "forms", "kind": "form_submitted", "dedup_key": plan.number, "state": "proposed"}
        said = {"rule": "r", "purpose": "answer_inquiry", "title": "Reply", "why": "Wrote to you", "context": []}
        stands = {"state": "open", "aps": 50, "revision": 1, "shown_revision": 1, "owner": OWNER}
        due = {"due_at": now + timedelta(hours=2), "created_at": now}
        return {
            "people": {**mine, "id": person, **named, "created_at": now},
            "signals": {**mine, "id": signal, **came, "payload": {}, "occurred_at": now, "received_at": now},
            "recommendations": {
                **mine,
                "id": recommendation,
                "signal_id": signal,
                "person_id": person,
                "action": plan.action,
                "params": self.params(plan),
                "facts": {"waiting_since": now.isoformat(), "due_at": (now + timedelta(hours=2)).isoformat()},
                "watched": [watched.model_dump()],
                **said,
                **due,
            },
            "moves": {
                **mine,
                "id": plan.move,
                "recommendation_id": recommendation,
                "person_id": person,
                "purpose": said["purpose"],
                "updated_at": now,
                **stands,
                **due,
            },
        }

    async def work(self, *, besides: Collection[UUID] = ()) -> None:
        """Workers beside each other do all that is due."""
        while True:
            async with self.database.begin() as db:
                due = [id for id in await effect_rows.due(db, self.clock.now, limit=500) if id not in besides]
            if not due:
                return
            waiting = iter(due)

            async def worker(runner: Any, waiting: Any = waiting) -> None:
                for id in waiting:
                    await runner.run(id)

            await asyncio.gather(*(worker(self.another_runner()) for _ in range(AT_ONCE)))

    async def execute(self, dice: random.Random) -> None:
        """The hold passes, and perhaps some hours more."""
        self.clock.advance(HOLD + timedelta(minutes=dice.randrange(0, 180)))
        await self.work()

    async def stand(self, plans: Sequence[Approved]) -> dict[UUID, tuple[str, str, State]]:
        """By move: its state, its note, and the state of the effect that does the work."""
        last = {plan.last: plan.move for plan in plans}
        statement = select(effects.c.id, effects.c.state, moves.c.state, moves.c.note).join(
            moves, (moves.c.id == effects.c.move_id) & (moves.c.workspace_id == effects.c.workspace_id)
        )
        async with self.database.begin() as db:
            rows = (await db.execute(statement.where(effects.c.id.in_(last)))).all()
        return {last[row[0]]: (row[2], row[3] or "", State(row[1])) for row in rows}

    def left(self, plan: Approved) -> int:
        """How often the plan's work was done outside."""
        mails = sum(1 for sent in self.mailbox.outbox if plan.to[0] in sent.mail.to)
        meetings = sum(1 for event in self.calendar.events if plan.to[0] in event.meeting.attendees)
        return mails + meetings + sum(1 for id, _ in self.deals.changed if id == plan.deal)

    def forget(self) -> None:
        """What is outside is empty again: the next plans have nothing to do with the last."""
        for kept in (self.mailbox.drafts, self.mailbox.outbox, self.mailbox.asked, self.calendar.events):
            kept.clear()
        self.calendar.taken.clear()
        self.deals.deals.clear()
        self.deals.changed.clear()
