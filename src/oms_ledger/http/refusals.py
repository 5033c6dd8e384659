"""Log lines of requests that were refused for their caller: answers 401, 403 and 429.

A line has the route, the reason in a word and the id of the API key, where one is known: no key, no
address and nothing of the request. The number of lines is bounded, so that a flood of requests
without a key does not fill a disk; `/metrics` counts them all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import structlog
from starlette.types import Scope

from oms_ledger.access.rates import TokenBuckets
from oms_ledger.domain.errors import OmsError
from oms_ledger.http.errors import status_of

log = structlog.get_logger(__name__)

LOGGED = frozenset({401, 403, 429})

LINES_PER_SECOND = 0.2
LINES_BURST = 50.0
"""Allowed for each status, and apart for requests with and without a known key: less than 30 MB a
day in one process, however many requests are refused."""

KEY_ID = "oms.key_id"
"""Where a request's scope has the id of its API key, be the key valid or not."""

REFUSALS = "oms.refusals"
"""Where a request's scope has the log of refusals."""


class RefusalLog:
    """Belongs to one event loop. `clock` is a monotonic time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines = TokenBuckets(LINES_PER_SECOND, LINES_BURST)
        self._unlogged: Counter[str] = Counter()

    def add(self, scope: Scope, error: OmsError, route: str) -> None:
        """Log an error that is the answer to a request, if it is one of these statuses."""
        status = status_of(error)
        if status not in LOGGED:
            return
        key_id: str | None = scope.get(KEY_ID)
        kind = f"{status} {'with' if key_id else 'without'} key"
        if self._lines.take(kind, self._clock()):
            self._unlogged[kind] += 1
            return
        log.warning(
            "request_refused",
            status=status,
            route=route,
            reason=error.reason,
            key_id=key_id,
            unlogged=self._unlogged.pop(kind, 0),
        )
