"""The worker: folds the log into the read models until it is told to stop."""

from __future__ import annotations

import threading

import structlog

from oms_ledger.app import open_prepared
from oms_ledger.settings import Settings

log = structlog.get_logger(__name__)


def work(settings: Settings, stop: threading.Event) -> None:
    """Follow the log of a prepared ledger until `stop` is set, whatever happens to the database
    meanwhile. Any number of workers may run; each read model is folded by one at a time, and
    taken over when that one dies."""
    with open_prepared(settings) as oms:
        log.info("worker_started", ledger=settings.ledger)
        oms.projector().run(stop)
        log.info("worker_stopped", ledger=settings.ledger)
