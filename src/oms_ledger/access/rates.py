"""Rate limits by token bucket. Processes share no buckets: with several, their rates add up."""

from __future__ import annotations

from collections import OrderedDict

CALLERS_MAX = 10_000
"""Buckets kept; of more, those that were not used for longest are dropped."""

NAME_CHARACTERS_MAX = 200
"""Of a longer name of a caller the rest is left out, so that a bucket takes a bounded memory."""


class TokenBuckets:
    """One bucket for each caller: `burst` requests at once, and `per_second` requests a second in
    the long run. A `per_second` of 0 means no limit. `now` is a monotonic time in seconds."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate = per_second
        self._burst = max(1.0, burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now: float) -> float:
        """Take a token: 0, or the seconds until the caller's next token if there is none."""
        if not self._rate:
            return 0.0
        tokens = self._tokens(caller, now)
        if tokens < 1.0:
            return (1.0 - tokens) / self._rate
        name = caller[:NAME_CHARACTERS_MAX]
        self._buckets[name] = (tokens - 1.0, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        return 0.0

    def wait(self, caller: str, now: float) -> float:
        """As `take`, without taking a token."""
        tokens = self._tokens(caller, now) if self._rate else 1.0
        return max(0.0, (1.0 - tokens) / self._rate) if tokens < 1.0 else 0.0

    def _tokens(self, caller: str, now: float) -> float:
        kept = self._buckets.get(caller[:NAME_CHARACTERS_MAX])
        if kept is None:
            return self._burst
        return min(self._burst, kept[0] + (now - kept[1]) * self._rate)
