"""Importing an order of the past: its number, dates, shipments and payments, and what its stock
does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.import_order import ImportOrder
from oms_ledger.domain.catalogue.events import (
    NumbersPassed,
    OrderNumberClaimed,
    OrderNumbered,
)
from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentDispatched,
)
from oms_ledger.domain.identifiers import order_id_for, recorded_payment_id
from oms_ledger.domain.orders.events import (
    CreditGranted,
    FulfilmentReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderHeld,
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
    PaymentRefunded,
    PaymentRequested,
    RefundRequested,
)
from oms_ledger.domain.risk.events import BuyerBlocked, HoldRuleDefined
from oms_ledger.domain.stock.events import (
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockShipped,
    StockStreamEvent,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given
from tests.commands.shop import SHELF, goods, ordered, place, service, stock

PLACED = CONTEXT.now - timedelta(days=400)
OWN = order_id_for("web", "old-1", "")


def day(n: int) -> datetime:
    return PLACED + timedelta(days=n)


def past(**more: object) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "channel": "web",
        "external_id": "old-1",
        "currency": "GBP",
        "placed_at": PLACED,
        "lines": [{"sku": "A", "quantity": 6, "unit_price": "2.55"}],
    }
    return fields | more


def imported(*before: Event, **more: object) -> Decision:
    return given(*(before or SHELF)).when(ImportOrder, **past(**more))


SHIPPED: dict[str, Any] = {"location": "LON", "dispatched_at": day(1), "delivered_at": day(3)}


def kinds(decision: Decision) -> list[type[Event]]:
    return [type(event) for event in decision.events]


def only(decision: Decision, *kind: type[Event]) -> list[Event]:
    return [event for event in decision.events if isinstance(event, kind)]


def line(decision: Decision, number: int = 0) -> Mapping[str, Any]:
    lines: Any = decision.answer["lines"]
    found: Mapping[str, Any] = lines[number]
    return found


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
    assert decision.answer["status"]["order"] == "confirmed"  # type: ignore[index, call-overload]


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
    taken = only(decision, StockAllocated, StockShipped)
    assert [(type(e), e.location, e.quantity) for e in taken] == [  # type: ignore[attr-defined]
        (StockAllocated, "MAN", 4),
        (StockAllocated, "LON", 2),
        (StockShipped, "MAN", 4),
    ]


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
    assert decision.answer["status"]["order"] == "completed"  # type: ignore[index, call-overload]


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


# Numbers.


def test_without_a_number_it_gets_the_next_of_its_channel() -> None:
    decision = imported(*SHELF, OrderNumbered("web", 41, "o0"))
    assert decision.events[0] == OrderNumbered("web", 42, OWN)
    assert decision.answer["order_number"] == "WEB-000042"


@pytest.mark.parametrize("number", ["SO-1", "so-1"])
def test_a_number_that_another_order_has_is_refused(number: str) -> None:
    decision = imported(*SHELF, OrderNumberClaimed("SO-1", "o9"), number=number)
    decision.then_refused("number_taken", {"number": number})


def test_a_number_that_a_channel_has_given_is_refused() -> None:
    numbered = OrderNumbered("shop", 7, "o7")
    imported(*SHELF, numbered, number="SHOP-000007").then_refused("number_taken")
    imported(*SHELF, numbered, number="shop-000003").then_refused("number_taken")


def test_a_channel_does_not_give_a_number_that_an_import_has() -> None:
    decision = imported(*SHELF, OrderNumbered("web", 41, "o0"), number="WEB-000050")
    assert decision.events[:2] == (
        OrderNumberClaimed("WEB-000050", OWN),
        NumbersPassed("web", 50),
    )
    before = (*SHELF, OrderNumbered("web", 41, "o0"), *decision.events)
    next_one = given(*before).when(ImportOrder, **past(external_id="old-2", stock="skip"))
    assert next_one.answer["order_number"] == "WEB-000051"
    lower = past(external_id="old-3", number="WEB-000049")
    assert given(*before).when(ImportOrder, **lower).answer["order_number"] == "WEB-000049"


@pytest.mark.parametrize("number", ["WEB-42", "WEB-0000042", "#1001", "WEB-000000", "Ä-000001"])
def test_numbers_that_no_channel_gives_leave_them_alone(number: str) -> None:
    assert kinds(imported(number=number))[:2] == [OrderNumberClaimed, OrderPlaced]


# Money.


def bank(**more: object) -> list[dict[str, object]]:
    return [{"provider": "bank", "reference": "17", "amount": "15.30", **more}]


def test_a_refund_of_what_the_buyer_owes_was_granted() -> None:
    decision = imported(shipments=[SHIPPED], payments=bank(refunded="5.00", refunded_at=day(20)))
    payment_id = recorded_payment_id(OWN, "bank", "17")
    (intent,) = only(decision, RefundRequested)
    assert isinstance(intent, RefundRequested)
    assert (intent.payment_id, intent.amount.minor) == (payment_id, 500)
    dates = {type(c.event): c.occurred_at for c in decision.changes}
    assert (dates[PaymentRefunded], dates[CreditGranted]) == (day(20), day(20))
    money: Any = decision.answer["money"]
    assert (money["captured"], money["refunded"], money["due"], money["credit"]) == (
        "15.30",
        "5.00",
        "0.00",
        "0.00",
    )


def test_a_refund_of_what_was_cancelled_grants_nothing_more() -> None:
    decision = imported(cancelled_at=day(2), payments=bank(refunded="15.30"))
    assert only(decision, CreditGranted) == []
    money: Any = decision.answer["money"]
    assert (money["due"], money["credit"]) == ("0.00", "0.00")


def test_more_refunded_than_captured_is_refused() -> None:
    imported(payments=bank(refunded="15.31")).then_refused("over_refund")


def test_store_credit_is_not_imported() -> None:
    payments = [{"provider": "store_credit", "reference": "1", "amount": "1.00"}]
    imported(payments=payments).then_refused("unknown_provider")


def test_a_payment_is_written_once() -> None:
    decision = imported(payments=[*bank(), *bank()])
    assert decision.refusal is not None
    assert decision.refusal.errors[0]["field"] == "payments.1.reference"


# What is not of today: holds, rules, expiry.


def test_no_rule_and_no_blocked_list_holds_it() -> None:
    rule = HoldRuleDefined("any", "sku_list", "look", skus=("A",))
    blocked = BuyerBlocked("customer:c1", "charge-backs")
    decision = imported(*SHELF, rule, blocked, customer={"id": "c1"}, stock="update")
    assert only(decision, OrderHeld) == []


def test_a_schedule_that_is_over_holds_nothing_back() -> None:
    decision = imported(fulfil_at=day(5), confirmed_at=day(1), stock="update")
    assert len(only(decision, FulfilmentReleased)) == 1
    later = imported(fulfil_at=CONTEXT.now + timedelta(days=1), confirm=True, stock="update")
    assert later.answer["status"]["order"] == "scheduled"  # type: ignore[index, call-overload]


# Dates and shipments that cannot be.


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("placed_at", {"placed_at": CONTEXT.now + timedelta(days=1)}),
        ("confirmed_at", {"confirmed_at": CONTEXT.now + timedelta(days=1)}),
        ("confirmed_at", {"confirmed_at": day(-1)}),
        ("cancelled_at", {"cancelled_at": day(-1)}),
        (
            "shipments.0.dispatched_at",
            {"shipments": [SHIPPED | {"dispatched_at": CONTEXT.now + timedelta(days=1)}]},
        ),
        (
            "shipments.0.delivered_at",
            {"shipments": [SHIPPED | {"delivered_at": CONTEXT.now + timedelta(days=1)}]},
        ),
        (
            "payments.0.captured_at",
            {"payments": bank(captured_at=CONTEXT.now + timedelta(days=1))},
        ),
        (
            "shipments.0.dispatched_at",
            {"shipments": [{"location": "LON"}], "cancelled_at": day(9)},
        ),
        ("shipments.1.lines", {"shipments": [SHIPPED, SHIPPED]}),
        ("payments.0.amount", {"payments": bank(amount="0")}),
        ("payments.0.refunded", {"payments": bank(refunded="0.001")}),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(field: str, more: dict[str, object]) -> None:
    decision = imported(**more)
    assert decision.refusal is not None
    assert decision.refusal.code == "invalid_fields"
    assert [each["field"] for each in decision.refusal.errors] == [field]


def test_every_line_of_a_shipment_that_cannot_be_is_named() -> None:
    lines = [
        {"sku": "A", "quantity": 1, "unit_price": "1"},
        {"sku": "POST", "quantity": 1, "unit_price": "1"},
    ]
    shipped = [{"line_id": i, "quantity": 2} for i in ("1", "2", "9")]
    decision = imported(*SHELF, service(), lines=lines, shipments=[SHIPPED | {"lines": shipped}])
    decision.then_refused(
        "unknown_line",
        {"line": "1", "sku": "A", "requested": 2, "available": 1},
        {"line": "2", "sku": "POST", "requested": 2, "available": 0},
        {"line": "9", "sku": None, "requested": 2, "available": 0},
    )


def test_a_location_and_a_product_must_be_there() -> None:
    imported(shipments=[SHIPPED | {"location": "XXX"}]).then_refused("unknown_location")
    imported(place()).then_refused("unknown_sku")


def test_an_arrival_without_a_known_dispatch_is_marked_as_simulated() -> None:
    decision = imported(shipments=[{"location": "LON", "delivered_at": day(3)}])
    (left,) = only(decision, ShipmentDispatched)
    assert isinstance(left, ShipmentDispatched)
    assert (left.dispatched_at, left.simulated) == (day(3), True)


def test_shipments_have_links_that_nobody_can_guess_from_each_other() -> None:
    some = [{"lines": [{"line_id": "1", "quantity": 3}]}] * 2
    decision = imported(shipments=[SHIPPED | each for each in some])
    created = [e for e in decision.events if isinstance(e, ShipmentCreated)]
    assert len({each.tracking_token for each in created}) == 2
    assert CONTEXT.token not in {each.tracking_token for each in created}
    assert len({each.shipment_id for each in created}) == 2
