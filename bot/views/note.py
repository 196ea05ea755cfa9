"""Notes: what is said in a thread, or to one person alone."""

import re

from slack_sdk.models.blocks import Block, SectionBlock

from bot.views.text import SECTION_LIMIT, clip, markdown, outside
from core.note import Note

FACT_LIMITS = {"text": SECTION_LIMIT}
"""Longer than usual: what a person approved as a message."""
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,30}")


def render(note: Note) -> str:
    """The note as mrkdwn text. Every fact is outside text until it has been escaped."""
    facts = {name: outside(value, FACT_LIMITS.get(name, 600)) for name, value in note.facts.items()}
    return clip(_WORDS[note.name](facts), SECTION_LIMIT)


def blocks(text: str) -> list[Block]:
    """The note as a block: in a message's bare text Slack would link the addresses that a stranger wrote."""
    return [SectionBlock(text=markdown(text))]


def _reply(facts: dict[str, str]) -> str:
    lines = [f"*{facts['who']} replied*: “{facts['said']}”"]
    if facts.get("left_alone"):
        lines.append("they ask for no more mail: *nothing leaves to them any more*")
    if facts["first"]:
        lines.append("outcome: reply  ·  no further mail to them from here until you decide")
        if facts["before"] != facts["after"]:
            lines.append(f"moves like this one: {facts['before']} → {facts['after']} ({facts['counts']})")
        elif facts["counts"]:
            lines.append(f"learned: {facts['counts']}")
    return "\n".join(lines)


def _automatic(facts: dict[str, str]) -> str:
    return (
        f"An automatic answer came from {facts['who']}: “{facts['said']}”\nIt counts as nothing; the move stays done."
    )


def _bounced(facts: dict[str, str]) -> str:
    ends = "Nothing leaves to this address any more." if facts["hard"] else "The address may be good all the same."
    return f"*The mail to {facts['who']} came back*: {facts['why']}. {ends}"


def _unsubscribed(facts: dict[str, str]) -> str:
    return f"*{facts['who']} unsubscribed*: nothing leaves to them any more."


def _declined(facts: dict[str, str]) -> str:
    said = f"\n“{facts['said']}”" if facts["said"] else ""
    return f"No new move: {facts['reason']}.{said}"


def _nothing_to_do(facts: dict[str, str]) -> str:
    return f"Nothing to do: {facts['why']}."


def _already_decided(facts: dict[str, str]) -> str:
    return f"Nothing to do: {already(facts['state'], facts['by'])}."


def _post(facts: dict[str, str]) -> str:
    return facts["text"] if facts["text"].strip() else "(nothing that can be shown)"


def _handed_over(facts: dict[str, str]) -> str:
    return f"*{facts['title']}*\nhanded over to {mention(facts['to'])}"


def _handed_to_you(facts: dict[str, str]) -> str:
    why = f": “{facts['why']}”" if facts["why"] else ""
    return f"{mention(facts['by'])} handed this over to you{why}"


def already(state: str, by: str) -> str:
    """`already approved by @Casey`."""
    return f"already {state}" + (f" by {mention(by)}" if by else "")


def mention(user: str) -> str:
    """A live mention of a member; anything that is no Slack user id is shown as text."""
    return f"<@{user}>" if _USER_ID.fullmatch(user) else outside(user, 80)


_WORDS = {
    "post": _post,
    "reply": _reply,
    "automatic_reply": _automatic,
    "bounced": _bounced,
    "unsubscribed": _unsubscribed,
    "declined": _declined,
    "nothing_to_do": _nothing_to_do,
    "already_decided": _already_decided,
    "handed_over": _handed_over,
    "handed_to_you": _handed_to_you,
}
