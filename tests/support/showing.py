"""Values to show: a card, a score and a note around any text, and every state that a card can be in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.aps import Reason, Score
from core.card import Card, CardState
from core.note import Note

NOW = datetime(2026, 11, 24, 9, 52, tzinfo=UTC)
MOVE = str(UUID(int=7))
OWNER = "U0CASEY"

#: What a reader of the notification learns about each state.
SPOKEN = {
    CardState.OPEN: "waits for your decision",
    CardState.SNOOZED: "snoozed",
    CardState.HELD: "held",
    CardState.WORKING: "on its way",
    CardState.WAITING: "waiting",
    CardState.UNCERTAIN: "uncertain",
    CardState.NEEDS_HUMAN: "needs your eyes",
    CardState.BLOCKED: "blocked",
    CardState.DONE: "done",
    CardState.DISMISSED: "dismissed",
    CardState.EXPIRED: "expired",
    CardState.RETIRED: "retired",
}


def score_of(text: str) -> Score:
    parts = (("base", 0), ("revenue", 31), ("urgency", 24), ("effort", 13), ("strategic", 14), ("learned", 4))
    return Score(aps=86, reasons=tuple(Reason(part=part, text=text, points=points) for part, points in parts))


def card_of(text: str, state: CardState = CardState.OPEN) -> Card:
    """A card on which everything that comes from outside is this text."""
    return Card(
        move_id=MOVE,
        revision=1,
        state=state,
        owner=OWNER,
        title=f"Reply to {text}",
        why=text,
        score=score_of(text),
        due_at=NOW + timedelta(hours=2),
        effort_minutes=4,
        zone="Europe/London",
        at=NOW,
        context=(text, text),
        by=OWNER,
        until=NOW + timedelta(seconds=30),
        reason=text,
        outcome="reply",
    )


def decided_by_nobody(card: Card) -> Card:
    """The same card where the name of who decided is an outsider's text as well."""
    return replace(card, by=card.why or None, outcome=card.why or None)


def notes_of(text: str) -> list[Note]:
    reply = {"who": text, "said": text, "first": "yes", "before": "50", "after": "54", "counts": text}
    return [
        Note("reply", reply),
        Note("reply", {**reply, "after": "50"}),
        Note("reply", {**reply, "first": ""}),
        Note("automatic_reply", {"who": text, "said": text}),
        Note("declined", {"reason": text, "said": text}),
        Note("nothing_to_do", {"why": text}),
        Note("already_decided", {"state": "approved", "by": text}),
    ]
