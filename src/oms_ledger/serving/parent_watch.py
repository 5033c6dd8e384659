"""Stops a child process at a signal, or when its parent is gone.

The parent holds the writing end of a pipe and never writes. When it dies, however it dies, the
operating system closes the pipe and every child reads its end.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable


def stop_with_parent(pipe: int, stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM or SIGINT, or when the parent, which holds the other end of `pipe` (a
    file descriptor), is gone. Must be called in the main thread."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
    watch = threading.Thread(target=_watch, args=(pipe,), name="parent-watch", daemon=True)
    watch.start()


def _watch(pipe: int) -> None:
    while os.read(pipe, 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
