"""How a child process learns that it must stop: by a signal, or because its parent is gone.

The parent holds the writing end of a pipe and never writes. When it dies, however it dies, the
operating system closes the pipe and every child reads its end.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable


def stop_with_parent(pipe: int, stop: Callable[[], None]) -> None:
    """Call `stop` when SIGTERM or SIGINT comes, or when the parent at the other end of the pipe
    is gone. To be called in the main thread."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
    watch = threading.Thread(target=_watch, args=(pipe,), name="lifeline", daemon=True)
    watch.start()


def _watch(pipe: int) -> None:
    while os.read(pipe, 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
