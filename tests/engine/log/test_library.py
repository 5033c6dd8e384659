"""The library's own classes, unchanged, over a ledger that our writer wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import NotSupportedError, Tracking
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import ApplicationSubscription, Projection, ProjectionRunner

from oms_ledger.domain.stock.events import StockAllocated, StockReceived
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.log.recorder import LedgerEvent, LedgerFactory
from oms_ledger.engine.write.writer import Submission, Writer
from oms_ledger.kernel import Meta
from tests.databases import Database
from tests.engine.toy import Receive, Take, context


@pytest.fixture
def env(postgres: Database) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": "oms_ledger.engine.log.recorder:LedgerFactory",
        "OMS_DATABASE_URL": postgres.url,
        "OMS_LEDGER": postgres.settings.ledger,
    }


@pytest.fixture
def writer(postgres: Database) -> Iterator[Writer]:
    writer = Writer(PostgresStore(postgres.connect_writer))
    yield writer
    writer.close()


@pytest.fixture
def application(env: dict[str, str]) -> Iterator[Application[str]]:
    with Application[str](env) as application:
        yield application


def submit(writer: Writer, *commands: Receive | Take) -> int:
    """The position of the last event."""
    for command in commands:
        outcome = writer.submit(Submission(command, context())).result(10)
    return outcome.position


def test_an_application_reads_a_stream(application: Application[str], writer: Writer) -> None:
    submit(writer, Receive("X", 5), Receive("X", 2))
    events: list[object] = list(application.events.get(originator_id="stock-X@A"))
    assert [(e.originator_version, e.event) for e in events if isinstance(e, LedgerEvent)] == [
        (1, StockReceived("X", "A", 5)),
        (2, StockReceived("X", "A", 2)),
    ]


def test_an_application_reads_the_notification_log(
    application: Application[str], writer: Writer
) -> None:
    last = submit(writer, Receive("X", 5), Take("X", 1))
    section = application.notification_log["1,10"]
    assert [n.id for n in section.items] == list(range(1, last + 1))
    assert section.items[0].topic == StockReceived.type


def test_an_application_follows_the_ledger(application: Application[str], writer: Writer) -> None:
    submit(writer, Receive("X", 5))
    with ApplicationSubscription(application) as subscription:
        first, tracking = next(subscription)
        assert tracking.notification_id == 1
        assert first.originator_id == "stock-X@A"
        submit(writer, Receive("Y", 1))
        second, _ = next(subscription)
        assert second.originator_id == "stock-Y@A"


class OnHand(POPOTrackingRecorder):
    """How many of everything were received: the library's kind of materialised view."""

    def __init__(self) -> None:
        super().__init__()
        self.quantity = 0

    def add(self, quantity: int, tracking: Tracking) -> None:
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking)
            self._insert_tracking(tracking)
            self.quantity += quantity


class CountOnHand(Projection[OnHand]):
    name = "onhand"
    topics = (StockReceived.type,)

    def process_event(self, domain_event: LedgerEvent, tracking: Tracking) -> None:
        assert isinstance(domain_event.event, StockReceived)
        self.view.add(domain_event.event.quantity, tracking)


def test_a_stock_projection_runner_projects_the_ledger(env: dict[str, str], writer: Writer) -> None:
    submit(writer, Receive("X", 5), Take("X", 2))
    with ProjectionRunner(
        application_class=Application[str],
        projection_class=CountOnHand,
        view_class=OnHand,
        env={**env, "ONHAND_PERSISTENCE_MODULE": "eventsourcing.popo"},
    ) as runner:
        assert runner.app.recorder.max_notification_id() == 3
        last = submit(writer, Receive("Y", 10), Receive("X", 1))
        runner.wait(last, timeout=10)
        assert runner.view.quantity == 16


def test_what_the_library_writes_the_codec_reads(application: Application[str]) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    written = LedgerEvent(
        "stock-X@A",
        1,
        StockAllocated("X", "A", 2, "order-1", "1"),
        Meta(at, "a", "c", "i", "i", "i"),
    )
    application.events.put([written])
    assert list(application.events.get(originator_id="stock-X@A")) == [written]


def test_what_would_make_tables_in_a_ledger_is_refused(env: dict[str, str]) -> None:
    factory = LedgerFactory(env)
    for make in (factory.aggregate_recorder, factory.process_recorder, factory.tracking_recorder):
        with pytest.raises(NotSupportedError):
            make()
    factory.close()
