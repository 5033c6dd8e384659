"""Importing an order of the past: its number, dates, shipments and payments, and what its stock
does."""

from __future__ import annotations

import pytest

from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.import_order import ImportOrder
from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.catalogue.events import (
    OrderNumberClaimed,
)
from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentDispatched,
)
from oms_ledger.domain.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    PaymentProgressed,
    UnitsDelivered,
    UnitsPacked,
    UnitsShipped,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentRequested,
)
from oms_ledger.domain.routing.events import (
    OrderRouted,
    RoutingRule,
    RoutingRulesDefined,
    UnitsRouted,
)
from oms_ledger.domain.stock.events import (
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockShipped,
    StockStreamEvent,
)
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.orders.past import (
    OWN,
    PLACED,
    SHIPPED,
    day,
    imported,
    kinds,
    line,
    only,
    past,
    status,
)
from tests.commands.shop import SHELF, goods, ordered, place, stock


def test_a_whole_life_is_written_with_its_own_dates() -> None:
    decision = imported(
        number="SO-1",
        confirmed_at=day(1),
        shipments=[SHIPPED | {"dispatched_at": day(2), "tracking_number": "T1"}],
        payments=[
            {"provider": "bank", "reference": "17", "amount": "15.30", "captured_at": day(0)}
        ],
        stock="skip",
    )
    assert kinds(decision) == [
        OrderNumberClaimed,
        OrderPlaced,
        OrderConfirmed,
        PaymentRequested,
        PaymentAuthorised,
        CaptureRequested,
        PaymentCaptured,
        PaymentProgressed,
        UnitsPacked,
        ShipmentCreated,
        ShipmentDispatched,
        UnitsShipped,
        ShipmentDelivered,
        UnitsDelivered,
    ]
    dates = {type(c.event): c.occurred_at for c in decision.changes}
    assert dates[OrderNumberClaimed] is None, "the number is kept from now on"
    assert (dates[OrderPlaced], dates[OrderConfirmed]) == (PLACED, day(1))
    assert (dates[UnitsPacked], dates[UnitsShipped], dates[UnitsDelivered]) == (
        day(2),
        day(2),
        day(3),
    )
    assert dates[PaymentCaptured] == day(0)
    assert decision.answer["order_number"] == "SO-1"
    assert decision.answer["imported"] == "skip"
    assert decision.answer["status"] == {
        "order": "completed",
        "payment": "paid",
        "fulfilment": "delivered",
        "return": "none",
    }


def test_history_touches_no_stock() -> None:
    decision = imported(place(), goods(), shipments=[SHIPPED], stock="skip")
    assert only(decision, StockStreamEvent) == []
    (placed,) = only(decision, OrderPlaced)
    assert isinstance(placed, OrderPlaced)
    assert placed.untracked == (LineQuantity("1", 6),)
    assert (placed.allocations, placed.backorders) == ((), ())
    assert line(decision)["shipped"] == 6


def test_open_units_of_history_wait_for_no_stock() -> None:
    decision = imported(confirmed_at=day(1), stock="skip")
    assert only(decision, StockStreamEvent) == []
    assert (line(decision)["untracked"], line(decision)["allocated"]) == (6, 0)
    assert status(decision) == "confirmed"


def test_cancelling_it_later_frees_no_stock() -> None:
    first = imported(confirmed_at=day(1), stock="skip")
    part = [{"line_id": "1", "quantity": 2}]
    then = given(*SHELF, *first.events).when(
        CancelOrder, order_id=OWN, reason="customer", lines=part
    )
    then.then(
        OrderCancelled(
            OWN,
            "customer",
            None,
            (LineQuantity("1", 2),),
            untracked_released=(LineQuantity("1", 2),),
        )
    )
    rest = given(*SHELF, *first.events, *then.events).when(
        CancelOrder, order_id=OWN, reason="customer"
    )
    assert only(rest, StockStreamEvent) == []
    assert (line(rest)["cancelled"], line(rest).get("untracked")) == (6, None)


def test_update_takes_stock_as_an_order_does() -> None:
    decision = imported(confirmed_at=day(1), stock="update")
    assert only(decision, StockStreamEvent) == [StockAllocated("A", "LON", 6, OWN, "1")]
    assert line(decision)["allocated"] == 6


