"""A kit is one line of an order, and its stock is that of its components."""

from __future__ import annotations

from typing import Any

from oms_commands.catalogue.put_product import PutProduct
from oms_commands.fulfilment.cancel_shipment import CancelShipment
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.import_order import ImportOrder
from oms_commands.orders.resume import ResumeOrder
from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.request import RequestReturn
from oms_commands.routing.reroute import RerouteOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import ORDER_EVENTS, OrderEdited, OrderResumed
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.events import OrderRouted, RoutingRule, RoutingRulesDefined
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    ShippedDateCorrected,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockReleased,
    StockReturned,
    StockShipped,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given
from tests.commands.orders.test_place import OWN, line, order, placed
from tests.commands.shop import SHELF, goods, place, service, stock

PARTS = (Component("A", 2), Component("B", 1))
KIT = ProductDefined("K", "Kit", True, components=PARTS)
PAST: tuple[Event, ...] = (*SHELF, goods("B"), stock(4, "B"), KIT)
"""Ten of A and four of B: four kits."""


def of_stock(decision: Decision) -> tuple[Event, ...]:
    return tuple(event for event in decision.events if event.category == "stock")


def bought(units: int = 3) -> tuple[Event, ...]:
    return (*PAST, *given(*PAST).when(order(line(units, "K"), confirm=True)).events)


def test_a_line_takes_its_components() -> None:
    decision = given(*PAST).when(order(line(3, "K")))
    assert placed(decision).allocations == (Allocation("1", "K", "LON", 3),)
    assert of_stock(decision) == (
        StockAllocated("A", "LON", 6, OWN, "1"),
        StockAllocated("B", "LON", 3, OWN, "1"),
    )
    shown = decision.answer["lines"]
    assert isinstance(shown, list)
    assert shown[0]["components"] == [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]


def test_demand_is_summed_over_the_whole_order() -> None:
    assert given(*PAST).when(order(line(4, "K"), line(2, "A"))).events
    refused = given(*PAST).when(order(line(4, "K"), line(3, "A")))
    refused.then_refused(
        "insufficient_stock", {"line": "2", "sku": "A", "requested": 3, "available": 2}
    )
    first = given(*PAST).when(order(line(3, "A"), line(4, "K")))
    first.then_refused(
        "insufficient_stock", {"line": "2", "sku": "K", "requested": 4, "available": 3}
    )


def test_all_of_a_kit_is_taken_at_one_location() -> None:
    apart = (place("MAN", 2), stock(2, "B", "MAN"), stock(3, "A", "MAN"))
    decision = given(*PAST, *apart).when(order(line(5, "K")))
    assert placed(decision).allocations == (
        Allocation("1", "K", "LON", 4),
        Allocation("1", "K", "MAN", 1),
    )
    given(*PAST, *apart).when(order(line(6, "K"))).then_refused("insufficient_stock")


def test_what_is_cancelled_frees_its_components() -> None:
    part = given(*bought()).when(
        CancelOrder,
        order_id=OWN,
        reason="customer",
        lines=[{"line_id": "1", "quantity": 2}],
    )
    assert of_stock(part) == (
        StockReleased("A", "LON", 4, OWN, "1"),
        StockReleased("B", "LON", 2, OWN, "1"),
    )


def test_a_cancelled_order_is_resumed_with_its_components() -> None:
    whole = given(*bought()).when(CancelOrder, order_id=OWN, reason="customer")
    again = given(*bought(), *whole.events).when(ResumeOrder, order_id=OWN)
    assert isinstance(again.events[0], OrderResumed)
    assert of_stock(again) == (
        StockAllocated("A", "LON", 6, OWN, "1"),
        StockAllocated("B", "LON", 3, OWN, "1"),
    )


def test_an_edit_takes_and_frees_components() -> None:
    more = {"type": "set_quantity", "line_id": "1", "quantity": 4}
    edit = given(*bought()).when(EditOrder, order_id=OWN, changes=[more])
    assert isinstance(edit.events[0], OrderEdited)
    assert of_stock(edit) == (
        StockAllocated("A", "LON", 2, OWN, "1"),
        StockAllocated("B", "LON", 1, OWN, "1"),
    )
    swap = [
        {"type": "set_quantity", "line_id": "1", "quantity": 1},
        {"type": "add_line", "line": line(3, "K")},
    ]
    swapped = given(*bought()).when(EditOrder, order_id=OWN, changes=swap)
    assert of_stock(swapped)[:2] == (
        StockReleased("A", "LON", 4, OWN, "1"),
        StockReleased("B", "LON", 2, OWN, "1"),
    )


