"""One channel takes about one message a second: after its first refusal the next ones wait their turn, one by one."""

import time
from datetime import timedelta

from core.ports import Unavailable

EVERY_S = 1.0


class Pacing:
    """Knows which channels are full. Nothing is held back before Slack has said so."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}
        self._turns: dict[str, float] = {}

    def refused(self, channel: str, wait: timedelta) -> None:
        self._free_at[channel] = max(self._free_at.get(channel, 0.0), time.monotonic() + wait.total_seconds())

    def take_turn(self, channel: str, key: str) -> None:
        """Raises Unavailable, without a request, until it is this message's turn."""
        now = time.monotonic()
        turn = self._turns.get(key)
        if turn is None:
            turn = self._free_at.get(channel, 0.0)
            if turn <= now:
                return
            self._turns[key] = turn
            self._free_at[channel] = turn + EVERY_S
        if turn > now:
            raise Unavailable("Slack takes one message a second here", retry_after=timedelta(seconds=turn - now))
        del self._turns[key]
