"""What an examination found, for Slack: what is wrong comes first, with how to mend it; what is well is one line."""

from collections.abc import Sequence

from bot.findings import Finding, Level, without_secrets
from bot.settings import Settings
from bot.views.text import outside

LIMIT = 400
_MARKS = {Level.PROBLEM: "✕ *problem*", Level.WARNING: "△ *warning*"}


def render(found: Sequence[Finding], settings: Settings) -> str:
    lines = [
        f"{_MARKS[one.level]}  *{outside(one.about, 60)}*: {outside(without_secrets(one.said, settings), LIMIT)}"
        f"\n      _to mend it_: {outside(one.mend, LIMIT)}"
        for level in _MARKS
        for one in found
        if one.level is level
    ]
    well = ", ".join(dict.fromkeys(outside(one.about, 60) for one in found if one.level is Level.OK))
    if not lines:
        return f"✓ Everything answers: {well}."
    return "\n".join([*lines, f"✓ well: {well}" if well else "nothing is well"])