def test_a_shipment_takes_the_components_away_and_a_return_brings_them_back() -> None:
    past = bought()
    packed = given(*past).when(CreateShipment, order_id=OWN, location="LON")
    past = (*past, *packed.events)
    at = {"shipment_id": OWN, "occurred_at": "2026-01-02T09:00:00Z"}
    sent = given(*past).when(DispatchShipment, **at)
    assert of_stock(sent) == (
        StockShipped("A", "LON", 6, OWN, "1", OWN),
        StockShipped("B", "LON", 3, OWN, "1", OWN),
    )
    past = (*past, *sent.events)
    corrected = given(*past).when(DispatchShipment, **{**at, "occurred_at": "2026-01-03T09:00:00Z"})
    assert [type(event) for event in of_stock(corrected)] == [ShippedDateCorrected] * 2
    lines = [{"line_id": "1", "quantity": 1, "reason": "unwanted"}]
    requested = given(*past).when(RequestReturn, order_id=OWN, lines=lines, approve=True)
    back = {"line_id": "1", "quantity": 1, "condition": "resellable", "location": "LON"}
    received = given(*past, *requested.events).when(ReceiveReturn, return_id=OWN, lines=[back])
    returned = [event for event in of_stock(received) if isinstance(event, StockReturned)]
    assert [(each.sku, each.quantity) for each in returned] == [("A", 2), ("B", 1)]


def test_cancelling_a_shipment_leaves_all_allocations_of_a_kit_as_they_were() -> None:
    past = bought()
    packed = given(*past).when(CreateShipment, order_id=OWN, location="LON")
    cancelled = given(*past, *packed.events).when(CancelShipment, shipment_id=OWN)
    assert of_stock(packed) == of_stock(cancelled) == ()
    before, after = Order(), Order()
    own = [event for event in past if isinstance(event, ORDER_EVENTS)]
    later = (*packed.events, *cancelled.events)
    for event in own:
        before.apply(event)
    for event in (*own, *(each for each in later if isinstance(each, ORDER_EVENTS))):
        after.apply(event)
    assert after.lines == before.lines
    assert after.lines["1"].allocated_at == {"LON": 3}


def test_a_packed_kit_that_is_cancelled_frees_its_components() -> None:
    past = bought()
    packed = given(*past).when(CreateShipment, order_id=OWN, location="LON")
    cancelled = given(*past, *packed.events).when(CancelOrder, order_id=OWN, reason="customer")
    assert of_stock(cancelled) == (
        StockReleased("A", "LON", 6, OWN, "1"),
        StockReleased("B", "LON", 3, OWN, "1"),
    )


def test_a_kit_is_backordered_whole_and_filled_when_all_of_it_is_there() -> None:
    decision = given(*PAST).when(order(line(6, "K"), backorder="allow"))
    assert placed(decision).backorders == (Backorder("1", "K", "LON", 2),)
    assert of_stock(decision)[2:] == (
        StockBackordered("A", "LON", 4, OWN, "1"),
        StockBackordered("B", "LON", 2, OWN, "1"),
    )
    past = (*PAST, *decision.events)
    given(*past).when(AllocateBackorders, order_id=OWN).then_refused("insufficient_stock")
    filled = given(*past, stock(1, "B"), stock(5)).when(
        AllocateBackorders, order_id=OWN, lines=["1"]
    )
    assert of_stock(filled) == (
        BackorderReleased("A", "LON", 2, OWN, "1"),
        BackorderReleased("B", "LON", 1, OWN, "1"),
        StockAllocated("A", "LON", 2, OWN, "1"),
        StockAllocated("B", "LON", 1, OWN, "1"),
    )


def test_the_limits_of_the_components_hold() -> None:
    limited = (*PAST, goods("B", backorder_limit=1))
    assert given(*limited).when(order(line(5, "K"), backorder="allow")).events
    given(*limited).when(order(line(6, "K"), backorder="allow")).then_refused(
        "insufficient_stock", {"line": "1", "sku": "K", "requested": 6, "available": 4}
    )


def test_a_kit_with_a_sensitive_component_is_sensitive() -> None:
    pill = ProductDefined("B", "Pill", True, sensitive=True)
    assert placed(given(*PAST, pill).when(order(line(1, "K")))).sensitive


def test_an_order_keeps_the_kit_as_it_was_ordered() -> None:
    other = ProductDefined("K", "Kit", True, components=(Component("B", 4),))
    cancelled = given(*bought(), other).when(CancelOrder, order_id=OWN, reason="customer")
    assert of_stock(cancelled) == (
        StockReleased("A", "LON", 6, OWN, "1"),
        StockReleased("B", "LON", 3, OWN, "1"),
    )


def test_a_kit_has_no_stock_of_its_own() -> None:
    received = given(*PAST).when(ReceiveStock, sku="K", location="LON", quantity=1)
    received.then_refused("is_kit", {"sku": "K"})
    parts = [{"sku": "B", "quantity": 1}]
    given(*PAST).when(PutProduct, sku="A", title="A", components=parts).then_refused("has_stock")


