"""From a stored signal to a move in the queue, or to a reason for none: facts, playbook, guardrails, score, one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert

from core import address, consent, conversation, effect_rows, marketing, person, queue, scoring, watched, workspace
from core.actions.registry import ACTIONS
from core.database import Db
from core.draft import one_line
from core.guardrails import GuardrailSettings
from core.identity import new_id
from core.inquiry import Inquiry
from core.playbook import proposals
from core.plays.answer import ANSWER_INQUIRY
from core.plays.facts import Declined, PlayFacts, Proposal
from core.ports import Busy, CrmRecord
from core.signal import StoredSignal, settle
from core.tables import recommendations

CONVERSATION = timedelta(days=30)
"""For so long after their last answer somebody is answered in the same thread."""


class NoOwner(Exception):
    """Nobody is set to get this signal's move; the signal waits until somebody is."""


@dataclass(frozen=True)
class CrmAnswer:
    """What the CRM said about the person before the transaction began; `problem` when it could not be asked."""

    record: CrmRecord | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Asked:
    """What the services said before the transaction began. `busy` is None when the calendar was not asked or silent."""

    crm: CrmAnswer = CrmAnswer()
    busy: tuple[Busy, ...] | None = None


async def take_in(db: Db, signal: StoredSignal, asked: Asked, *, workspace_id: UUID, now: datetime) -> list[UUID]:
    """Settles a form signal; the telling effects (cards, or a note that says why there is none) to run next.

    None of them when another worker settled it first. Raises NoOwner.
    """
    inquiry = Inquiry.model_validate(signal.payload)
    settings = await workspace.settings(db)
    owner = inquiry.owner or settings.default_owner
    if owner is None:
        raise NoOwner
    crm = asked.crm
    email = address.parse(inquiry.email)
    who: UUID | None = None
    if email is not None:
        name, company = one_line(inquiry.name, 200), one_line(inquiry.company, 200)
        who = await person.upsert(
            db,
            workspace=workspace_id,
            email=email,
            name=name,
            company=company,
            now=now,
            inquired_at=signal.received_at,
        )
    if email is not None and crm.record is not None and crm.record.unsubscribed:
        # What the CRM knows binds every later plan as well, whoever it is proposed for.
        evidence = "unsubscribed in HubSpot"
        await person.suppress(
            db, workspace=workspace_id, email=email, reason="opt_out", evidence=evidence, by="hubspot", now=now
        )
    suppressed = await person.suppression(db, email) if email is not None else None
    live = await queue.live_purposes(db, who) if who is not None else {}
    facts = PlayFacts(
        now=now,
        received_at=signal.received_at,
        voice=settings.voice,
        owner=owner,
        zone=(await workspace.member(db, owner)).zone,
        suppressed=str(suppressed) if suppressed else None,
        live=frozenset(live),
        crm=crm.record,
        crm_problem=crm.problem,
        busy=asked.busy,
        conversation=await conversation.newest(db, who, since=now - CONVERSATION) if who is not None else None,
    )
    proposed, declined = proposals(signal.kind, inquiry, facts)
    state = "proposed" if proposed else "declined"
    note = ", ".join(one.rule for one in proposed) or (declined.code if declined else "nothing to propose")
    if not await settle(db, signal.id, state=state, note=note):
        return []
    if who is not None and email is not None and inquiry.consent is not None:
        await consent.record_opt_in(
            db,
            workspace=workspace_id,
            person=who,
            email=email,
            by=f"form {inquiry.form}",
            wording=inquiry.consent.wording,
            at=signal.received_at,
            signal=signal.id,
        )
    told: list[UUID | None] = []
    for proposal in proposed:
        # A play proposes only for an address that can be written to.
        assert who is not None
        assert email is not None
        told.append(
            await _propose(
                db,
                signal,
                proposal,
                owner=owner,
                who=who,
                email=email,
                crm=crm.record,
                settings=settings.guardrails,
                workspace_id=workspace_id,
                now=now,
            )
        )
    if declined is not None:
        stands = live.get(ANSWER_INQUIRY)
        told.append(await _note(db, signal, declined, owner=owner, live=stands, workspace_id=workspace_id, now=now))
    return [one for one in told if one is not None]


async def _propose(
    db: Db,
    signal: StoredSignal,
    proposal: Proposal,
    *,
    owner: str,
    who: UUID,
    email: str,
    crm: CrmRecord | None,
    settings: GuardrailSettings,
    workspace_id: UUID,
    now: datetime,
) -> UUID | None:
    recommendation = new_id()
    params = marketing.with_address(proposal.params, purpose=proposal.purpose, settings=settings)
    await db.execute(
        insert(recommendations).values(
            workspace_id=workspace_id,
            id=recommendation,
            signal_id=signal.id,
            person_id=who,
            rule=proposal.rule,
            purpose=proposal.purpose,
            action=proposal.action,
            params=params.model_dump(mode="json"),
            title=proposal.title,
            why=proposal.why,
            context=list(proposal.context),
            facts=proposal.facts.model_dump(mode="json"),
            watched=watched.of_record(crm),
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
        expires_at=ACTIONS[proposal.action].plan(params).expires_at,
        rule=proposal.rule,
        title=proposal.title,
        to=(email,),
        now=now,
    )
    return await effect_rows.tell(
        db,
        workspace_id=workspace_id,
        action=effect_rows.POST_CARD,
        move=move,
        params={"owner": owner},
        now=now,
        key=f"card{move.hex}",
    )


async def _note(
    db: Db,
    signal: StoredSignal,
    declined: Declined,
    *,
    owner: str,
    live: UUID | None,
    workspace_id: UUID,
    now: datetime,
) -> UUID | None:
    """Says why there is no new move: in the thread of the move that stands for it, else to the owner."""
    said = one_line(str(signal.payload.get("message", "")), 200)
    note = {"name": "declined", "facts": {"reason": declined.reason, "code": declined.code, "said": said}}
    return await effect_rows.tell(
        db,
        workspace_id=workspace_id,
        action=effect_rows.POST_NOTE,
        move=live,
        params={"note": note, "owner": owner, "thread": live is not None},
        now=now,
        key=f"declined{signal.id.hex}",
    )
