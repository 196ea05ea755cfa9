"""`caseyos doctor`: what an examination found, as a table."""

import asyncio
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.examination import examine
from bot.findings import Finding, Level, without_secrets
from bot.settings import Settings

STYLE = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


def run(settings: Settings) -> int:
    """Prints what was found; 0 when there is no problem (warnings are none), else 1."""
    found = asyncio.run(examine(settings))
    console = Console()
    console.print(table(found, settings))
    counts = [f"{level}s: {sum(one.level is level for one in found)}" for level in (Level.PROBLEM, Level.WARNING)]
    console.print(f"\n{', '.join(counts)}", highlight=False)
    return exit_code(found)


def exit_code(found: Sequence[Finding]) -> int:
    return int(any(one.level is Level.PROBLEM for one in found))


def table(found: Sequence[Finding], settings: Settings) -> Table:
    rows = Table(box=None, pad_edge=False)
    rows.add_column("Check", no_wrap=True)
    rows.add_column("State", no_wrap=True)
    rows.add_column("What it says", ratio=3, overflow="fold")
    rows.add_column("How to mend it", ratio=2, overflow="fold")
    for one in found:
        said = without_secrets(one.said, settings)
        rows.add_row(Text(one.about), Text(one.level, style=STYLE[one.level]), Text(said), Text(one.mend))
    return rows
