"""HTTP servers of the standard library, run by a thread of the test's process."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import HTTPServer
from typing import TypeVar

S = TypeVar("S", bound=HTTPServer)

POLL_SECONDS = 0.005
"""How often a server checks whether it was shut down. By default it is every half second, which
each test would wait for."""


@contextmanager
def running(server: S) -> Generator[S]:
    """Answer requests while the block runs; then close the server."""
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
