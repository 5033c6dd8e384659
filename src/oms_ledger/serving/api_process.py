"""One API process: an ASGI server on a socket that it inherits, with a writer of its own.

Started by the supervisor as `python -m oms_ledger.serving.api_process SOCKET PIPE [--no-auth]`.
"""

from __future__ import annotations

import socket
import sys
from types import FrameType

import uvicorn

from oms_ledger import logs
from oms_ledger.app import open_prepared, tune_interpreter
from oms_ledger.http.door import Door, create_app
from oms_ledger.serving.lifeline import stop_with_parent
from oms_ledger.settings import Settings

GRACE_SECONDS = 5
"""How long requests under way may take to end once the process is told to stop."""


class _Server(uvicorn.Server):
    """Ends its streams as soon as it is told to stop: it waits for open answers, and streams of
    events have no end of their own."""

    def __init__(self, config: uvicorn.Config, app: Door) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.end_streams()
        super().handle_exit(sig, frame)


def main(listening: int, pipe: int, no_auth: bool) -> None:
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    # uvicorn stops on signals by itself and raises them again afterwards, for whoever had them
    # before: nobody, or the ledger would not be closed.
    stop_with_parent(pipe, lambda: None)
    with open_prepared(settings) as oms:
        app = create_app(oms, no_auth=no_auth)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        tune_interpreter()
        _Server(config, app).run(sockets=[socket.socket(fileno=listening)])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "--no-auth" in sys.argv[3:])
