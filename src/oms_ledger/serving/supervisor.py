"""Starts child processes, restarts those that die, and stops all of them at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import structlog

log = structlog.get_logger(__name__)

PAUSE_SECONDS = (0.5, 10.0)
"""First and longest pause before a child is restarted; each is twice the one before."""

STEADY_SECONDS = 30.0
"""A child that ran this long is restarted without a pause."""

STOP_SECONDS = 15.0
"""How long children may take to stop before they are killed."""


@dataclass(slots=True)
class Child:
    """A process that is kept running: `python -m module *before PIPE *after`, where PIPE is the
    descriptor that `parent_watch` reads. `inherits` are further descriptors; `without` are
    variables that are removed from the environment. Times are monotonic seconds."""

    name: str
    module: str
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    inherits: Sequence[int] = ()
    without: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = PAUSE_SECONDS[0]
    deaths: int = 0


@dataclass(slots=True)
class Supervisor:
    """Use it as a context manager: all children are stopped at the end. `on_death` is called with
    the process id of each child that died by itself."""

    environment: Mapping[str, str]
    children: list[Child]
    on_death: Callable[[int], None] = lambda pid: None
    _pipe: tuple[int, int] = field(default_factory=os.pipe)

    def __enter__(self) -> Supervisor:
        for child in self.children:
            self._start(child)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        for end in self._pipe:
            os.close(end)

    def check(self) -> None:
        """Restart children that died and are due. To be called several times a second."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._died(child, now)
            if child.process is None and now >= child.due_at:
                self._start(child)

    def deaths(self) -> int:
        return sum(child.deaths for child in self.children)

    def _died(self, child: Child, now: float) -> None:
        assert child.process is not None
        steady = now - child.started_at > STEADY_SECONDS
        child.pause = PAUSE_SECONDS[0] if steady else min(child.pause * 2, PAUSE_SECONDS[1])
        child.due_at = now + (0.0 if steady else child.pause)
        child.deaths += 1
        log.error(
            "process_died",
            process=child.name,
            exit_code=child.process.returncode,
            again_in_seconds=round(child.due_at - now, 1),
        )
        self.on_death(child.process.pid)
        child.process = None

    def _start(self, child: Child) -> None:
        pipe, _ = self._pipe
        command = [sys.executable, "-m", child.module, *child.before, str(pipe), *child.after]
        # A session of its own: a Ctrl-C is for the parent, which stops its children in order.
        child.process = subprocess.Popen(  # noqa: S603  # our own modules, no shell
            command,
            env={k: v for k, v in self.environment.items() if k not in child.without},
            pass_fds=(pipe, *child.inherits),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        child.started_at = time.monotonic()
        log.info("process_started", process=child.name, pid=child.process.pid)

    def _stop(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("process_killed", pid=process.pid, after_seconds=STOP_SECONDS)
                process.kill()
                process.wait()
