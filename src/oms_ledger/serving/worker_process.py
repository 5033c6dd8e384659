"""One worker process; started by the supervisor as
`python -m oms_ledger.serving.worker_process PIPE`."""

from __future__ import annotations

import sys
import threading

from oms_ledger import logs
from oms_ledger.heap import tune_interpreter
from oms_ledger.serving.heartbeat import Heartbeat
from oms_ledger.serving.parent_watch import stop_with_parent
from oms_ledger.settings import Settings
from oms_ledger.worker.worker import work


def main(pipe: int) -> None:
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    stop = threading.Event()
    stop_with_parent(pipe, stop.set)
    Heartbeat.from_environment().in_background()
    tune_interpreter()
    work(settings, stop)


if __name__ == "__main__":
    main(int(sys.argv[1]))