def test_update_ships_from_where_it_was_shipped() -> None:
    before = (place(), place("MAN", 2), goods(), stock(10), stock(10, location="MAN"))
    some = {"lines": [{"line_id": "1", "quantity": 4}]}
    decision = imported(*before, shipments=[SHIPPED | some | {"location": "MAN"}], stock="update")
    taken = [e for e in decision.events if isinstance(e, StockAllocated | StockShipped)]
    assert [(type(e), e.location, e.quantity) for e in taken] == [
        (StockAllocated, "MAN", 4),
        (StockAllocated, "LON", 2),
        (StockShipped, "MAN", 4),
    ]


PLACES = (place(), place("MAN", 2), goods(), stock(7), stock(9, location="MAN"))
RULES = RoutingRulesDefined("web", (RoutingRule("highest_stock"),))


@pytest.mark.parametrize("mode", ["update", "force"])
def test_open_units_are_routed_by_the_rules_of_the_channel_as_those_of_any_order(
    mode: str,
) -> None:
    decision = imported(*PLACES, RULES, stock=mode)
    assert only(decision, StockStreamEvent) == [StockAllocated("A", "MAN", 6, OWN, "1")]
    (routed,) = [event for event in decision.events if isinstance(event, OrderRouted)]
    assert (routed.cause, routed.decided_by) == ("import", "highest_stock")
    assert [(each.location, each.units) for each in routed.ranking] == [("MAN", 6), ("LON", 0)]
    placed = given(*PLACES, RULES).when(PlaceOrder, **past(placed_at=None))
    assert line(placed)["allocations"] == line(decision)["allocations"]
    without = imported(*PLACES, stock=mode)
    assert only(without, OrderRouted) == []
    assert only(without, StockStreamEvent) == [StockAllocated("A", "LON", 6, OWN, "1")]


def test_units_in_shipments_keep_the_place_where_these_left() -> None:
    some = {"lines": [{"line_id": "1", "quantity": 4}]}
    decision = imported(*PLACES, RULES, shipments=[SHIPPED | some], stock="update")
    assert [(e.location, e.quantity) for e in decision.events if isinstance(e, StockAllocated)] == [
        ("LON", 4),
        ("MAN", 2),
    ]
    (routed,) = [event for event in decision.events if isinstance(event, OrderRouted)]
    assert [(each.line_id, each.quantity) for each in routed.lines] == [("1", 2)]


@pytest.mark.parametrize(
    "fate",
    [
        {"shipments": [SHIPPED], "stock": "update"},
        {"cancelled_at": day(2), "stock": "update"},
        {"stock": "skip"},
    ],
)
def test_where_nothing_needs_stock_nothing_is_routed(fate: dict[str, object]) -> None:
    assert only(imported(*PLACES, RULES, **fate), OrderRouted) == []


def test_an_import_uses_the_capacity_of_places() -> None:
    """What it routes there today, a new order cannot use any more."""
    small = replace(place("MAN", 2), daily_capacity=6)
    rules = RoutingRulesDefined("web", (RoutingRule("capacity"), RoutingRule("highest_stock")))
    before = (place(), small, goods(), stock(9), stock(20, location="MAN"), rules)
    first = imported(*before, stock="update")
    assert UnitsRouted("MAN", CONTEXT.now.date().isoformat(), 6) in first.events
    second = given(*before, *first.events).when(PlaceOrder, **past(external_id="new"))
    assert line(second)["allocations"] == [{"location": "LON", "quantity": 6}]


def test_update_is_refused_where_stock_is_short_and_names_every_line() -> None:
    before = (place(), goods(), goods("B"), stock(3))
    lines = [
        {"sku": "A", "quantity": 6, "unit_price": "1"},
        {"sku": "B", "quantity": 1, "unit_price": "1"},
    ]
    some = {"lines": [{"line_id": "1", "quantity": 6}]}
    decision = imported(*before, lines=lines, shipments=[SHIPPED | some], stock="update")
    decision.then_refused(
        "insufficient_stock",
        {"line": "1", "sku": "A", "requested": 6, "available": 3},
        {"line": "2", "sku": "B", "requested": 1, "available": 0},
    )