def test_components_are_goods_and_no_kits() -> None:
    for sku in ("K", "POST", "X", "N"):
        parts = [{"sku": sku, "quantity": 1}]
        past = given(*PAST, service())
        past.when(PutProduct, sku="N", title="N", components=parts).then_refused(
            "bad_component", {"sku": sku}
        )
    twice = [{"sku": "A", "quantity": 1}] * 2
    given(*PAST).when(PutProduct, sku="N", title="N", components=twice).then_invalid("components")
    defined = given(*PAST).when(
        PutProduct, sku="N", title="N", components=[{"sku": "A", "quantity": 2}]
    )
    assert defined.answer["components"] == [{"sku": "A", "quantity": 2}]


FEWEST = RoutingRulesDefined("web", (RoutingRule("fewest_splits"),))


def test_rules_rank_the_places_of_a_kit_by_its_components() -> None:
    apart = (place("MAN", 2), stock(20, "B", "MAN"), stock(20, "A", "MAN"), FEWEST)
    decision = given(*PAST, *apart).when(order(line(5, "K")))
    assert placed(decision).allocations == (Allocation("1", "K", "MAN", 5),)
    (routed,) = [event for event in decision.events if isinstance(event, OrderRouted)]
    assert [(each.sku, each.quantity) for each in routed.lines] == [("A", 10), ("B", 5)]
    assert routed.decided_by == "fewest_splits"


def test_a_kit_of_low_value_is_not_split_over_places() -> None:
    floor = RoutingRule("split_floor", Money(10_000, "GBP"))
    rules = RoutingRulesDefined("web", (RoutingRule("priority"), floor))
    apart = (place("MAN", 2), stock(20, "B", "MAN"), stock(20, "A", "MAN"), rules)
    both = placed(given(*PAST, *apart).when(order(line(5, "K"), line(3, "A"))))
    assert both.allocations[0] == Allocation("1", "K", "MAN", 5)
    dear = placed(given(*PAST, *apart).when(order(line(5, "K", unit_price="100.00"))))
    assert [a.location for a in dear.allocations] == ["LON", "MAN"]


def test_a_kit_is_rerouted_with_its_components() -> None:
    past = (*bought(), place("MAN", 2), stock(4, "A", "MAN"), stock(9, "B", "MAN"))
    decision = given(*past).when(RerouteOrder(OWN, without=("LON",)))
    assert of_stock(decision) == (
        StockReleased("A", "LON", 4, OWN, "1"),
        StockReleased("B", "LON", 2, OWN, "1"),
        StockAllocated("A", "MAN", 4, OWN, "1"),
        StockAllocated("B", "MAN", 2, OWN, "1"),
    )
    waits = given(*past).when(RerouteOrder(OWN, without=("LON",), backorder=True))
    assert of_stock(waits)[-2:] == (
        StockBackordered("A", "MAN", 2, OWN, "1"),
        StockBackordered("B", "MAN", 1, OWN, "1"),
    )


PAST_KITS: dict[str, Any] = {
    "channel": "web",
    "currency": "GBP",
    "external_id": "old-1",
    "lines": [{"sku": "K", "quantity": 2, "unit_price": "9.00"}],
    "shipments": [{"location": "LON", "dispatched_at": CONTEXT.now}],
}


def moved(decision: Decision) -> list[tuple[type[Event], str, int]]:
    """The events of stock of a decision, with SKU and units."""
    return [
        (type(e), e.sku, e.quantity)
        for e in decision.events
        if isinstance(e, StockAllocated | StockShipped)
    ]


def test_an_imported_kit_takes_and_ships_its_components() -> None:
    decision = given(*PAST).when(ImportOrder, **PAST_KITS, stock="update")
    assert moved(decision) == [
        (StockAllocated, "A", 4),
        (StockAllocated, "B", 2),
        (StockShipped, "A", 4),
        (StockShipped, "B", 2),
    ]
    assert moved(given(*PAST).when(ImportOrder, **PAST_KITS, stock="skip")) == []


def test_an_imported_kit_is_short_by_its_components() -> None:
    few = (place("LON"), KIT, goods("A"), goods("B"), stock(3, "A"), stock(9, "B"))
    short = given(*few).when(ImportOrder, **PAST_KITS, stock="update")
    short.then_refused(
        "insufficient_stock", {"line": "1", "sku": "K", "requested": 2, "available": 1}
    )
    forced = given(*few).when(ImportOrder, **PAST_KITS, stock="force")
    adjusted = [e for e in forced.events if isinstance(e, StockAdjusted)]
    assert [(e.sku, e.change) for e in adjusted] == [("A", 1)]
