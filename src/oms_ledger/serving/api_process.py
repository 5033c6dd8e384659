"""One API process: an ASGI server on a socket that it inherits, with a writer of its own.

Started by the supervisor as `python -m oms_ledger.serving.api_process SOCKET PIPE [--no-auth]`.
"""

from __future__ import annotations

import socket
import sys
import threading
from ssl import SSLContext
from types import FrameType

import uvicorn

from oms_ledger import logs
from oms_ledger.app import open_prepared, tune_interpreter
from oms_ledger.http.app import LedgerApi, create_app
from oms_ledger.serving import wire
from oms_ledger.serving.parent_watch import stop_with_parent
from oms_ledger.serving.tls import server_context
from oms_ledger.settings import Settings

GRACE_SECONDS = 5
"""How long requests under way may take to end once the process is told to stop."""


class _Server(uvicorn.Server):
    """Stops at a signal even when that came before it ran, and ends its streams at once, which
    would otherwise be waited for."""

    def __init__(self, door: LedgerApi, told: threading.Event, context: SSLContext | None) -> None:
        config = uvicorn.Config(
            door,
            **wire.OPTIONS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_context_factory=None if context is None else lambda *_: context,
        )
        super().__init__(config)
        self._door = door
        self._told = told

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._door.end_streams()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._told.is_set()


def main(listening: int, pipe: int, no_auth: bool) -> None:
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    # While it runs, uvicorn has signals to itself; afterwards it raises them again for whoever
    # had them before, who must not end the process: the ledger is still to be closed.
    told = threading.Event()
    stop_with_parent(pipe, told.set)
    with open_prepared(settings) as oms:
        tune_interpreter()
        app = create_app(oms, no_auth=no_auth)
        server = _Server(app, told, server_context(settings))
        server.run(sockets=[socket.socket(fileno=listening)])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "--no-auth" in sys.argv[3:])
