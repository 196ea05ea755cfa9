"""Outside text on its way into Slack: escaped, without controls, and short enough. Everything foreign goes through here."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import MarkdownTextObject

SECTION_LIMIT = 3000
CONTEXT_LIMIT = 2000

# Control characters, line separators, and marks that turn the direction of what follows.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(text: str) -> str:
    """Text in which Slack sees no mention, link or entity."""
    return "".join(_ENTITIES.get(char, char) for char in _UNSEEN.sub("", text))


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of escaped text, never ending in half an entity."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    start = cut.rfind("&")
    if start >= 0 and ";" not in cut[start:]:
        cut = cut[:start]
    return cut.rstrip() + "…"


def outside(text: str, limit: int) -> str:
    """Foreign text, escaped and clipped."""
    return clip(escape(text), limit)


def markdown(text: str) -> MarkdownTextObject:
    """A text object in which Slack links nothing by itself: only what we wrote is alive."""
    return MarkdownTextObject(text=text, verbatim=True)


def plain(text: str, limit: int) -> str:
    """Foreign text for a plain_text object, which Slack does not read for entities."""
    shown = _UNSEEN.sub("", text)
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def storable(text: str) -> bool:
    """Whether the database can keep it: no NUL, no half of a surrogate pair."""
    return not _UNSTORABLE.search(text)


def clock(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """A time of day as the reader's wall clock shows it."""
    return f"{at.astimezone(ZoneInfo(zone)):{'%H:%M:%S' if seconds else '%H:%M'}}"


def day_and_clock(at: datetime, zone: str, now: datetime) -> str:
    """`14:05` for today, else `Wed 25 Nov, 14:05`."""
    local = at.astimezone(ZoneInfo(zone))
    if local.date() == now.astimezone(ZoneInfo(zone)).date():
        return f"{local:%H:%M}"
    return f"{local:%a %d %b, %H:%M}"
