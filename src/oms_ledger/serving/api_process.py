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
from oms_ledger.app import open_prepared
from oms_ledger.heap import tune_interpreter
from oms_ledger.http.app import LedgerApi, create_app
from oms_ledger.serving import wire
from oms_ledger.serving.handshake import LimitedServer
from oms_ledger.serving.heartbeat import Heartbeat
from oms_ledger.serving.parent_watch import stop_with_parent
from oms_ledger.serving.tls import server_context
from oms_ledger.settings import Settings

GRACE_SECONDS = 5
"""How long running requests may take to end once the process is to stop."""


class _Server(LimitedServer):
    """Stops when `stop` is set, be it by a signal from before it ran. Ends open streams at a
    signal, since it would wait for them."""

    def __init__(self, app: LedgerApi, stop: threading.Event, context: SSLContext | None) -> None:
        config = uvicorn.Config(app, **wire.OPTIONS, timeout_graceful_shutdown=GRACE_SECONDS)
        super().__init__(config, context)
        self._app = app
        self._stop = stop
        self._heartbeat = Heartbeat.from_environment()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.end_streams()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        self._heartbeat.beat()  # by the event loop, which all requests share
        return await super().on_tick(counter) or self._stop.is_set()


def main(listening: int, pipe: int, no_auth: bool) -> None:
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    # While uvicorn runs it handles signals. Afterwards it raises them again for the handlers from
    # before, which must not end the process: the ledger is still to be closed.
    stop = threading.Event()
    stop_with_parent(pipe, stop.set)
    with open_prepared(settings) as oms:
        tune_interpreter()
        app = create_app(oms, no_auth=no_auth)
        server = _Server(app, stop, server_context(settings))
        server.run(sockets=[socket.socket(fileno=listening)])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "--no-auth" in sys.argv[3:])
