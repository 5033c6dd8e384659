"""The heartbeat of a child process: a byte down a pipe now and then, so that its supervisor can
tell a process that hangs or was stopped from one that works.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

VARIABLE = "OMS_HEARTBEAT_PIPE"
"""The environment variable with the descriptor that the child writes to."""

BEAT_SECONDS = 1.0


class Heartbeat:
    """The child's end. `descriptor`: None where nobody listens, so that nothing is written."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._due = 0.0
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    @staticmethod
    def from_environment() -> Heartbeat:
        text = os.environ.pop(VARIABLE, "")
        return Heartbeat(int(text) if text else None)

    def beat(self) -> None:
        """To be called several times a second by what must not hang."""
        now = time.monotonic()
        if self._descriptor is None or now < self._due:
            return
        self._due = now + BEAT_SECONDS
        with suppress(OSError):  # the pipe is full, or the parent gone
            os.write(self._descriptor, b".")

    def in_background(self) -> None:
        """Beat from a thread for as long as the process runs: for a process none of whose threads
        may stand for all."""
        threading.Thread(target=_forever, args=(self.beat,), name="heartbeat", daemon=True).start()


class Listener:
    """The parent's end, for one child. `heard_at`: monotonic seconds of the newest beat."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self.heard_at: float | None = None

    def started(self) -> None:
        """Close this process's copy of the child's end."""
        os.close(self.writing)

    def listen(self, now: float) -> None:
        """Read the beats since the last call."""
        with suppress(BlockingIOError):
            while os.read(self._reading, 4096):
                self.heard_at = now

    def close(self) -> None:
        os.close(self._reading)


def _forever(beat: Callable[[], None]) -> None:
    while True:
        beat()
        time.sleep(BEAT_SECONDS)
