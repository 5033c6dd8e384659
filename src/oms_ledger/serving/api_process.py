"""One API process: an ASGI server on a socket that it inherits, with a writer of its own.

Started by the supervisor as `python -m oms_ledger.serving.api_process SOCKET PIPE [--no-auth]`.
"""

from __future__ import annotations

import socket
import sys

import uvicorn

from oms_ledger import logs
from oms_ledger.app import open_prepared, tune_interpreter
from oms_ledger.http import create_app
from oms_ledger.serving.lifeline import stop_with_parent
from oms_ledger.settings import Settings

GRACE_SECONDS = 5
"""How long requests under way may take to end once the process is told to stop."""


def main(listening: int, pipe: int, no_auth: bool) -> None:
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    # uvicorn stops on signals by itself and raises them again afterwards, for whoever had them
    # before: nobody, or the ledger would not be closed.
    stop_with_parent(pipe, lambda: None)
    with open_prepared(settings) as oms:
        config = uvicorn.Config(
            create_app(oms, no_auth=no_auth),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        tune_interpreter()
        uvicorn.Server(config).run(sockets=[socket.socket(fileno=listening)])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "--no-auth" in sys.argv[3:])
