"""What tests need in the database before their story begins: a workspace, and moves that went through no Slack."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from core import approval, effect_rows, person, queue, signal, workspace
from core.actions.send_email import SendEmail
from core.aps import Facts
from core.database import Database
from core.identity import new_id
from core.inquiry import FORM_SUBMITTED, Inquiry
from core.playbook import ANSWER_INQUIRY
from core.signal import Signal
from core.tables import effects, moves, recommendations
from core.workspace import WorkspaceSettings

OWNER = "U0CASEY"
OTHER = "U0ORLA"
HOLD = timedelta(seconds=30)


def address(name: str = "dana") -> str:
    """An address that no other test has."""
    return f"{name}.{secrets.token_hex(4)}@northpier.example"


async def furnished(database: Database, *, now: datetime, cap: int = 40, zone: str = "UTC") -> None:
    """The workspace with its switch, its cap and its owner."""
    async with database.begin() as db:
        settings = WorkspaceSettings(default_owner=OWNER, daily_mail_cap=cap)
        await workspace.ensure(db, id=database.workspace, name="test", settings=settings, now=now)
        await workspace.ensure_member(
            db, workspace=database.workspace, user=OWNER, name="Casey Morgan", zone=zone, now=now
        )


async def proposed(
    database: Database,
    *,
    now: datetime,
    email: str | None = None,
    owner: str = OWNER,
    score: int = 50,
    purpose: str = ANSWER_INQUIRY,
    interest: str = "none",
) -> UUID:
    """An open move: a mail to `email`, as if a form had proposed it."""
    to = email or address()
    async with database.begin() as db:
        who = await person.upsert(
            db, workspace=database.workspace, email=to, name="Dana Whitfield", company="Northpier Freight", now=now
        )
        inquiry = Inquiry(form="contact", name="Dana Whitfield", email=to, message="Hello there")
        seen = Signal("forms", FORM_SUBMITTED, secrets.token_hex(8), inquiry.model_dump(mode="json"), now)
        stored = await signal.store(db, seen, workspace=database.workspace, now=now)
        assert stored is not None
        await signal.settle(db, stored, state="proposed")
        params = SendEmail(to=(to,), subject="Your message", body="Hello Dana,\n\nshall we talk?\n")
        facts = Facts(waiting_since=now, due_at=now + timedelta(hours=2), features={"interest": interest})
        recommendation = new_id()
        await db.execute(
            insert(recommendations).values(
                workspace_id=database.workspace,
                id=recommendation,
                signal_id=stored,
                person_id=who,
                rule="form_inquiry",
                purpose=purpose,
                action="send_email",
                params=params.model_dump(mode="json"),
                title="Reply to Dana Whitfield, Northpier Freight",
                why="Wrote to you. The draft is ready.",
                context=[],
                facts=facts.model_dump(mode="json"),
                due_at=now + timedelta(hours=2),
                created_at=now,
            )
        )
        return await queue.add(
            db,
            workspace_id=database.workspace,
            recommendation=recommendation,
            owner=owner,
            aps=score,
            person_id=who,
            purpose=purpose,
            due_at=now + timedelta(hours=2),
            now=now,
        )


@dataclass(frozen=True)
class Approved:
    """An approved move and its two effects."""

    move: UUID
    draft: UUID
    sending: UUID


async def approved(
    database: Database, *, now: datetime, move: UUID | None = None, hold: timedelta = HOLD, by: str = OWNER, **of: Any
) -> Approved:
    """A move whose plan was approved as proposed; `of` is for `proposed`."""
    chosen = move or await proposed(database, now=now, **of)
    async with database.begin() as db:
        _, params = await approval.proposed(db, chosen)
        draft, sending = await approval.approve(db, move=chosen, params=params, by=by, hold=hold, now=now)
    return Approved(chosen, draft, sending)


async def the_effect(database: Database, id: UUID) -> effect_rows.EffectRow:
    async with database.begin() as db:
        row = await effect_rows.lock(db, id)
    assert row is not None
    return row


async def the_move(database: Database, id: UUID) -> Any:
    async with database.begin() as db:
        return (await db.execute(select(moves).where(moves.c.id == id))).one()


async def effects_of(database: Database, move: UUID) -> list[Any]:
    """All effects that belong to the move's approvals, oldest approval first."""
    statement = select(effects).where(effects.c.move_id == move, effects.c.approval_id.is_not(None))
    async with database.begin() as db:
        return list((await db.execute(statement.order_by(effects.c.created_at, effects.c.id))).all())
