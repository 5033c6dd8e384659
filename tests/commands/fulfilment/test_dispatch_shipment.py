"""Handing a shipment over: the stock leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.describe import describe
from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentDispatched,
    ShipmentLabelled,
)
from oms_ledger.domain.orders.events import OrderHeld, UnitsShipped, UnitsUnpacked
from oms_ledger.domain.stock.events import StockShipped
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given
from tests.commands.payments.past import authorised, captured, paid_by, requested
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
    refused = given(*held).when(COMMAND).then_refused("ship_blocked")
    assert "on hold (fraud)" in refused.detail
    assert refused.errors == ({"block": "hold", "hold_id": "h1", "reason": "fraud", "lines": []},)


UNPAID = ChannelDefined("web", ship_unpaid=False)


def test_what_is_unpaid_stays_where_its_channel_ships_nothing_unpaid() -> None:
    refused = given(*PACKED, UNPAID).when(COMMAND).then_refused("ship_blocked")
    assert refused.errors == ({"block": "unpaid", "due": "20.25", "currency": "GBP"},)
    assert given(*PACKED, ChannelDefined("web")).when(COMMAND).events
    assert given(*PACKED, ChannelDefined("web", ship_unpaid=True)).when(COMMAND).events
    assert given(*PACKED, replace(UNPAID, channel="till")).when(COMMAND).events


def test_what_is_paid_or_authorised_may_leave() -> None:
    assert given(*PACKED, *authorised(), UNPAID).when(COMMAND).events
    assert given(*PACKED, *captured(), UNPAID).when(COMMAND).events
    part = (
        given(*PACKED, *authorised("p1", 2000), UNPAID).when(COMMAND).then_refused("ship_blocked")
    )
    assert part.errors == ({"block": "unpaid", "due": "0.25", "currency": "GBP"},)
    waits = paid_by("p1", requested(provider="external"))
    given(*PACKED, *waits, UNPAID).when(COMMAND).then_refused("ship_blocked")


def test_each_block_is_named() -> None:
    holds = (OrderHeld("o1", "h1", "fraud"), OrderHeld("o1", "h2", "address", None, ("1",)))
    refused = given(*PACKED, *holds, UNPAID).when(COMMAND).then_refused("ship_blocked")
    named = [(error["block"], error.get("hold_id")) for error in refused.errors]
    assert named == [("hold", "h1"), ("hold", "h2"), ("unpaid", None)]
    assert "on hold (address, fraud) and unpaid (20.25 GBP)" in refused.detail


def test_it_leaves_in_spite_of_them_for_a_reason_that_is_on_record() -> None:
    shop = given(*PACKED, OrderHeld("o1", "h1", "fraud"), UNPAID)
    shop.when(DispatchShipment, shipment_id="s1", force=True).then_invalid("reason")
    shop.when(DispatchShipment, shipment_id="s1", reason="known").then_invalid("reason")
    dispatched = shop.when(
        DispatchShipment, shipment_id="s1", force=True, reason="known buyer"
    ).events[0]
    assert isinstance(dispatched, ShipmentDispatched)
    assert (dispatched.force, dispatched.overridden) == ("known buyer", ("hold:h1", "unpaid"))
    (sentence,) = describe(dispatched, {})
    assert "in spite of hold:h1, unpaid; reason: known buyer" in sentence
    free = given(*PACKED).when(DispatchShipment, shipment_id="s1", force=True, reason="hurry")
    assert free.events[0] == ShipmentDispatched("s1", "o1", None, dispatched_at=CONTEXT.now)


def test_a_shipment_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_a_time_has_a_zone() -> None:
    given().when(
        DispatchShipment, shipment_id="s1", occurred_at="2026-01-01T00:00:00"
    ).then_invalid("occurred_at")
