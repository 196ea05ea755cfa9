"""Today's Moves: the day's list as one message, in which the state of each move replaces its buttons."""

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
)

from bot import ids
from bot.views import card as card_view
from bot.views.text import CONTEXT_LIMIT, clip, markdown, outside
from core.actions.registry import ACTIONS
from core.card import CardState
from core.digest import HEADLINES, Digest, Report

TITLES = {"morning": "Today's Moves", "top_up": "One more for today"}
QUIET = "Nothing is worth your time this morning. Enjoy the quiet."
TOP_UP = "It has come to rank above everything on this morning's list."
UNDECIDED = frozenset({CardState.OPEN, CardState.SNOOZED})


def render(digest: Digest) -> Sequence[Block]:
    """At most 46 blocks: Slack takes 50."""
    blocks: list[Block] = [HeaderBlock(text=TITLES[digest.kind]), _line(summary(digest))]
    if last := unanswered(digest.report):
        blocks.append(_line(last))
    dry_run = next((card.dry_run_by for card in digest.cards if card.dry_run_by is not None), None)
    if dry_run is not None:
        blocks.append(_line(card_view.dry_run_line(dry_run)))
    for number, card in enumerate(digest.shown, start=1):
        blocks += [*card_view.listed(card, number), DividerBlock()]
    more = len(digest.cards) - HEADLINES
    if more > 0:
        label = "Show the first three alone" if digest.expanded else f"Show {more} more"
        blocks.append(
            ActionsBlock(
                block_id=f"digest:{digest.digest_id}",
                elements=[ButtonElement(action_id=ids.DIGEST_MORE, text=label, value=digest.digest_id)],
            )
        )
    if digest.report.beyond and (digest.expanded or more <= 0):
        blocks.append(_line(f"and {digest.report.beyond} more in `/moves`"))
    return blocks


def text(digest: Digest) -> str:
    """What the notification shows and a screen reader says: how many, who is first, and how many are decided by now."""
    title = TITLES[digest.kind]
    if not digest.cards:
        return f"{title}: {QUIET}"
    first = digest.cards[0]
    decided = sum(card.state not in UNDECIDED for card in digest.cards)
    stands = f", {decided} decided" if decided else ""
    return clip(f"{title}: {_worth(digest)}{stands}. First: {outside(first.title, 150)} ({first.score.aps}).", 300)


def summary(digest: Digest) -> str:
    """`Monday 23 November · 3 worth your morning, about 25 min · yesterday: 4 mails sent, 2 replies`."""
    parts = [f"{digest.day:%A} {digest.day.day} {digest.day:%B}"]
    if digest.kind == "top_up":
        parts.append(TOP_UP)
    elif digest.report.worth:
        parts.append(f"{_worth(digest)}, about {digest.report.minutes} min")
    else:
        parts.append(QUIET)
    if came := _came(digest):
        parts.append(came)
    return "  ·  ".join(parts)


def unanswered(report: Report) -> str:
    """What became of the list before: `from last time: 2 still open, 1 expired`; empty when all was answered."""
    counts = ((report.kept, "still open"), (report.expired, "expired"), (report.retired, "settled by themselves"))
    said = [f"{many} {what}" for many, what in counts if many]
    return f"left unanswered last time: {', '.join(said)}" if said else ""


def _worth(digest: Digest) -> str:
    headlines = min(digest.report.worth, HEADLINES)
    return f"{headlines} worth your {'morning' if digest.kind == 'morning' else 'time'}"


def _came(digest: Digest) -> str:
    """What was done and came back since the list before."""
    report = digest.report
    counts = [(many, ACTIONS[kind].words.thing, ACTIONS[kind].words.done) for kind, many in report.done.items()]
    merged: dict[tuple[str, str], int] = {}
    for many, thing, done in counts:
        merged[thing, done] = merged.get((thing, done), 0) + many
    said = [f"{many} {thing}{'' if many == 1 else 's'} {done}" for (thing, done), many in merged.items()]
    if replies := report.outcomes.get("reply"):
        said.append(f"{replies} {'reply' if replies == 1 else 'replies'}")
    if not said:
        return ""
    days = (digest.day - report.since).days if report.since is not None else 1
    since = "yesterday" if days == 1 else f"since {report.since:%A}" if days < 7 else f"since {report.since:%d %b}"
    return f"{since}: {', '.join(said)}"


def _line(said: str) -> ContextBlock:
    return ContextBlock(elements=[markdown(clip(said, CONTEXT_LIMIT))])
