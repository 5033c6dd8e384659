"""Cases of shipments on PostgreSQL: each exception has one case, whatever ends a worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oms_ledger.app import Oms
from oms_ledger.domain.cases.events import CASE_EVENTS, CaseClosed, CaseOpened
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.kernel import Recorded
from oms_ledger.policies import POLICIES, when_shipment_delivered_close_its_delay
from tests.databases import Database
from tests.engine.work import test_deadlines as deadlines
from tests.engine.work.consequences import ledger
from tests.engine.work.mortal import Killed, finish, mortal, run_until_killed
from tests.engine.work.test_order_policies import do, place

CLOSING = when_shipment_delivered_close_its_delay.POLICY.name


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    running = [policy for policy in POLICIES if policy.name == CLOSING]
    with ledger(ready, *running) as oms:
        do(oms, "ReceiveStock", sku="A", location="LON", quantity=500)
        yield oms


def sent(oms: Oms) -> str:
    """The id of a shipment that has left."""
    order_id = place(oms, confirm=True)
    made = do(oms, "CreateShipment", order_id=order_id, location="LON")
    shipment_id: str = made["shipment_id"]
    do(oms, "DispatchShipment", shipment_id=shipment_id)
    return shipment_id


def scan(oms: Oms, shipment_id: str, code: str, minutes_ago: int = 0) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    answer: dict[str, Any] = do(
        oms, "RecordTrackingEvent", shipment_id=shipment_id, code=code, occurred_at=at
    )
    return answer


def of_cases(oms: Oms) -> list[Recorded]:
    return oms.readers.log().events(0, 10_000, [event.type for event in CASE_EVENTS])


@pytest.fixture
def before_cases(oms: Oms, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Shipments whose scans were recorded before scans opened cases: one that is lost, one that was
    late and moves again, one that was late and has arrived, and one that came back."""
    shipments = [sent(oms) for _ in range(4)]
    module = "oms_commands.fulfilment.record_tracking_event"
    with monkeypatch.context() as older:
        older.setattr(f"{module}.case_of_scan", lambda *_: None)
        scan(oms, shipments[0], "lost", 9)
        scan(oms, shipments[1], "delayed", 9)
        scan(oms, shipments[1], "in_transit", 8)
        scan(oms, shipments[2], "delayed", 9)
        scan(oms, shipments[2], "delivered", 8)
        scan(oms, shipments[3], "return_to_sender", 9)
    assert of_cases(oms) == []
    oms.catch_up()
    return shipments


@pytest.mark.parametrize("kill_at", range(1, 6))
def test_what_is_unresolved_of_before_gets_one_case_however_often_the_worker_is_killed(
    oms: Oms, before_cases: list[str], kill_at: int
) -> None:
    now = datetime.now(UTC)
    runner = deadlines.mortal(oms, kill_at, now)
    with pytest.raises(Killed):
        runner.step()
    deadlines.run(oms, now)
    oms.catch_up()
    assert deadlines.run(oms, now) == 0, "the case has ended it"
    opened = [r.event for r in of_cases(oms) if isinstance(r.event, CaseOpened)]
    assert [(each.shipment_id, each.kind) for each in opened] == [
        (before_cases[0], "lost"),
        (before_cases[3], "returned_to_sender"),
    ]
    assert [r.meta.actor for r in of_cases(oms)] == ["deadline:flagged_shipment"] * 2
    assert oms.work.refusals() == []


def test_a_closed_case_is_not_opened_again_where_its_deadline_is_forgotten(
    oms: Oms, before_cases: list[str], ready: Database
) -> None:
    now = datetime.now(UTC)
    deadlines.run(oms, now)
    do(oms, "CloseCase", case_id=f"{before_cases[0]}@1", resolution="refund")
    with ready.connect_projector() as connection:
        connection.execute("DELETE FROM submitted_deadlines")
    before = len(of_cases(oms))
    assert deadlines.run(oms, now) > 0, "the read model is behind"
    assert len(of_cases(oms)) == before


def test_a_scan_and_its_case_are_one_transaction(oms: Oms) -> None:
    shipment_id = sent(oms)
    scan(oms, shipment_id, "lost", 5)
    scan(oms, shipment_id, "lost", 4)
    (opened,) = of_cases(oms)
    (scanned, _) = oms.readers.log().events(0, 10_000, ["shipment.scanned.v1"])
    assert (opened.meta.command_id, opened.position) == (
        scanned.meta.command_id,
        scanned.position + 1,
    )
    assert opened.meta.actor == "clerk"


@pytest.mark.parametrize("kill_at", range(1, 6))
def test_a_delay_ends_once_with_the_delivery_however_often_the_worker_is_killed(
    oms: Oms, kill_at: int
) -> None:
    late, lost = sent(oms), sent(oms)
    for shipment_id, code in ((late, "delayed"), (lost, "lost")):
        scan(oms, shipment_id, code, 5)
        scan(oms, shipment_id, "delivered", 1)
    assert run_until_killed(mortal(oms, kill_at))
    finish(oms)
    (closed,) = [r.event for r in of_cases(oms) if isinstance(r.event, CaseClosed)]
    assert (closed.case_id, closed.resolution) == (f"{late}@1", "arrived")
    assert oms.readers.log().fold(ShipmentCase, f"{lost}@1").status == "open"
    assert oms.work.refusals() == []
