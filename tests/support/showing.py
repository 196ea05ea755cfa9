"""Values to show: a card, a score and a note around any text, and every state that a card can be in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from core.actions.registry import ACTIONS
from core.aps import Reason, Score
from core.card import Card, CardState
from core.digest import MOST, Digest, Kind, Report
from core.digest_settings import DigestSettings
from core.guardrails import GuardFacts, Overview
from core.home import PAGE, Came, Chosen, Feed, Home
from core.note import Note
from core.plan import Action
from core.switched import Switch, Turned
from core.tables import HOME_TABS

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
    CardState.TAKING_BACK: "taking it back",
    CardState.DONE: "done",
    CardState.DISMISSED: "dismissed",
    CardState.EXPIRED: "expired",
    CardState.RETIRED: "retired",
    CardState.HANDED_OVER: "handed over",
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
        note=text,
        undoable=True,
    )


def digest_of(text: str, states: Sequence[CardState] = (CardState.OPEN,), *, kind: Kind = "morning") -> Digest:
    """A whole list, all of it shown, with a move in each of these states, about people and facts of this text."""
    cards = tuple(
        replace(card_of(text, states[n % len(states)]), move_id=str(UUID(int=n + 1)), dry_run_by=OWNER)
        for n in range(MOST)
    )
    report = Report(
        worth=MOST,
        beyond=3,
        minutes=25,
        since=date(2026, 11, 20),
        done=dict.fromkeys(ACTIONS, 2),
        outcomes={"reply": 1},
        kept=2,
        expired=1,
        retired=1,
    )
    return Digest(str(UUID(int=99)), OWNER, date(2026, 11, 24), kind, report, cards, expanded=True)


def homes_of(text: str) -> list[Home]:
    """App Home on each of its tabs, as full as a page can be."""
    paused = Turned(paused=True, by=text, reason=text, at=NOW)
    going = Turned(paused=False, by=text, reason="", at=NOW)
    facts = GuardFacts(now=NOW, zone="Europe/London", recipients=(), valid_recipients=(), owner=OWNER, paused_by=text)
    cards = digest_of(text, list(CardState)).cards
    return [
        Home(
            user=OWNER,
            known=True,
            zone="Europe/London",
            at=NOW,
            tab=tab,
            first=11,
            older=True,
            counts={"today": 100_000, "under_way": 3},
            under_way={"held": 2, "uncertain": 1},
            switch=Switch(paused if number % 2 else going, going, {OWNER: OWNER, "": OWNER}),
            cards=cards if tab in {"today", "under_way", "snoozed", "done"} else (),
            outcomes=tuple(Came(text, text, NOW) for _ in range(PAGE)) if tab == "outcomes" else (),
            chosen=Chosen(
                DigestSettings(holidays="DE-BE"),
                own=True,
                guardrails=Overview(facts),
                mailbox=Feed(NOW, NOW, text),
            )
            if tab == "settings"
            else None,
        )
        for number, tab in enumerate(HOME_TABS)
    ]


def plans_of(text: str) -> list[tuple[Action[Any], BaseModel]]:
    """Every kind of action with a plan on which all that comes from outside is this text, as far as a draft holds it."""
    kept = text.replace("\0", "")[:50_000] or "-"
    line, short, dana = kept[:200], kept[:2500], "dana@northpier.example"
    deal = {"before": {"stage": line, "amount": "5", "close_date": "2026-11-27", "next_step": line}}
    params: dict[str, dict[str, Any]] = {
        "send_email": {"to": (dana,), "subject": line, "body": kept},
        "reply_in_thread": {"to": (dana,), "subject": line, "body": kept, "thread_id": "t1", "in_reply_to": line},
        "create_task": {"subject": line, "body": kept[:20_000], "due_at": NOW, "contact_id": line},
        "book_meeting": {
            "title": line, "start": NOW, "attendees": (dana,), "description": kept[:8000], "prep": short, "owner": OWNER
        },
        "update_deal": {"deal_id": "3002", "deal_name": kept, "amount": "7.50", "next_step": kept, **deal},
        "post_to_channel": {"channel": "C0WINS", "channel_name": kept, "text": short},
    }  # fmt: skip
    return [(action, action.params.model_validate(params[kind])) for kind, action in ACTIONS.items()]


def decided_by_nobody(card: Card) -> Card:
    """The same card where the name of who decided is an outsider's text as well."""
    return replace(card, by=card.why or None, outcome=card.why or None)


def notes_of(text: str) -> list[Note]:
    reply = {"who": text, "said": text, "first": "yes", "before": "50", "after": "54", "counts": text}
    return [
        Note("reply", reply),
        Note("reply", {**reply, "after": "50"}),
        Note("reply", {**reply, "first": ""}),
        Note("reply", {**reply, "left_alone": "yes"}),
        Note("bounced", {"who": text, "why": text, "hard": "yes"}),
        Note("post", {"text": text}),
        Note("automatic_reply", {"who": text, "said": text}),
        Note("handed_over", {"title": text, "to": text}),
        Note("handed_to_you", {"by": text, "why": text}),
        Note("declined", {"reason": text, "said": text}),
        Note("nothing_to_do", {"why": text}),
        Note("already_decided", {"state": "approved", "by": text}),
    ]
