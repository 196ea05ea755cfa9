"""What happens to recommendations, as events: noted within a transaction, emitted once it is committed, never otherwise."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit_entry import Entry, What

_NOTED = "telemetry_noted"


class Event(StrEnum):
    """Names are added, never changed: dashboards rely on them."""

    RECOMMENDATION_GENERATED = "recommendation_generated"
    RECOMMENDATION_VIEWED = "recommendation_viewed"
    RECOMMENDATION_ACCEPTED = "recommendation_accepted"
    RECOMMENDATION_DISMISSED = "recommendation_dismissed"
    RECOMMENDATION_SNOOZED = "recommendation_snoozed"
    ACTION_EXECUTED = "action_executed"
    ACTION_FAILED = "action_failed"
    ACTION_UNDONE = "action_undone"
    OUTCOME_RECORDED = "outcome_recorded"
    DIGEST_POSTED = "digest_posted"
    GUARDRAIL_BLOCKED = "guardrail_blocked"


@dataclass(frozen=True)
class Happened:
    """`of` is a word of ours: the rule, the reason, the outcome or the guardrail; never what a person wrote."""

    event: Event
    move: UUID | None = None
    of: str = ""


_FAILED = "refused", "dropped", "needs_human"
_EVENTS = {
    What.PROPOSED: Event.RECOMMENDATION_GENERATED,
    What.APPROVED: Event.RECOMMENDATION_ACCEPTED,
    What.DISMISSED: Event.RECOMMENDATION_DISMISSED,
    What.SNOOZED: Event.RECOMMENDATION_SNOOZED,
    What.DONE: Event.ACTION_EXECUTED,
    **{What(what): Event.ACTION_FAILED for what in _FAILED},
    What.UNDONE: Event.ACTION_UNDONE,
    What.OUTCOME: Event.OUTCOME_RECORDED,
    What.BLOCKED: Event.GUARDRAIL_BLOCKED,
}
_SAID_IS_OURS = frozenset({What.DISMISSED, What.OUTCOME})
"""Where what an audit entry says is a word from a list of ours."""


def of_entry(entry: Entry) -> Happened | None:
    """What an entry in the audit is for telemetry; None for most."""
    event = _EVENTS.get(entry.what)
    if event is None:
        return None
    if event is Event.ACTION_FAILED:
        return Happened(event, entry.move, str(entry.what))
    return Happened(event, entry.move, entry.said if entry.what in _SAID_IS_OURS else entry.grounds)


def note(db: AsyncConnection, happened: Happened | None) -> None:
    """Keeps it until this transaction is committed; None is passed over."""
    if happened is None:
        return
    transaction = db.sync_connection.get_transaction() if db.sync_connection else None
    assert transaction is not None
    # The connection's own store outlives a transaction: what one noted that was rolled back must not reach the next.
    of, noted = db.info.get(_NOTED, (None, []))
    if of is not transaction:
        noted = []
        db.info[_NOTED] = (transaction, noted)
    noted.append(happened)


def taken(db: AsyncConnection) -> list[Happened]:
    """What was noted in this transaction, which is about to be committed."""
    of, noted = db.info.pop(_NOTED, (None, []))
    return noted if db.sync_connection and of is db.sync_connection.get_transaction() else []
