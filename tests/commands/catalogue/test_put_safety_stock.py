"""Safety stock of a location is kept out of all that is sold from there, and holds up nothing that
was sold before."""

from __future__ import annotations

import threading

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.catalogue.put_safety_stock import PutSafetyStock
from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.reservations.create import CreateReservation
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.catalogue.events import Component, ProductDefined, SafetyStock
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.routing.events import RoutingRule, RoutingRulesDefined
from oms_ledger.kernel import Event
from oms_ledger.testing import MemoryLedger, given
from tests.commands.orders.test_allocate_backorders import waiting
from tests.commands.orders.test_place import line, order, placed
from tests.commands.shop import goods, place, six, stock
from tests.domain.stock.test_promise import promised

KEPT = ProductDefined("A", "A", True, safety_stock=1, safety_stock_at=(SafetyStock("LON", 4),))
TWO: tuple[Event, ...] = (place(), place("MAN", 2), KEPT, stock(10), stock(3, location="MAN"))


def test_a_location_has_a_number_of_its_own() -> None:
    past = given(place(), place("MAN", 2), goods(safety_stock=1))
    decision = past.when(PutSafetyStock("A", "LON", 4))
    decision.then(KEPT)
    assert decision.answer["safety_stock_at"] == [{"location": "LON", "quantity": 4}]
    given(*past.events, KEPT).when(PutSafetyStock("A", "LON", 4)).then()
    given(*past.events, KEPT).when(PutSafetyStock("A", "LON", None)).then(goods(safety_stock=1))
    none = SafetyStock("MAN", 0)
    (more,) = given(*past.events, KEPT).when(PutSafetyStock("A", "MAN", 0)).events
    assert isinstance(more, ProductDefined)
    assert more.safety_stock_at == (*KEPT.safety_stock_at, none)
    assert [more.safety_stock_of(code) for code in ("LON", "MAN", "YRK")] == [4, 0, 1]


def test_defining_the_product_anew_leaves_it() -> None:
    (event,) = given(KEPT).when(PutProduct("A", "New title", safety_stock=2)).events
    assert isinstance(event, ProductDefined)
    assert (event.safety_stock, event.safety_stock_at) == (2, KEPT.safety_stock_at)


def test_what_is_unknown_is_refused() -> None:
    given(place()).when(PutSafetyStock("A", "LON", 4)).then_refused("unknown_sku")
    given(KEPT).when(PutSafetyStock("A", "YRK", 4)).then_refused("unknown_location")
    given(KEPT).when(PutSafetyStock, sku="A", code="LON").then_invalid("quantity")


def test_orders_and_reservations_do_not_get_it() -> None:
    given(*TWO).when(order(line(9))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 9, "available": 8}
    )
    got = placed(given(*TWO).when(order(line(8)))).allocations
    assert got == (Allocation("1", "A", "LON", 6), Allocation("1", "A", "MAN", 2))
    reserve = {"lines": [{"sku": "A", "quantity": 7, "location": "LON"}], "expires_in_s": 60}
    given(*TWO).when(CreateReservation, **reserve).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 7, "available": 6}
    )


def test_kits_and_promises_leave_it() -> None:
    past = (*TWO, ProductDefined("K", "Kit", True, components=(Component("A", 2),)))
    assert promised(past).available_now == 6 + 2
    assert promised(past, sku="K").available_now == 3 + 1


def test_rules_of_routing_do_not_see_it() -> None:
    """LON has more units, and fewer that it can give away."""
    rules = RoutingRulesDefined("web", (RoutingRule("highest_stock"),))
    kept = ProductDefined("A", "A", True, safety_stock_at=(SafetyStock("LON", 8),))
    past = (place(), place("MAN", 2), kept, stock(10), stock(3, location="MAN"), rules)
    got = placed(given(*past).when(order(line(3)))).allocations
    assert got == (Allocation("1", "A", "MAN", 3),)


def test_orders_that_wait_do_not_get_it_either() -> None:
    past = (*waiting(5), KEPT, stock(5))
    (first, *_) = given(*past).when(AllocateBackorders("o1")).events
    assert isinstance(first, BackordersAllocated)
    assert first.allocations == (Allocation("1", "A", "LON", 1),)


def test_what_is_allocated_is_shipped_all_the_same() -> None:
    kept = ProductDefined("A", "A", True, safety_stock_at=(SafetyStock("LON", 10),))
    made = given(*six(), kept).when(CreateShipment, order_id="o1", location="LON")
    assert made.events


@pytest.mark.parametrize("buyers", [20])
def test_many_at_the_same_moment_leave_it(buyers: int) -> None:
    with MemoryLedger() as ledger:
        for code, n in (("LON", 1), ("MAN", 2)):
            ledger.execute(PutLocation(code, code, priority=n))
            ledger.execute(ReceiveStock("A", code, 8))
        ledger.execute(PutSafetyStock("A", "LON", 5))
        outcomes: list[str] = []

        def buy() -> None:
            try:
                ledger.execute(order(line(1)))
                outcomes.append("placed")
            except Refused as refusal:
                outcomes.append(refusal.code)

        threads = [threading.Thread(target=buy) for _ in range(buyers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(outcomes) == ["insufficient_stock"] * (buyers - 11) + ["placed"] * 11