def test_what_has_shipped_and_is_left_are_not_covered_by_the_same_units() -> None:
    some = {"lines": [{"line_id": "1", "quantity": 5}]}
    lines = [{"sku": "A", "quantity": 6, "unit_price": "1"}]
    decision = imported(
        place(), goods(), stock(5), lines=lines, shipments=[SHIPPED | some], stock="update"
    )
    decision.then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 1, "available": 0}
    )


def test_update_backorders_where_the_order_allowed_it() -> None:
    decision = imported(place(), goods(), stock(2), backorder="allow", stock="update")
    (placed,) = only(decision, OrderPlaced)
    assert isinstance(placed, OrderPlaced)
    assert placed.backorders == (Backorder("1", "A", "LON", 4),)


def test_force_backorders_what_is_open_and_short_beyond_every_limit() -> None:
    decision = imported(place(), goods(backorder_limit=0), stock(2), stock="force")
    assert only(decision, StockStreamEvent) == [
        StockAllocated("A", "LON", 2, OWN, "1"),
        StockBackordered("A", "LON", 4, OWN, "1"),
    ]


def test_force_adjusts_stock_by_what_has_shipped_and_was_not_there() -> None:
    decision = imported(
        place(), goods(), stock(2), number="SO-1", shipments=[SHIPPED], stock="force"
    )
    reason = "imported order shipped more than was on hand"
    taken = only(decision, StockStreamEvent)
    assert taken[0] == StockAdjusted("A", "LON", 4, reason, "SO-1")
    assert [type(each) for each in taken] == [StockAdjusted, StockAllocated, StockShipped]


def test_of_a_cancelled_order_what_was_cancelled_needs_no_stock() -> None:
    some = {"lines": [{"line_id": "1", "quantity": 2}]}
    decision = imported(
        place(),
        goods(),
        stock(2),
        shipments=[SHIPPED | some],
        cancelled_at=day(9),
        cancel_reason="customer",
        stock="update",
    )
    (placed,) = only(decision, OrderPlaced)
    assert isinstance(placed, OrderPlaced)
    assert placed.allocations == (Allocation("1", "A", "LON", 2),)
    assert placed.untracked == (LineQuantity("1", 4),)
    (cancelled,) = only(decision, OrderCancelled)
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.reason, cancelled.released) == ("customer", ())
    assert (line(decision)["shipped"], line(decision)["cancelled"]) == (2, 4)
    assert status(decision) == "completed"


def test_what_shipped_whole_cannot_have_been_cancelled() -> None:
    imported(shipments=[SHIPPED], cancelled_at=day(9)).then_refused("illegal_transition")


def test_the_same_import_again_changes_nothing() -> None:
    fate = {"number": "SO-1", "shipments": [SHIPPED], "stock": "update"}
    first = imported(**fate)
    again = given(*SHELF, *first.events).when(ImportOrder, **past(**fate))
    assert again.events == ()
    assert again.answer == first.answer


@pytest.mark.parametrize(
    "more",
    [
        {"stock": "skip"},
        {"number": "SO-2"},
        {"shipments": []},
        {"cancelled_at": day(9), "shipments": []},
        {"payments": [{"provider": "bank", "reference": "1", "amount": "1.00"}]},
        {"lines": [{"sku": "A", "quantity": 5, "unit_price": "2.55"}]},
    ],
)
def test_another_fate_under_the_same_external_id_is_refused(more: dict[str, object]) -> None:
    fate: dict[str, object] = {"number": "SO-1", "shipments": [SHIPPED], "stock": "update"}
    first = imported(**fate)
    again = given(*SHELF, *first.events).when(ImportOrder, **past(**fate | more))
    again.then_refused("external_id_reused")


def test_an_order_that_was_placed_here_is_not_imported_over() -> None:
    terms = past()
    placed = imported(stock="update")
    here = [e for e in placed.events if isinstance(e, OrderPlaced)]
    before = ordered(order_id=OWN)
    assert here, terms
    given(*SHELF, *before).when(ImportOrder, **past()).then_refused("external_id_reused")
