"""A clock that moves by hand."""

from datetime import UTC, datetime, timedelta


class HandClock:
    """Starts at the real now, so that signatures made outside are in their window; then moves only when told."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        assert span >= timedelta()
        self.now += span
