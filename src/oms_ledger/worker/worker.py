"""The worker: folds the log into the read models, and seals it, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from oms_ledger.app import Oms, open_prepared
from oms_ledger.audit.anchors.schedule import AnchorSchedule, anchor_stores
from oms_ledger.domain.errors import Unavailable
from oms_ledger.privacy.retention import RetentionScheduler
from oms_ledger.settings import Settings

log = structlog.get_logger(__name__)

REST = 1.0
"""How long a build made beside rests after each page, as a multiple of what that took: the shop
is open, and it is in no hurry."""


def work(settings: Settings, stop: threading.Event) -> None:
    """Follow the log of a prepared ledger until `stop` is set, whatever happens to the database
    meanwhile. Any number of workers may run; each read model is folded by one at a time, and
    taken over when that one dies, and so are what is built beside and the tree."""
    with open_prepared(settings) as oms:
        log.info("worker_started", ledger=settings.ledger)
        with _beside(oms, stop):
            oms.projector().run(stop)
        log.info("worker_stopped", ledger=settings.ledger)


@contextmanager
def _beside(oms: Oms, stop: threading.Event) -> Iterator[None]:
    """Build read models anew, seal, forget what is due, and keep checkpoints outside, in threads of
    their own: none waits for another, and nothing here holds up the live read models."""
    retention = RetentionScheduler(oms.retention, oms.settings.retention_hour)
    threads = [
        threading.Thread(target=_build, args=(oms, stop), name="builder"),
        threading.Thread(target=oms.audit.sealer().run, args=(stop,), name="sealer"),
        threading.Thread(target=retention.run, args=(stop,), name="retention"),
    ]
    stores = anchor_stores(oms.settings.anchors)
    if stores:
        anchoring = AnchorSchedule(oms.audit.tree(), stores)
        threads.append(threading.Thread(target=anchoring.run, args=(stop,), name="anchoring"))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _build(oms: Oms, stop: threading.Event) -> None:
    """Where there is a login that may make tables. Without one nothing is held here either, so that
    whoever has one can build."""
    while not stop.is_set():
        try:
            may = oms.may_make_tables()
        except Unavailable:
            stop.wait(REST)
            continue
        if may:
            oms.rebuilds.builder(rest=REST).run(stop)
        else:
            log.info("builds_left_to_the_owner", ledger=oms.settings.ledger)
        return
