"""The one supervised loop for every job that runs beside the API: it paces the job, retries it with
exponential back-off where it fails, and reports how it is doing."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
import structlog

from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.engine.db.errors import is_outage

log = structlog.get_logger(__name__)

Step = Callable[[threading.Event], bool]
"""One step of a job. True where the job was done, or there was nothing to do; False where another
process has it. It raises where the job failed, and returns soon when the event is set."""


class WorkFailed(Exception):
    """A step failed for the reason that the text names. The text is stored, logged and shown, so it
    holds no personal data."""


class WorkObserver(Protocol):
    """Is called after each step, by the thread of the loop; must not block or raise."""

    def succeeded(self, name: str) -> None: ...

    def failed(self, name: str, error: str, next_try_seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait after a failure: `first_seconds`, doubled with each further failure in a
    row, at most `longest_seconds`. `spread` is the share of the pause that varies, so that
    processes that failed together do not retry together."""

    first_seconds: float = 0.5
    longest_seconds: float = 60.0
    spread: float = 0.25

    def pause(self, failures: int, jitter: float) -> float:
        """Seconds after this many failures in a row. `jitter` is in [0, 1)."""
        doubled = self.first_seconds * 2.0 ** min(failures - 1, 60)
        return min(self.longest_seconds, doubled) * (1.0 - self.spread * jitter)


class Loop:
    """Runs `step` again and again until it is stopped, at most once in `pace_seconds`.

    `jitter` returns a number in [0, 1) for the back-off. `failures` counts failures in a row,
    `last_error` describes the newest one, `last_success` is the `time.monotonic()` of the newest
    step that succeeded here. They belong to the thread that runs the loop.
    """

    def __init__(
        self,
        name: str,
        step: Step,
        *,
        pace_seconds: float = 0.0,
        back_off: BackOff = BackOff(),
        jitter: Callable[[], float] = lambda: 0.0,
        observer: WorkObserver | None = None,
    ) -> None:
        self.name = name
        self._step = step
        self._pace_seconds = pace_seconds
        self._back_off = back_off
        self._jitter = jitter
        self._observer = observer
        self.failures = 0
        self.last_error: str | None = None
        self.last_success: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set, whatever a step raises."""
        while not stop.is_set():
            started = time.monotonic()
            try:
                done = self._step(stop)
            except Exception as error:
                pause = self._failed(error)
            else:
                self._succeeded(done=done)
                pause = max(0.0, started + self._pace_seconds - time.monotonic())
            stop.wait(pause)

    def _failed(self, error: Exception) -> float:
        """Count and report it; the seconds until the next try."""
        self.failures += 1
        self.last_error = describe(error)
        pause = self._back_off.pause(self.failures, self._jitter())
        log.warning(
            "work_failed",
            work=self.name,
            error=self.last_error,
            at=_origin(error),
            failures=self.failures,
            next_try_seconds=round(pause, 1),
        )
        if self._observer is not None:
            self._observer.failed(self.name, self.last_error, pause)
        return pause

    def _succeeded(self, *, done: bool) -> None:
        """Where another process does the job, it reports success and failure, and not this loop."""
        if done:
            if self.failures:
                log.info("work_recovered", work=self.name, failures=self.failures)
            self.last_success = time.monotonic()
            if self._observer is not None:
                self._observer.succeeded(self.name)
        self.failures = 0


def describe(error: Exception) -> str:
    """An error without personal data: its class, and what else cannot hold any. That is the text of
    `WorkFailed`, of `Unavailable` and of an outage of the database; the code of another `OmsError`;
    and the SQLSTATE of another error of the database, whose text may quote a value."""
    name = type(error).__name__
    if isinstance(error, WorkFailed):
        return str(error)
    if isinstance(error, Unavailable):
        return f"{name}: {error.detail}"
    if isinstance(error, OmsError):
        return f"{name}: {error.code}"
    if isinstance(error, psycopg.Error):
        if is_outage(error) and str(error):
            return f"{name}: {str(error).splitlines()[0]}"
        return f"{name}: SQLSTATE {error.sqlstate}" if error.sqlstate else name
    return name


def _origin(error: Exception) -> str | None:
    """File and line that raised it."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f"{Path(frames[0].filename).name}:{frames[0].lineno}" if frames else None
