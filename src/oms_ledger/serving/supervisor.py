"""Starts child processes, restarts those that die or hang, and stops all of them at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import structlog

from oms_ledger.serving.heartbeat import VARIABLE, Listener

log = structlog.get_logger(__name__)

PAUSE_SECONDS = (0.5, 10.0)
"""First and longest pause before a child is restarted; each is twice the one before."""

STEADY_SECONDS = 30.0
"""A child that ran this long is restarted without a pause."""

STOP_SECONDS = 15.0
"""How long children may take to stop before they are killed."""

STARTING_SECONDS = 120.0
"""How long a child may take to its first heartbeat."""


@dataclass(slots=True)
class Child:
    """A process that is kept running: `python -m module *before PIPE *after`, where PIPE is the
    descriptor that `parent_watch` reads. `inherits` are further descriptors; `without` are
    variables that are removed from the environment. Times are monotonic seconds. A child with
    `silence_seconds` that sends no heartbeat for so long is killed."""

    name: str
    module: str
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    inherits: Sequence[int] = ()
    without: Sequence[str] = ()
    silence_seconds: float | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = PAUSE_SECONDS[0]
    deaths: int = 0
    listener: Listener | None = None

    def silent_for(self, now: float) -> float | None:
        """Seconds since the newest heartbeat, where that is too long ago; None otherwise."""
        if self.listener is None or self.silence_seconds is None:
            return None
        self.listener.listen(now)
        heard = self.listener.heard_at
        if heard is None:
            since, most = self.started_at, max(STARTING_SECONDS, self.silence_seconds)
        else:
            since, most = heard, self.silence_seconds
        return now - since if now - since > most else None


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
        """Kill children that hang, and restart those that died and are due. To be called several
        times a second."""
        now = time.monotonic()
        for child in self.children:
            self._kill_if_silent(child, now)
            if child.process is not None and child.process.poll() is not None:
                self._died(child, now)
            if child.process is None and now >= child.due_at:
                self._start(child)

    def deaths(self) -> int:
        return sum(child.deaths for child in self.children)

    def _kill_if_silent(self, child: Child, now: float) -> None:
        silent = child.silent_for(now)
        if child.process is None or child.process.poll() is not None or silent is None:
            return
        log.error("process_hangs", process=child.name, silent_seconds=round(silent, 1))
        child.process.kill()
        child.process.wait()

    def _died(self, child: Child, now: float) -> None:
        assert child.process is not None
        if child.listener is not None:
            child.listener.close()
            child.listener = None
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
        environment = {k: v for k, v in self.environment.items() if k not in child.without}
        inherits = [pipe, *child.inherits]
        if child.silence_seconds is not None:
            child.listener = Listener()
            environment[VARIABLE] = str(child.listener.writing)
            inherits.append(child.listener.writing)
        # A session of its own: a Ctrl-C is for the parent, which stops its children in order.
        child.process = subprocess.Popen(  # noqa: S603  # our own modules, no shell
            command,
            env=environment,
            pass_fds=inherits,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        if child.listener is not None:
            child.listener.started()
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
        for child in self.children:
            if child.listener is not None:
                child.listener.close()
