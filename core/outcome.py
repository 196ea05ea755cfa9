"""Outcomes: what came of a move. They enter as signals, are tied to the move that earned them, and teach the score."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from core import address, audit, bounce, learning, person, queue, scoring
from core.actions.registry import ACTIONS
from core.aps import Facts
from core.audit import Entry, What
from core.database import Db
from core.draft import one_line
from core.effect_rows import POST_NOTE, tell
from core.identity import new_id
from core.mail.intent import intent_of
from core.mail.reply import own_words
from core.ports import IncomingMail
from core.tables import effects, moves, outcomes, people, recommendations

REPLY_WITHIN = timedelta(days=7)
"""A mail without a reply for this long counts as unanswered, provisionally: a later reply still turns it."""


_WRITING = [action.kind for action in ACTIONS.values() if any(step.sends for step in action.steps)]
"""Actions by which a person hears from us."""
_EXPECT_REPLY = [action.kind for action in ACTIONS.values() if action.expects_reply]


@dataclass(frozen=True)
class Earned:
    """The move that a reply answers."""

    move: UUID
    recommendation: UUID
    person: UUID
    owner: str
    title: str
    facts: Facts
    workspace: UUID


async def move_of_thread(db: Db, thread_id: str) -> Earned | None:
    """The move whose mail started or continued this mail thread."""
    statement = (
        select(moves, recommendations.c.title, recommendations.c.facts)
        .join(effects, (effects.c.move_id == moves.c.id) & (effects.c.workspace_id == moves.c.workspace_id))
        .join(
            recommendations,
            (recommendations.c.id == moves.c.recommendation_id)
            & (recommendations.c.workspace_id == moves.c.workspace_id),
        )
        .where(
            effects.c.receipt["detail"]["thread_id"].astext == thread_id,
            effects.c.approval_id.is_not(None),
            effects.c.state == "applied",
        )
        .order_by(effects.c.created_at.desc())
        .limit(1)
    )
    row = (await db.execute(statement)).one_or_none()
    if row is None:
        return None
    return Earned(
        row.id,
        row.recommendation_id,
        row.person_id,
        row.owner,
        row.title,
        Facts.model_validate(row.facts),
        row.workspace_id,
    )


async def retire_letters(
    db: Db, person_id: UUID, *, reason: str, now: datetime, besides: Collection[UUID] = ()
) -> None:
    """Takes the undecided moves that would write to this person off the list, but for those in `besides`.

    One that is approved at this very moment is left: the guardrails stop it before it leaves.
    """
    for move in await queue.open_for_person(db, person_id, actions=_WRITING):
        if move not in besides:
            with suppress(queue.AlreadyDecided):
                await queue.retire(db, move, reason=reason, now=now)


async def record_reply(db: Db, earned: Earned, mail: IncomingMail, *, signal: UUID, now: datetime) -> bool:
    """A person answered: outcome, a word in the thread, no further mail to them, and scores of similar moves.

    False when this move's reply was recorded before (a second mail of theirs is still told in the thread).
    """
    email = (await db.execute(select(people.c.email).where(people.c.id == earned.person))).scalar_one()
    await person.hold(db, [email])
    left_alone = await _left_alone(db, earned, email, mail, now)
    before = (await scoring.score_now(db, earned.facts, now)).score.aps
    turned = await _drop_provisional(db, earned)
    first = await _insert(db, earned, kind="reply", rule="same mail thread", signal=signal, at=mail.at)
    woken = await queue.wake_by_reply(db, earned.person, now=now)
    replied = func.greatest(func.coalesce(people.c.replied_at, mail.at), mail.at)
    await db.execute(update(people).where(people.c.id == earned.person).values(replied_at=replied))
    if first:
        await learning.count(
            db, earned.facts.features, workspace=earned.workspace, succeeded=True, counted_as_failure=turned, now=now
        )
        reason = "they answered: read that first"
        kept = [earned.move] if left_alone else [earned.move, *woken]
        await retire_letters(db, earned.person, reason=reason, besides=kept, now=now)
    after = (await scoring.score_now(db, earned.facts, now)).score.aps
    learned = await learning.corrections_for(db, earned.facts.features)
    counts = "; ".join(f"{c.feature} {c.value}: {c.succeeded} of {c.tried} answered" for c in learned)
    note = {
        "name": "reply",
        "facts": {
            "who": await _named(db, earned, mail),
            "said": one_line(own_words(mail.text) or mail.snippet, 400),
            "before": str(before),
            "after": str(after),
            "counts": counts,
            "first": "yes" if first else "",
            "left_alone": "yes" if left_alone else "",
        },
    }
    await tell(
        db,
        workspace_id=earned.workspace,
        action=POST_NOTE,
        move=earned.move,
        params={"note": note, "thread": True},
        now=now,
        key=f"reply{signal.hex}",
    )
    await queue.touch(db, earned.move, now=now)
    if first:
        await scoring.rescore_open(db, now)
    return first


async def record_automatic(db: Db, earned: Earned, mail: IncomingMail, *, signal: UUID, now: datetime) -> None:
    """A machine answered (out of office, a receipt): told in the thread, counted as nothing."""
    if await _insert(
        db, earned, kind="automatic_reply", rule="same mail thread, sent by a machine", signal=signal, at=mail.at
    ):
        note = {
            "name": "automatic_reply",
            "facts": {
                "who": await _named(db, earned, mail),
                "said": one_line(own_words(mail.text) or mail.snippet, 200),
            },
        }
        params = {"note": note, "thread": True}
        key = f"auto{signal.hex}"
        await tell(
            db, workspace_id=earned.workspace, action=POST_NOTE, move=earned.move, params=params, now=now, key=key
        )
        await queue.touch(db, earned.move, now=now)


async def record_bounced(
    db: Db, mail: IncomingMail, earned: Earned | None, *, workspace: UUID, signal: UUID, now: datetime
) -> None:
    """A mail of ours came back: it counts against the mailbox, and an address that is surely dead gets no more."""
    email = address.parse(mail.bounced)
    if email is None:
        return
    judged = await bounce.record_bounce(
        db, workspace=workspace, email=email, status=mail.bounce_status, diagnostic=mail.bounce_reason, now=now
    )
    if earned is None:
        return
    facts = {"who": email, "why": mail.bounce_reason or mail.bounce_status, "hard": "yes" if judged.hard else ""}
    await tell(
        db,
        workspace_id=workspace,
        action=POST_NOTE,
        move=earned.move,
        params={"note": {"name": "bounced", "facts": facts}, "thread": True},
        now=now,
        key=f"bounce{signal.hex}",
    )


async def _left_alone(db: Db, earned: Earned, email: str, mail: IncomingMail, now: datetime) -> bool:
    """Whether they ask for no more mail; then there is none from this commit on."""
    own = own_words(mail.text)
    if intent_of(own, subject=mail.subject, sender=mail.sender).name != "unsubscribe":
        return False
    evidence = f"their mail of {mail.at:%d %b %Y}: {one_line(own, 200)}"
    await person.suppress(
        db,
        workspace=earned.workspace,
        email=email,
        reason="opt_out",
        evidence=evidence,
        by="reply",
        move=earned.move,
        now=now,
    )
    return True


async def record_silence(db: Db, now: datetime, *, limit: int = 100) -> int:
    """Mails that nobody answered in time become provisional outcomes; how many that were."""
    answered = (
        select(outcomes.c.id)
        .where(
            outcomes.c.workspace_id == moves.c.workspace_id,
            outcomes.c.recommendation_id == moves.c.recommendation_id,
            outcomes.c.kind.in_(["reply", "nothing_in_time"]),
        )
        .exists()
    )
    silent = (
        select(moves, recommendations.c.title, recommendations.c.facts)
        .join(
            recommendations,
            (recommendations.c.id == moves.c.recommendation_id)
            & (recommendations.c.workspace_id == moves.c.workspace_id),
        )
        .where(
            moves.c.state == "done",
            moves.c.decided_at <= now - REPLY_WITHIN,
            recommendations.c.action.in_(_EXPECT_REPLY),
            ~answered,
        )
        .order_by(moves.c.id)
        .limit(limit)
        .with_for_update(of=moves, key_share=True, skip_locked=True)
    )
    rows = (await db.execute(silent)).all()
    for row in rows:
        facts = Facts.model_validate(row.facts)
        earned = Earned(row.id, row.recommendation_id, row.person_id, row.owner, row.title, facts, row.workspace_id)
        if await _insert(db, earned, kind="nothing_in_time", rule="no reply in 7 days", signal=None, at=now):
            await learning.count(
                db, facts.features, workspace=row.workspace_id, succeeded=False, counted_as_failure=False, now=now
            )
            await queue.touch(db, row.id, now=now)
    return len(rows)


async def _named(db: Db, earned: Earned, mail: IncomingMail) -> str:
    """`Dana Whitfield (dana@northpier.example)`; the address alone when somebody else answered, or has no name."""
    row = (await db.execute(select(people.c.name, people.c.email).where(people.c.id == earned.person))).one()
    return f"{row.name} ({mail.sender})" if row.name and row.email == mail.sender else mail.sender


async def _insert(db: Db, earned: Earned, *, kind: str, rule: str, signal: UUID | None, at: datetime) -> bool:
    statement = insert(outcomes).values(
        workspace_id=earned.workspace,
        id=new_id(),
        recommendation_id=earned.recommendation,
        signal_id=signal,
        kind=kind,
        rule=rule,
        provisional=kind == "nothing_in_time",
        at=at,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["workspace_id", "recommendation_id", "kind"])
    fresh = (await db.execute(statement.returning(outcomes.c.id))).first() is not None
    if fresh:
        audit.note(db, Entry(what=What.OUTCOME, move=earned.move, grounds=rule, said=kind), now=at)
    return fresh


async def _drop_provisional(db: Db, earned: Earned) -> bool:
    """Whether a silence had been counted; it counts no longer."""
    mine = outcomes.c.recommendation_id == earned.recommendation, outcomes.c.kind == "nothing_in_time"
    flipped = update(outcomes).where(*mine, outcomes.c.provisional).values(provisional=False).returning(outcomes.c.id)
    return (await db.execute(flipped)).first() is not None
