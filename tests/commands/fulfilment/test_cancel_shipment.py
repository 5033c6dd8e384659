"""Cancelling a shipment that has not left."""

from __future__ import annotations

import pytest

from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_ledger.domain.fulfilment.events import ShipmentCancelled, ShipmentLabelled
from oms_ledger.domain.orders.events import UnitsUnpacked
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import UNDER_WAY, delivered, packed, quantities, six

COMMAND = CancelShipment(shipment_id="s1")


def order_after(*events: Event) -> Order:
    order = Order()
    for event in events:
        if event.type.startswith("order."):
            order.apply(event)
    return order


def test_exactly_its_units_are_allocated_again() -> None:
    decision = given(*six(), *packed(4)).when(COMMAND)
    decision.then(ShipmentCancelled("s1", "o1"), UnitsUnpacked("o1", "s1", "LON", quantities(4)))
    after = order_after(*six(), *packed(4), *decision.events)
    assert after.lines == order_after(*six()).lines
    assert decision.answer["status"] == "cancelled"


def test_a_labelled_shipment_has_not_left() -> None:
    past = (*six(), *packed(), ShipmentLabelled("s1", "T1"))
    assert given(*past).when(COMMAND).events


def test_cancelled_is_cancelled() -> None:
    past = (*six(), *packed())
    once = given(*past).when(COMMAND)
    given(*past, *once.events).when(COMMAND).then_refused("already_cancelled")


@pytest.mark.parametrize(
    ("past", "status"), [(UNDER_WAY, "dispatched"), ((*UNDER_WAY, *delivered()), "delivered")]
)
def test_what_has_left_can_only_be_returned(past: tuple[Event, ...], status: str) -> None:
    refused = given(*past).when(COMMAND).then_refused("illegal_transition")
    assert refused.detail == (
        f"The shipment is {status}; it cannot be cancelled. What has left can be returned."
    )


def test_a_shipment_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_a_shipment_has_an_id() -> None:
    given().when(CancelShipment, shipment_id="").then_invalid("shipment_id")
