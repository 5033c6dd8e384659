"""Orders that are not to be shipped before a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.release_schedule import ReleaseScheduledOrder
from oms_commands.orders.resume import ResumeOrder
from oms_ledger.domain.orders.events import (
    FulfilmentReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
)
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockReleased
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.shop import AT, SHELF, quantities, six

LATER = AT + timedelta(days=60)
RELEASE = ReleaseScheduledOrder("o1")
SHIP = CreateShipment(order_id="o1", location="LON")
PLACE = {
    "channel": "web",
    "currency": "GBP",
    "lines": [{"sku": "A", "quantity": 6, "unit_price": "2.55"}],
    "external_id": "1",
    "confirm": True,
}


def scheduled(confirmed: bool = True, due: datetime = LATER) -> tuple[Event, ...]:
    """The order `o1`, which is to be shipped later."""
    return tuple(
        replace(event, terms=replace(event.terms, fulfil_at=due))
        if isinstance(event, OrderPlaced)
        else event
        for event in six(confirmed=confirmed)
    )


def status(*events: Event) -> str:
    order = Order()
    for event in events:
        if event.stream == "order-o1":
            order.apply(event)
    return order.statuses.order


def test_a_confirmed_order_is_scheduled_until_it_is_released() -> None:
    assert status(*scheduled(confirmed=False)) == "pending"
    assert status(*scheduled()) == "scheduled"
    given(*scheduled()).when(RELEASE).then(FulfilmentReleased("o1"))
    assert status(*scheduled(), FulfilmentReleased("o1")) == "confirmed"
    assert status(*scheduled(confirmed=False), FulfilmentReleased("o1")) == "pending"


def test_a_pending_order_may_be_released() -> None:
    given(*scheduled(confirmed=False)).when(RELEASE).then(FulfilmentReleased("o1"))


def test_a_scheduled_order_is_not_shipped() -> None:
    refused = given(*scheduled()).when(SHIP).then_refused("illegal_transition")
    assert refused.detail == (
        "The order is scheduled; it cannot be shipped. Its fulfil_at is 2026-03-02T09:00:00Z. Wait"
        " until then, or release it with POST .../release-schedule."
    )
    assert given(*scheduled(), FulfilmentReleased("o1")).when(SHIP).events


def test_an_order_that_is_released_or_cancelled_stays_as_it_is() -> None:
    given(*scheduled(), FulfilmentReleased("o1")).when(RELEASE).then()
    cancelled = OrderCancelled("o1", "customer", None, quantities(6))
    given(*scheduled(), cancelled).when(RELEASE).then()
    expired = OrderCancelled("o1", "expired", None, quantities(6))
    given(*scheduled(), expired).when(RELEASE).then()


def test_an_order_without_a_schedule_cannot_be_released() -> None:
    refused = given(*six()).when(RELEASE).then_refused("illegal_transition")
    assert "It has no fulfil_at" in refused.detail
    given(*SHELF).when(RELEASE).then_refused("not_found")


@pytest.mark.parametrize(("days", "released"), [(-1, True), (1, False)])
def test_an_order_that_is_resumed_after_its_time_is_released(days: int, released: bool) -> None:
    """Its deadline was closed when that came."""
    due = CONTEXT.now + timedelta(days=days)
    cancelled = OrderCancelled(
        "o1", "customer", None, quantities(6), (Allocation("1", "A", "LON", 6),)
    )
    past = (*scheduled(due=due), cancelled, StockReleased("A", "LON", 6, "o1", "1"))
    resumed = given(*past).when(ResumeOrder, order_id="o1")
    assert (FulfilmentReleased("o1") in resumed.events) is released
    assert status(*past, *resumed.events) == ("confirmed" if released else "scheduled")
    after = given(*scheduled(due=due), FulfilmentReleased("o1"), *past[-2:])
    assert FulfilmentReleased("o1") not in after.when(ResumeOrder, order_id="o1").events


def test_a_scheduled_order_can_be_held_and_cancelled() -> None:
    assert given(*scheduled()).when(HoldOrder, order_id="o1", reason="fraud").events
    assert given(*scheduled()).when(CancelOrder, order_id="o1", reason="customer").events


def test_an_order_is_placed_for_later() -> None:
    ahead = CONTEXT.now + timedelta(days=9)
    placed = given(*SHELF).when(PlaceOrder, **PLACE, fulfil_at=ahead)
    assert not any(isinstance(each, FulfilmentReleased) for each in placed.events)
    (order,) = [each for each in placed.events if isinstance(each, OrderPlaced)]
    assert order.terms.fulfil_at == ahead
    assert order.ship_by > ahead, "what is promised is promised from then on"
    assert placed.answer["fulfil_at"] == "2026-02-09T00:00:00Z"
    assert placed.answer["status"]["order"] == "scheduled"  # type: ignore[index,call-overload]  # JSON


def test_an_order_that_is_due_is_placed_as_any_other() -> None:
    placed = given(*SHELF).when(PlaceOrder, **PLACE, fulfil_at=CONTEXT.now)
    assert [type(each) for each in placed.events][-2:] == [OrderConfirmed, FulfilmentReleased]
    assert placed.answer["status"]["order"] == "confirmed"  # type: ignore[index,call-overload]  # JSON


def test_the_same_order_for_another_time_is_another_order() -> None:
    first = given(*SHELF).when(PlaceOrder, **PLACE, fulfil_at=LATER)
    again = given(*SHELF, *first.events)
    again.when(PlaceOrder, **PLACE, fulfil_at=LATER).then()
    again.when(PlaceOrder, **PLACE).then_refused("external_id_reused")
