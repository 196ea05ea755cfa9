"""How the kill switches and the dry runs stand: values, read by `core/switch.py`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

EVERYBODY = ""
"""For whom a dry run of the whole workspace is on."""


@dataclass(frozen=True)
class Turned:
    """How one kill switch stands."""

    paused: bool
    by: str
    reason: str
    at: datetime


MISSING = Turned(paused=True, by="nobody", reason="the switch is missing", at=datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True)
class Switch:
    """`dry_runs`: for whom one is on (EVERYBODY, or a member's id), and who switched it on."""

    here: Turned
    all_workspaces: Turned
    """Its `by` is a name to be read: the member may be unknown in this workspace."""
    dry_runs: Mapping[str, str]

    @property
    def counts(self) -> Turned:
        """The one that a person should know of: while all workspaces are paused, this one's says little."""
        return self.all_workspaces if self.all_workspaces.paused else self.here

    @property
    def paused(self) -> bool:
        return self.counts.paused

    def dry_run_by(self, people: Iterable[str]) -> str | None:
        """Who switched on the dry run that is on for one of these people; None when there is none."""
        return next((self.dry_runs[one] for one in (EVERYBODY, *people) if one in self.dry_runs), None)
