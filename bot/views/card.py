"""The card of one move: what, why in facts, one quiet line of numbers; the state replaces the buttons in place."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    InteractiveElement,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)

from bot import ids
from bot.views.note import mention
from bot.views.text import CONTEXT_LIMIT, SECTION_LIMIT, clip, clock, day_and_clock, markdown, outside, plain
from core.card import Card, CardState
from core.never_again import NEVER

UNTIL_REPLY = "until_reply"
SNOOZES = {
    "two_hours": "2 hours",
    "tomorrow": "Tomorrow morning",
    "next_week": "Next week",
    UNTIL_REPLY: "Until they reply",
}
DISMISSALS = {
    "did_it_myself": "I did it myself",
    "not_relevant": "Not relevant",
    "bad_timing": "Bad timing",
    "wrong_person": "Wrong person",
}
OUTCOMES = {
    "reply": "they replied",
    "automatic_reply": "an automatic answer came",
    "nothing_in_time": "no reply in 7 days",
}
_PARTS = ("revenue", "urgency", "effort", "strategic", "learned")


def render(card: Card) -> Sequence[Block]:
    aps = card.score.aps
    blocks: list[Block] = [
        SectionBlock(
            block_id=f"move:{card.move_id}",
            text=markdown(clip(f"*{outside(card.title, 300)}*   `{aps}`\n{outside(card.why, 1500)}", SECTION_LIMIT)),
            accessory=OverflowMenuElement(action_id=ids.MORE, options=more(card)),
        ),
        ContextBlock(elements=[markdown(clip(numbers(card), CONTEXT_LIMIT))]),
    ]
    if card.context:
        facts = "  ·  ".join(outside(line, 300) for line in card.context)
        blocks.append(ContextBlock(elements=[markdown(clip(facts, CONTEXT_LIMIT))]))
    if state := state_line(card):
        blocks.append(ContextBlock(elements=[markdown(clip(state, CONTEXT_LIMIT))]))
    if card.dry_run_by is not None:
        blocks.append(ContextBlock(elements=[markdown(clip(dry_run_line(card.dry_run_by), CONTEXT_LIMIT))]))
    if pressable := buttons(card):
        blocks.append(ActionsBlock(block_id=f"act:{card.move_id}", elements=pressable))
    return blocks


def listed(card: Card, number: int) -> list[Block]:
    """The same among others, shorter: at most three blocks. Ten of them must fit into a view."""
    facts = (numbers(card), *(outside(line, 100) for line in card.context))
    said = "\n".join(one for one in ("  ·  ".join(facts), clip(state_line(card), 500)) if one)
    title = f"*{number}  {outside(card.title, 150)}*   `{card.score.aps}`"
    blocks: list[Block] = [
        SectionBlock(
            block_id=f"move:{card.move_id}",
            text=markdown(clip(f"{title}\n{outside(card.why, 350)}", SECTION_LIMIT)),
            accessory=OverflowMenuElement(action_id=ids.MORE, options=more(card)),
        ),
        ContextBlock(elements=[markdown(clip(said, CONTEXT_LIMIT))]),
    ]
    if pressable := buttons(card, number=number):
        blocks.append(ActionsBlock(block_id=f"act:{card.move_id}", elements=pressable))
    return blocks


def text(card: Card) -> str:
    """What the notification shows and a screen reader says: who it is about and how it stands."""
    return clip(f"{outside(card.title, 150)} ({card.score.aps}): {_spoken_state(card)}", 300)


def numbers(card: Card) -> str:
    """`due 09:52 · 4 min · revenue 31, urgency 24, effort 13, strategic 14, learned +4`: the parts add up to the score."""
    parts = []
    for part in _PARTS:
        points = card.score.part(part)
        if part == "learned":
            if points:
                parts.append(f"learned {points:+d}")
        else:
            parts.append(f"{part} {points}")
    for part in ("base", "limit"):
        if points := card.score.part(part):
            parts.append(f"{part} {points:+d}")
    due = f"due {day_and_clock(card.due_at, card.zone, card.at)}" if card.due_at else "no due date"
    return f"{due}  ·  {card.effort_minutes} min  ·  {', '.join(parts)}"


def state_line(card: Card) -> str:
    """How the move stands, in one line; empty while it waits for its first decision."""
    by = f" by {mention(card.by)}" if card.by else ""
    why = outside(card.reason or "", 600)
    match card.state:
        case CardState.OPEN:
            return f"*open again*: {why}" if why else ""
        case CardState.SNOOZED:
            assert card.until is not None
            ends = day_and_clock(card.until, card.zone, card.at)
            return f"*snoozed* until {f'they reply, {ends} at the latest' if card.reason else ends}{by}"
        case CardState.HELD:
            assert card.until is not None
            return f"*held*: leaves {_leaves(card.until, card)}  ·  approved{by}, exactly what you saw"
        case CardState.WORKING:
            return f"*on its way*  ·  approved{by}"
        case CardState.WAITING:
            again = f", again at {clock(card.until, card.zone, seconds=True)}" if card.until else ""
            return f"*waiting*{again}: {why}"
        case CardState.UNCERTAIN:
            return f"*uncertain*: checking whether it happened  ·  {why}"
        case CardState.NEEDS_HUMAN:
            return f"*needs your eyes*: {why}. Look in {card.place}, then say what happened."
        case CardState.BLOCKED:
            lifts = f"  ·  tries again {day_and_clock(card.until, card.zone, card.at)}" if card.until else ""
            return f"*blocked*: {why}{lifts}"
        case CardState.DONE:
            assert card.until is not None
            came = f"  ·  *outcome*: {outside(OUTCOMES.get(card.outcome, card.outcome), 80)}" if card.outcome else ""
            note = f"\n{outside(card.note, 600)}" if card.note else ""
            when = day_and_clock(card.until, card.zone, card.at)
            return f"*done*: {card.done} {when}{by}  ·  receipt: {why}{came}{note}"
        case CardState.TAKING_BACK:
            return "*taking it back*: the card says so when it is undone"
        case CardState.DISMISSED:
            said = {**DISMISSALS, NEVER: "Never for this person"}.get(card.reason or "", card.reason or "")
            return f"*dismissed*{by}: {outside(said, 200)}"
        case CardState.EXPIRED:
            return "*expired*: its time has passed"
        case CardState.RETIRED:
            return f"*retired*: {why}"
        case CardState.HANDED_OVER:
            return f"*handed over* to {mention(card.by or '')}"


def _leaves(at: datetime, card: Card) -> str:
    """To the second within the hour: until then the card has Undo."""
    soon = at - card.at < timedelta(hours=1)
    return clock(at, card.zone, seconds=True) if soon else day_and_clock(at, card.zone, card.at)


def dry_run_line(by: str) -> str:
    return f"*dry run*, switched on by {mention(by)}: Execute shows what would happen, and nothing leaves"


def _spoken_state(card: Card) -> str:
    if card.state is CardState.OPEN:
        return "waits for your decision" + (", in a dry run" if card.dry_run_by is not None else "")
    return state_line(card).replace("*", "")


def buttons(card: Card, *, number: int | None = None) -> list[InteractiveElement]:
    """What can be pressed as the move stands; `number` is its place on a list, for those who hear it."""
    who = plain(card.title, 60) if number is None else f"move {number}, {plain(card.title, 50)}"
    match card.state:
        case CardState.OPEN | CardState.SNOOZED:
            return [
                ButtonElement(
                    action_id=ids.EXECUTE,
                    text="Execute" if card.dry_run_by is None else "Execute (dry run)",
                    value=card.move_id,
                    style="primary",
                    accessibility_label=f"Execute: {who}",
                ),
                _menu(ids.SNOOZE, "Snooze", SNOOZES),
                _menu(ids.DISMISS, "Dismiss", DISMISSALS),
            ]
        case CardState.NEEDS_HUMAN:
            return [
                ButtonElement(action_id=ids.SAYS_SENT, text="It happened", value=card.move_id),
                ButtonElement(action_id=ids.SAYS_AGAIN, text="Do it again", value=card.move_id),
                ButtonElement(action_id=ids.SAYS_DROP, text="Drop it", value=card.move_id),
            ]
        case _ if card.undoable:
            return [_undo(card, who)]
        case _:
            return []


def _undo(card: Card, who: str) -> ButtonElement:
    return ButtonElement(action_id=ids.UNDO, text="Undo", value=card.move_id, accessibility_label=f"Undo: {who}")


def more(card: Card) -> list[Option]:
    options = [Option(value="why", text=f"Why {card.score.aps}?")]
    if card.state in {CardState.OPEN, CardState.SNOOZED}:
        options.append(Option(value="preview", text="Dry run: what would happen"))
        options.append(Option(value="hand_over", text="Hand over"))
        options.append(Option(value="never", text="Never for this person"))
    return options


def _menu(action_id: str, label: str, choices: dict[str, str]) -> StaticSelectElement:
    options = [Option(value=value, text=PlainTextObject(text=shown)) for value, shown in choices.items()]
    return StaticSelectElement(action_id=action_id, placeholder=label, options=options)
