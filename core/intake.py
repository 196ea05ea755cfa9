"""From a stored signal to a move in the queue, or to a reason for none: facts, playbook, guardrails, score, one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from core import address, execution, person, queue, scoring, workspace
from core.database import Db
from core.draft import one_line
from core.identity import new_id
from core.inquiry import Inquiry
from core.playbook import PLAYS, Declined, PlayFacts, Proposal
from core.ports import CrmRecord
from core.signal import StoredSignal, settle
from core.tables import recommendations


class NoOwner(Exception):
    """Nobody is set to get this signal's move; the signal waits until somebody is."""


@dataclass(frozen=True)
class CrmAnswer:
    """What the CRM said about the person before the transaction began; `problem` when it could not be asked."""

    record: CrmRecord | None = None
    problem: str | None = None


async def take_in(db: Db, signal: StoredSignal, crm: CrmAnswer, *, workspace_id: UUID, now: datetime) -> UUID | None:
    """Settles a form signal; the telling effect (a card, or a note that says why there is none) to run next.

    None when another worker settled it first. Raises NoOwner.
    """
    inquiry = Inquiry.model_validate(signal.payload)
    settings = await workspace.settings(db)
    owner = inquiry.owner or settings.default_owner
    if owner is None:
        raise NoOwner
    play = next(play for play in PLAYS if play.signal == signal.kind)
    email = address.parse(inquiry.email)
    who: UUID | None = None
    if email is not None:
        name, company = one_line(inquiry.name, 200), one_line(inquiry.company, 200)
        who = await person.upsert(db, workspace=workspace_id, email=email, name=name, company=company, now=now)
    if email is not None and crm.record is not None and crm.record.unsubscribed:
        # What the CRM knows binds every later plan as well, whoever it is proposed for.
        evidence = "unsubscribed in HubSpot"
        await person.suppress(
            db, workspace=workspace_id, email=email, reason="opt_out", evidence=evidence, by="hubspot", now=now
        )
    suppressed = await person.suppression(db, email) if email is not None else None
    live = await queue.live_for(db, who, play.purpose) if who is not None else None
    facts = PlayFacts(
        now=now,
        received_at=signal.received_at,
        voice=settings.voice,
        suppressed=str(suppressed) if suppressed else None,
        live_move=str(live.id) if live is not None else None,
        crm=crm.record,
        crm_problem=crm.problem,
    )
    result = play.propose(inquiry, facts)
    if isinstance(result, Declined) or who is None:
        assert isinstance(result, Declined), "a play proposes only for an address that can be written to"
        return await _decline(db, signal, result, owner=owner, live=live, workspace_id=workspace_id, now=now)
    return await _propose(db, signal, result, owner=owner, who=who, workspace_id=workspace_id, now=now)


async def _propose(
    db: Db, signal: StoredSignal, proposal: Proposal, *, owner: str, who: UUID, workspace_id: UUID, now: datetime
) -> UUID | None:
    if not await settle(db, signal.id, state="proposed", note=proposal.rule):
        return None
    recommendation = new_id()
    await db.execute(
        insert(recommendations).values(
            workspace_id=workspace_id,
            id=recommendation,
            signal_id=signal.id,
            person_id=who,
            rule=proposal.rule,
            purpose=proposal.purpose,
            action=proposal.action,
            params=proposal.params.model_dump(mode="json"),
            title=proposal.title,
            why=proposal.why,
            context=list(proposal.context),
            facts=proposal.facts.model_dump(mode="json"),
            due_at=proposal.due_at,
            created_at=now,
        )
    )
    receipt = await scoring.score_now(db, proposal.facts, now)
    move = await queue.add(
        db,
        workspace_id=workspace_id,
        recommendation=recommendation,
        owner=owner,
        aps=receipt.score.aps,
        person_id=who,
        purpose=proposal.purpose,
        due_at=proposal.due_at,
        now=now,
    )
    return await execution.tell(
        db,
        workspace_id=workspace_id,
        action=execution.POST_CARD,
        move=move,
        params={"owner": owner},
        now=now,
        key=f"card{move.hex}",
    )


async def _decline(
    db: Db, signal: StoredSignal, declined: Declined, *, owner: str, live: Any, workspace_id: UUID, now: datetime
) -> UUID | None:
    if not await settle(db, signal.id, state="declined", note=declined.code):
        return None
    return await _note(db, signal, declined, owner=owner, live=live, workspace_id=workspace_id, now=now)


async def _note(
    db: Db, signal: StoredSignal, declined: Declined, *, owner: str, live: Any, workspace_id: UUID, now: datetime
) -> UUID | None:
    """Says why there is no new move: in the thread of the move that stands for it, else to the owner."""
    said = one_line(str(signal.payload.get("message", "")), 200)
    note = {"name": "declined", "facts": {"reason": declined.reason, "code": declined.code, "said": said}}
    return await execution.tell(
        db,
        workspace_id=workspace_id,
        action=execution.POST_NOTE,
        move=live.id if live is not None else None,
        params={"note": note, "owner": owner, "thread": live is not None},
        now=now,
        key=f"declined{signal.id.hex}",
    )
