"""Followers of the log while it is written: a subscription, and a projector."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from eventsourcing.persistence import ApplicationRecorder, Subscription

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.recorder import LedgerDatastore, LedgerRecorder
from oms_ledger.engine.project.projector import Projector
from oms_ledger.kernel import ReadModel
from tests.databases import Database
from tests.engine.project.tallies import TALLIES


@contextmanager
def subscribed(database: Database) -> Generator[list[int]]:
    """The positions that a subscription from the beginning delivers, growing."""
    recorder = LedgerRecorder(LedgerDatastore(database.url, database.schema))
    positions: list[int] = []

    def follow(subscription: Subscription[ApplicationRecorder]) -> None:
        for notification in subscription:
            positions.append(notification.id)

    with recorder.subscribe(gt=None) as subscription:
        thread = threading.Thread(target=follow, args=(subscription,))
        thread.start()
        try:
            yield positions
        finally:
            subscription.stop()
            thread.join(10)
            recorder.datastore.close()


@contextmanager
def running(
    projector: Projector, wake: Callable[[], None] = lambda: None
) -> Generator[threading.Thread]:
    """A projector that runs beside the test. `wake` is called when it is stopped."""
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        wake()
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def projecting(
    connect: Callable[[], Connection], model: ReadModel = TALLIES
) -> Generator[threading.Thread]:
    """Pages are small and leases short."""
    projector = Projector(connect, [model], page_events=50, lease_seconds=1.0)
    with running(projector) as thread:
        yield thread
