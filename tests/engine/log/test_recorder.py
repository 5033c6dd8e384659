"""The library's own suites for recorders, on the ledger; and what they do not ask."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Thread

import pytest
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from oms_ledger.engine.log.recorder import LedgerDatastore, LedgerRecorder
from tests.databases import Database


class OnTheLedger:
    """Gives unittest's classes our fixtures."""

    database: Database
    recorders: list[LedgerRecorder]

    @pytest.fixture(autouse=True)
    def on_the_ledger(self, postgres: Database) -> Iterator[None]:
        self.database = postgres
        self.recorders = []
        yield
        for recorder in self.recorders:
            recorder.datastore.close()

    def create_recorder(self) -> LedgerRecorder:
        self.recorders.append(recorder_of(self.database))
        return self.recorders[-1]

    def new_originator_id(self) -> str:
        return f"test-{time.monotonic_ns()}-{id(object())}"


def recorder_of(database: Database) -> LedgerRecorder:
    return LedgerRecorder(LedgerDatastore(database.url, database.schema))


class TestApplicationRecorder(OnTheLedger, ApplicationRecorderTestCase[LedgerRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(OnTheLedger, NonInterleavingNotificationIDsBaseCase):
    pass


@pytest.fixture
def recorder(postgres: Database) -> Iterator[LedgerRecorder]:
    recorder = recorder_of(postgres)
    yield recorder
    recorder.datastore.close()


def stored(stream: str, version: int) -> StoredEvent:
    return StoredEvent(originator_id=stream, originator_version=version, topic="t", state=b"{}")


def test_a_refused_append_uses_no_position(recorder: LedgerRecorder) -> None:
    assert recorder.insert_events([stored("a-1", 1)]) == [1]
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored("a-2", 1), stored("a-1", 1)])
    assert recorder.max_notification_id() == 1
    assert recorder.insert_events([stored("a-2", 1)]) == [2]


def test_the_head_moves_with_the_events(recorder: LedgerRecorder, postgres: Database) -> None:
    recorder.insert_events([stored("a-1", v) for v in (1, 2, 3)])
    with postgres.connect() as connection:
        assert connection.execute("SELECT position FROM ledger_head").fetchone() == (3,)


def test_no_database_function_is_ever_made(recorder: LedgerRecorder, postgres: Database) -> None:
    recorder.create_table()
    recorder.insert_events([stored("a-1", 1)])
    with postgres.connect() as connection:
        made = connection.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'es_%'")
        assert made.fetchall() == []


@contextmanager
def following(recorder: LedgerRecorder) -> Iterator[Queue[Notification]]:
    """What a subscription from the beginning delivers, as it comes."""
    arrived: Queue[Notification] = Queue()

    def follow(subscription: Subscription[ApplicationRecorder]) -> None:
        for notification in subscription:
            arrived.put(notification)

    with recorder.subscribe(gt=None) as subscription:
        thread = Thread(target=follow, args=(subscription,))
        thread.start()
        yield arrived
        subscription.stop()
        thread.join(5)
        assert not thread.is_alive()


def test_an_event_without_notify_is_delivered(recorder: LedgerRecorder, postgres: Database) -> None:
    with following(recorder) as arrived, postgres.connect_writer() as connection:
        recorder.insert_events([stored("a-1", 1)])
        assert arrived.get(timeout=5).id == 1
        connection.execute("INSERT INTO ledger_events VALUES ('a-1', 2, 't', '{}', 2)")
        assert arrived.get(timeout=5).id == 2


def test_a_notify_is_answered_at_once(recorder: LedgerRecorder) -> None:
    with following(recorder) as arrived:
        recorder.insert_events([stored("a-1", 1)])
        arrived.get(timeout=5)
        waits = []
        for version in range(2, 7):
            time.sleep(0.05)
            started = time.monotonic()
            recorder.insert_events([stored("a-1", version)])
            arrived.get(timeout=5)
            waits.append(time.monotonic() - started)
        assert min(waits) < 0.3, "the subscription polls and does not listen"


def test_a_cut_connection_is_made_again(recorder: LedgerRecorder, postgres: Database) -> None:
    with following(recorder) as arrived, postgres.connect_owner() as owner:
        recorder.insert_events([stored("a-1", 1)])
        assert arrived.get(timeout=5).id == 1
        cut = owner.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'oms-ledger subscription' AND datname = current_database()"
        ).fetchone()
        assert cut == (1,)
        recorder.insert_events([stored("a-1", 2)])
        assert arrived.get(timeout=10).id == 2
        with pytest.raises(Empty):
            arrived.get(timeout=0.3)
