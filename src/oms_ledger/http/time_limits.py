"""Limits on the time that tasks of an event loop take. All are checked together, a few times a
second: a timer of its own for each would cost a request a tenth of its time."""

from __future__ import annotations

import asyncio
from math import inf
from types import TracebackType
from typing import Self

CHECK_SECONDS = 0.25
"""How often limits are checked: a limit takes effect at most so much later than it says."""


class TimeLimits:
    """The limits that run at the moment. Belongs to one event loop at a time."""

    def __init__(self) -> None:
        self._running: dict[TimeLimit, None] = {}
        self._checking: asyncio.AbstractEventLoop | None = None

    def of(self, seconds: float) -> TimeLimit:
        """A limit that begins now, for the current task. It is a context manager: in it the task is
        cancelled after `seconds`, and at its end that is a `TimeoutError`."""
        return TimeLimit(self, seconds)

    def add(self, limit: TimeLimit, loop: asyncio.AbstractEventLoop) -> None:
        self._running[limit] = None
        if self._checking is not loop:
            self._checking = loop
            loop.call_later(CHECK_SECONDS, self._check, loop)

    def remove(self, limit: TimeLimit) -> None:
        del self._running[limit]

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel the tasks whose limits have passed. There is no timer while nothing runs."""
        now = loop.time()
        for limit in self._running:
            if limit.due <= now:
                limit.expire()
        if self._running:
            loop.call_later(CHECK_SECONDS, self._check, loop)
        else:
            self._checking = None


class TimeLimit:
    """One limit. `due` is the time of the event loop at which it passes; infinite while it is
    stopped."""

    __slots__ = ("_cancelled_before", "_expired", "_limits", "_loop", "_seconds", "_task", "due")

    def __init__(self, limits: TimeLimits, seconds: float) -> None:
        self._limits = limits
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._expired = False
        self.due = self._loop.time() + seconds

    def stop(self) -> None:
        """Let no time count until `restart`."""
        self.due = inf

    def restart(self) -> None:
        """Count the whole time again, from now on."""
        self.due = self._loop.time() + self._seconds

    def expire(self) -> None:
        """Cancel the task, once."""
        self.due = inf
        self._expired = True
        self._task.cancel()

    def __enter__(self) -> Self:
        task = asyncio.current_task(self._loop)
        assert task is not None, "a time limit is of a task"
        self._task = task
        self._cancelled_before = task.cancelling()
        self._limits.add(self, self._loop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._limits.remove(self)
        if not self._expired:
            return
        cancelled_by_others = self._task.uncancel() > self._cancelled_before
        if kind is asyncio.CancelledError and not cancelled_by_others:
            raise TimeoutError from error
