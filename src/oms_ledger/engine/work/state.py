"""How the loops of all workers are doing, kept in the table `work` for other processes to see."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection

SQL = statements.queries(__package__)

UNCHANGED_SECONDS = 5.0
"""How often a loop that goes on succeeding is written."""

DEGRADED_SECONDS = 300.0
"""A loop that has failed for so long is a fault to look at, and no passing outage."""


class WorkState(NamedTuple):
    """One loop over all workers, as of now. `holder` is the process that reported last. `failures`
    are those in a row since `failing_since`, which is None where the newest step succeeded.
    `last_error` stays after the loop has recovered. The ages are in seconds."""

    name: str
    holder: str
    last_success: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    failures: int
    failing_since: datetime | None
    next_try: datetime | None
    last_success_seconds: float | None
    failing_seconds: float | None

    @property
    def degraded(self) -> bool:
        return self.failing_seconds is not None and self.failing_seconds >= DEGRADED_SECONDS


def work_states(connection: Connection) -> list[WorkState]:
    """The loops that have ever reported, by name."""
    rows = connection.execute(SQL["list_work"]).fetchall()
    return [WorkState(*row) for row in rows]


def new_holder() -> str:
    """A name for this process as the holder of work: host, process id, and a drawn part."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a loop has done since its last report. Times are of `time.monotonic()`. `failures` are
    those after the newest success."""

    succeeded_at: float | None = None
    failures: int = 0
    error: str | None = None
    failed_at: float | None = None
    next_try_at: float | None = None

    def then(self, later: Progress) -> Progress:
        """Both, as one report."""
        kept = replace(
            later,
            error=later.error if later.error is not None else self.error,
            failed_at=later.failed_at if later.failed_at is not None else self.failed_at,
        )
        if later.succeeded_at is not None:
            return kept
        return replace(
            kept, succeeded_at=self.succeeded_at, failures=self.failures + later.failures
        )


class WorkRecorder:
    """Collects what the loops of one worker report, and writes it: a failure and a recovery at the
    next step, a loop that goes on succeeding every few seconds.

    `lend` lends a connection that acts as the projector. Loops call it from their own threads and
    are never held up; `step` belongs to the loop that writes. What cannot be written is kept.
    """

    def __init__(
        self,
        lend: Callable[[], AbstractContextManager[Connection]],
        names: Collection[str],
        unchanged_seconds: float = UNCHANGED_SECONDS,
    ) -> None:
        self._lend = lend
        self._names = names
        self._unchanged_seconds = unchanged_seconds
        self._holder = new_holder()
        self._reports: dict[str, Progress] = {}
        self._lock = threading.Lock()
        self._written: dict[str, float] = {}
        self._failing: set[str] = set()
        self._others_removed = False

    def succeeded(self, name: str) -> None:
        self._add(name, Progress(succeeded_at=time.monotonic()))

    def failed(self, name: str, error: str, next_try_seconds: float) -> None:
        now = time.monotonic()
        self._add(name, Progress(None, 1, error, now, now + next_try_seconds))

    def step(self, stop: threading.Event) -> bool:
        """Write what is due. On the first step also remove the rows of loops that this worker does
        not run: nobody would ever mend them."""
        if not self._others_removed:
            with self._lend() as connection:
                connection.execute(SQL["remove_other_work"], (list(self._names),))
            self._others_removed = True
        for name in self._due():
            self._write(name)
        return True

    def close(self) -> None:
        """Write what was reported since the last step."""
        for name in list(self._reports):
            self._write(name)

    def _add(self, name: str, later: Progress) -> None:
        with self._lock:
            self._reports[name] = self._reports.get(name, Progress()).then(later)

    def _due(self) -> list[str]:
        with self._lock:
            reports = dict(self._reports)
        old = time.monotonic() - self._unchanged_seconds
        return [
            name
            for name, progress in reports.items()
            if progress.failures or name in self._failing or self._written.get(name, old) <= old
        ]

    def _write(self, name: str) -> None:
        with self._lock:
            progress = self._reports.pop(name)
        try:
            with self._lend() as connection:
                connection.execute(SQL["record_work"], self._row(name, progress))
        except BaseException:
            with self._lock:
                later = self._reports.get(name)
                self._reports[name] = progress if later is None else progress.then(later)
            raise
        self._written[name] = time.monotonic()
        (self._failing.add if progress.failures else self._failing.discard)(name)

    def _row(self, name: str, progress: Progress) -> dict[str, object]:
        now = time.monotonic()

        def age(at: float | None) -> float | None:
            return None if at is None else now - at

        next_try = None if not progress.failures else progress.next_try_at
        return {
            "name": name,
            "holder": self._holder,
            "success_age": age(progress.succeeded_at),
            "error": progress.error,
            "error_age": age(progress.failed_at),
            "failures": progress.failures,
            "next_try": None if next_try is None else max(0.0, next_try - now),
        }
