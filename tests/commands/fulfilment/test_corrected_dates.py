"""Dates of shipments that cannot all be true, and their correction by a later fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_ledger.domain.fulfilment.dates import DoubtfulDate, doubtful_dates
from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentDateCorrected,
    ShipmentDispatched,
    ShipmentLabelled,
)
from oms_ledger.domain.orders.events import UnitsDateCorrected, UnitsUnpacked
from oms_ledger.domain.stock.events import ShippedDateCorrected
from oms_ledger.testing import CONTEXT, MemoryLedger, given
from oms_ledger.testing.log import LogUntil, Records
from oms_projections.order_status.views import detail, document_of
from oms_projections.shipping_analytics import READ_MODEL
from oms_projections.shipping_analytics.rows import ShipmentRow
from oms_projections.stock_levels.queries import GetStock, get_stock_as_of
from tests.commands.shop import AT, UNDER_WAY, delivered, packed, quantities, six

DAY = timedelta(days=1)
LATER = AT + DAY


def deliver(at: datetime | None = None, *, simulated: bool = False) -> DeliverShipment:
    return DeliverShipment(shipment_id="s1", occurred_at=at, simulated=simulated)


def dispatch(
    at: datetime | None = None, number: str | None = None, *, simulated: bool = False
) -> DispatchShipment:
    return DispatchShipment(
        shipment_id="s1", occurred_at=at, tracking_number=number, simulated=simulated
    )


def test_another_date_of_delivery_corrects_the_one_before() -> None:
    decision = given(*UNDER_WAY, *delivered()).when(deliver(LATER))
    decision.then(
        ShipmentDateCorrected("s1", "o1", "delivered_at", LATER),
        UnitsDateCorrected("o1", "s1", "delivered_at", LATER),
    )
    assert {change.occurred_at for change in decision.changes} == {LATER}
    assert decision.answer["delivered_at"] == "2026-01-02T09:00:00Z"
    assert decision.answer["status"] == "delivered"


@pytest.mark.parametrize("again", [deliver(), deliver(AT), deliver(LATER, simulated=True)])
def test_the_same_date_none_or_a_made_up_one_changes_nothing(again: DeliverShipment) -> None:
    given(*UNDER_WAY, *delivered()).when(again).then()


def test_a_corrected_date_can_be_corrected_and_repeated() -> None:
    past = (*UNDER_WAY, *delivered(), ShipmentDateCorrected("s1", "o1", "delivered_at", LATER))
    given(*past).when(deliver(LATER)).then()
    assert given(*past).when(deliver(AT)).answer["delivered_at"] == "2026-01-01T09:00:00Z"


@pytest.mark.parametrize("past", [UNDER_WAY, (*UNDER_WAY, *delivered())])
def test_another_date_of_dispatch_corrects_it_in_order_shipment_and_stock(past: Any) -> None:
    decision = given(*past).when(dispatch(LATER))
    decision.then(
        ShipmentDateCorrected("s1", "o1", "dispatched_at", LATER),
        UnitsDateCorrected("o1", "s1", "dispatched_at", LATER),
        ShippedDateCorrected("A", "LON", 6, "o1", "1", "s1", LATER),
    )
    assert decision.answer["dispatched_at"] == "2026-01-02T09:00:00Z"
    given(*past, *decision.events).when(dispatch(LATER)).then()


def test_a_dispatch_with_anything_else_that_is_new_is_refused() -> None:
    past = (*six(), *packed(), ShipmentLabelled("s1", "T1"), *UNDER_WAY[len(six()) + 2 :])
    assert given(*past).when(dispatch(LATER, "T1")).events
    for other in (dispatch(LATER, "T2"), dispatch(), dispatch(LATER, simulated=True)):
        refused = given(*past).when(other).then_refused("illegal_transition")
        assert "Another `occurred_at` alone corrects" in refused.detail


def test_what_was_cancelled_or_is_to_come_is_not_corrected() -> None:
    unpacked = UnitsUnpacked("o1", "s1", "LON", quantities(6))
    cancelled = (*six(), *packed(), ShipmentCancelled("s1", "o1"), unpacked)
    given(*cancelled).when(dispatch(LATER)).then_refused("illegal_transition")
    future = CONTEXT.now + DAY
    given(*UNDER_WAY).when(dispatch(future)).then_refused("invalid_fields")
    given(*UNDER_WAY, *delivered()).when(deliver(future)).then_refused("invalid_fields")


@pytest.mark.parametrize(
    ("placed", "left", "arrived", "doubtful"),
    [
        (0, None, None, []),
        (0, 1, None, []),
        (0, 1, 2, []),
        (0, 0, 0, []),
        (0, -1, None, [DoubtfulDate("dispatched_at", "placed_at")]),
        (0, -1, 2, [DoubtfulDate("dispatched_at", "placed_at")]),
        (0, 3, 2, [DoubtfulDate("delivered_at", "dispatched_at")]),
        (
            0,
            -1,
            -2,
            [
                DoubtfulDate("dispatched_at", "placed_at"),
                DoubtfulDate("delivered_at", "dispatched_at"),
            ],
        ),
    ],
)
def test_dates_that_cannot_all_be_true(
    placed: int, left: int | None, arrived: int | None, doubtful: list[DoubtfulDate]
) -> None:
    at = [None if day is None else AT + day * DAY for day in (left, arrived)]
    assert doubtful_dates(AT + placed * DAY, *at) == doubtful


def test_a_shipment_shows_them_until_they_are_corrected() -> None:
    left = ShipmentDispatched("s1", "o1", None, dispatched_at=AT + 9 * DAY)
    past = (*six(), *packed(), left, *UNDER_WAY[-2:])
    decision = given(*past).when(deliver(AT + 4 * DAY))
    assert decision.answer["doubtful_dates"] == [
        {"date": "delivered_at", "before": "dispatched_at"}
    ]
    better = given(*past, *decision.events).when(dispatch(AT + 3 * DAY))
    assert better.answer["doubtful_dates"] == []


class Backfill:
    """An order of six on the 5th that, unless it waits to be confirmed, left on the 3rd and arrived
    on the 2nd."""

    def __init__(self, ledger: MemoryLedger, *, confirm: bool = True) -> None:
        self.first = CONTEXT.now - 3000 * DAY
        self.ledger = ledger
        self.run("PutLocation", code="LON", name="London")
        self.run("ReceiveStock", sku="A", location="LON", quantity=10, occurred_at=self.day(1))
        order = self.run(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            lines=[{"sku": "A", "quantity": 6, "unit_price": "1.00"}],
            placed_at=self.day(5),
            confirm=confirm,
        )
        self.order_id = str(order["order_id"])
        if not confirm:
            return
        parcel = self.run(
            "CreateShipment", order_id=self.order_id, location="LON", occurred_at=self.day(5)
        )
        self.shipment_id = str(parcel["shipment_id"])
        self.run("DispatchShipment", shipment_id=self.shipment_id, occurred_at=self.day(3))
        self.run("DeliverShipment", shipment_id=self.shipment_id, occurred_at=self.day(2))

    def day(self, day: int) -> datetime:
        return self.first + day * DAY

    def run(self, command: str, **body: object) -> Mapping[str, Any]:
        return self.ledger.execute(COMMANDS[command](**body)).answer

    def order(self) -> Mapping[str, Any]:
        stream = f"order-{self.order_id}"
        return detail(document_of([r for r in self.ledger.history() if r.stream == stream]))

    def row(self) -> ShipmentRow:
        (row,) = (
            given(*(r.event for r in self.ledger.history())).folded_into(READ_MODEL).of(ShipmentRow)
        )
        return row

    def on_hand(self, day: int) -> int:
        records = Records()
        for recorded in self.ledger.history():
            records.add(recorded)
        log = LogUntil(records, len(self.ledger.history()))
        body: Mapping[str, Any] = get_stock_as_of(GetStock("A", self.day(day)), log)
        return int(body["on_hand"])


@pytest.fixture
def ledger() -> Iterator[MemoryLedger]:
    with MemoryLedger() as ledger:
        yield ledger


def test_everything_follows_a_correction(ledger: MemoryLedger) -> None:
    shop = Backfill(ledger)
    doubts = [("dispatched_at", "placed_at"), ("delivered_at", "dispatched_at")]
    assert shop.order()["doubtful_dates"] == [
        {"shipment_id": shop.shipment_id, "date": date, "before": before} for date, before in doubts
    ]
    assert [shop.on_hand(day) for day in (2, 3, 6, 7)] == [10, 4, 4, 4]
    shop.run("DispatchShipment", shipment_id=shop.shipment_id, occurred_at=shop.day(7))
    shop.run("DeliverShipment", shipment_id=shop.shipment_id, occurred_at=shop.day(9))
    order = shop.order()
    assert order["doubtful_dates"] == []
    assert order["timestamps"]["shipped_at"] == shop.day(7).isoformat().replace("+00:00", "Z")
    assert order["timestamps"]["delivered_at"] == shop.day(9).isoformat().replace("+00:00", "Z")
    assert [shop.on_hand(day) for day in (2, 3, 6, 7)] == [10, 10, 10, 4]
    row = shop.row()
    assert (row.dispatched_at, row.delivered_at) == (shop.day(7), shop.day(9))


@pytest.mark.parametrize(("day", "doubted"), [(4, True), (5, False), (6, False)])
def test_a_confirmation_before_the_order_is_in_doubt(
    ledger: MemoryLedger, day: int, doubted: bool
) -> None:
    shop = Backfill(ledger, confirm=False)
    shop.run("ConfirmOrder", order_id=shop.order_id, occurred_at=shop.day(day))
    doubt = {"shipment_id": None, "date": "confirmed_at", "before": "placed_at"}
    assert shop.order()["doubtful_dates"] == ([doubt] if doubted else [])
