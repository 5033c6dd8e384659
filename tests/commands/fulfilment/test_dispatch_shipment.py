"""Handing a shipment over: the stock leaves."""

from __future__ import annotations

import pytest

from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentDispatched,
    ShipmentLabelled,
)
from oms_ledger.domain.orders.events import OrderHeld, UnitsShipped, UnitsUnpacked
from oms_ledger.domain.stock.events import StockShipped
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given
from tests.commands.shop import AT, UNDER_WAY, delivered, packed, quantities, six

PACKED = (*six(), *packed())
COMMAND = DispatchShipment(shipment_id="s1")
CANCELLED = (
    ShipmentCancelled("s1", "o1"),
    UnitsUnpacked("o1", "s1", "LON", quantities(6)),
)


@pytest.mark.parametrize("past", [PACKED, (*PACKED, ShipmentLabelled("s1", None))])
def test_placement_allocates_and_dispatch_reduces_what_is_on_hand(
    past: tuple[Event, ...],
) -> None:
    decision = given(*past).when(COMMAND)
    decision.then(
        ShipmentDispatched("s1", "o1", None, dispatched_at=CONTEXT.now),
        UnitsShipped("o1", "s1", quantities(6)),
        StockShipped("A", "LON", 6, "o1", "1", "s1"),
    )
    assert decision.answer["status"] == "dispatched"


def test_it_keeps_when_it_really_left_and_that_the_date_was_made_up() -> None:
    decision = given(*PACKED).when(
        DispatchShipment(shipment_id="s1", tracking_number="T1", occurred_at=AT, simulated=True)
    )
    assert decision.events[0] == ShipmentDispatched("s1", "o1", "T1", True, AT)
    assert {change.occurred_at for change in decision.changes} == {AT}


@pytest.mark.parametrize(
    ("past", "status"),
    [
        (UNDER_WAY, "dispatched"),
        ((*UNDER_WAY, *delivered()), "delivered"),
        ((*PACKED, *CANCELLED), "cancelled"),
    ],
)
def test_it_leaves_once(past: tuple[Event, ...], status: str) -> None:
    refused = given(*past).when(COMMAND).then_refused("illegal_transition")
    assert f"The shipment is {status}; it cannot be dispatched" in refused.detail


def test_a_hold_keeps_even_a_packed_shipment_from_leaving() -> None:
    held = (*PACKED, OrderHeld("o1", "h1", "fraud"))
    refused = given(*held).when(COMMAND).then_refused("illegal_transition")
    assert "on hold (fraud)" in refused.detail


def test_a_shipment_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_a_time_has_a_zone() -> None:
    given().when(
        DispatchShipment, shipment_id="s1", occurred_at="2026-01-01T00:00:00"
    ).then_invalid("occurred_at")
