"""How often somebody may ask: a bucket of tokens each, filled at a steady rate. One process's own;
several share nothing, so that each adds its rate."""

from __future__ import annotations

CALLERS_MAX = 10_000
"""Whose buckets are kept; beyond that, those that are full again are forgotten."""


class Buckets:
    """Each caller may ask `burst` times at once, and `per_second` times a second in the long
    run. Nought a second means: as often as they like."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate = per_second
        self._burst = max(1.0, burst)
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, caller: str, now: float) -> float:
        """0 where they may ask now, which is then counted; else the seconds until they may."""
        if not self._rate:
            return 0.0
        left = self._tokens(caller, now)
        if left < 1.0:
            return (1.0 - left) / self._rate
        if len(self._left) >= CALLERS_MAX:
            self._forget(now)
        self._left[caller] = (left - 1.0, now)
        return 0.0

    def wait(self, caller: str, now: float) -> float:
        """As `take`, without counting."""
        left = self._tokens(caller, now) if self._rate else 1.0
        return max(0.0, (1.0 - left) / self._rate) if left < 1.0 else 0.0

    def _tokens(self, caller: str, now: float) -> float:
        kept = self._left.get(caller)
        if kept is None:
            return self._burst
        return min(self._burst, kept[0] + (now - kept[1]) * self._rate)

    def _forget(self, now: float) -> None:
        """Those who are full again; if nobody is, the oldest half."""
        kept = {c: b for c, b in self._left.items() if self._tokens(c, now) < self._burst}
        if len(kept) >= CALLERS_MAX:
            kept = dict(list(kept.items())[CALLERS_MAX // 2 :])
        self._left = kept
