"""Slack's rate limit on posting: about one message a second in each channel, with a small burst."""

import math
import time

from integrations.sandbox.slack.errors import SlackError

PER_S = 1.0
BURST = 5.0


class PostingLimit:
    def __init__(self, on: bool = True) -> None:
        self.on = on
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, channel: str) -> None:
        """Count one post; SlackError 429 with Retry-After when the channel has had too many."""
        if not self.on:
            return
        now = time.monotonic()
        left, since = self._buckets.get(channel, (BURST, now))
        left = min(BURST, left + (now - since) * PER_S)
        if left < 1:
            self._buckets[channel] = (left, now)
            wait_s = max(1, math.ceil((1 - left) / PER_S))
            raise SlackError(
                "ratelimited", f"more than {PER_S:g} a second in {channel}", status=429, retry_after_s=wait_s
            )
        self._buckets[channel] = (left - 1, now)
