"""What is said of the switches in one line: by whom all is paused, for whom a dry run is on, and what ends it."""

from bot.views.note import mention
from bot.views.text import outside
from core.switched import EVERYBODY, Switch

REASON_LIMIT = 300
NAME_LIMIT = 80


def paused(found: Switch) -> str:
    """By whom, why, and what lets it go on; empty when nothing is paused."""
    if not found.paused:
        return ""
    why = f" ({outside(found.counts.reason, REASON_LIMIT)})" if found.counts.reason else ""
    if found.all_workspaces.paused:
        by = outside(found.counts.by, NAME_LIMIT)
        return f"All workspaces are paused by {by}{why}; `/moves resume all` goes on."
    return f"Paused by {mention(found.counts.by)}{why}; `/moves resume` goes on."


def dry_run(found: Switch, user: str) -> str:
    """For whom among the reader and the workspace one is on; empty when Execute really does what it says."""
    if EVERYBODY in found.dry_runs:
        by = mention(found.dry_runs[EVERYBODY])
        return f"A dry run is on for the workspace, by {by}: Execute rehearses; `/moves dryrun workspace off` ends it."
    if user in found.dry_runs:
        return "A dry run is on for you: Execute rehearses; `/moves dryrun off` ends it."
    return ""
