"""Cancelling an order, whole and in part."""

from __future__ import annotations

import pytest

from oms_commands.orders.cancel import CancelOrder
from oms_ledger.domain.fulfilment.events import ShipmentCancelled
from oms_ledger.domain.orders.events import OrderCancelled, OrderHeld, UnitsUnpacked
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity
from oms_ledger.domain.stock.events import BackorderReleased, StockReleased
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import (
    SHELF,
    UNDER_WAY,
    delivered,
    dispatched,
    goods,
    line,
    ordered,
    packed,
    place,
    quantities,
    service,
    six,
    stock,
)

WHOLE = CancelOrder(order_id="o1", reason="customer")


def part(*lines: tuple[str, int]) -> dict[str, object]:
    wanted = [{"line_id": line_id, "quantity": units} for line_id, units in lines]
    return {"order_id": "o1", "reason": "inventory", "lines": wanted}


def freed(units: int, location: str = "LON") -> Allocation:
    return Allocation("1", "A", location, units)


def test_a_whole_order_is_cancelled_with_reason_and_note() -> None:
    decision = given(*six()).when(CancelOrder, order_id="o1", reason="fraud", note="stolen card")
    decision.then(
        OrderCancelled("o1", "fraud", "stolen card", quantities(6), (freed(6),)),
        StockReleased("A", "LON", 6, "o1", "1"),
    )
    status = decision.answer["status"]
    assert isinstance(status, dict)
    assert (status["order"], status["fulfilment"]) == ("cancelled", "cancelled")


def test_an_order_of_services_alone_is_cancelled_whole_after_it_was_confirmed() -> None:
    past = (place(), service("POST"), *ordered(line(2, sku="POST", stocked=False)))
    decision = given(*past).when(WHOLE)
    decision.then(OrderCancelled("o1", "customer", None, quantities(2)))
    status = decision.answer["status"]
    assert isinstance(status, dict)
    assert status["order"] == "cancelled"


def test_a_fee_that_is_left_is_cancelled_with_the_rest() -> None:
    lines = (line(6), line(1, "2", sku="POST", stocked=False))
    past = (*SHELF, service("POST"), *ordered(*lines, got=(freed(6),)))
    first = given(*past).when(CancelOrder, **part(("1", 6)))
    rest = given(*past, *first.events).when(WHOLE)
    rest.then(OrderCancelled("o1", "customer", None, (LineQuantity("2", 1),)))


def test_a_cancelled_order_is_on_hold_no_more() -> None:
    decision = given(*six(), OrderHeld("o1", "h1", "fraud")).when(WHOLE)
    assert (decision.answer["on_hold"], len(decision.answer["holds"])) == (False, 1)  # type: ignore[arg-type]  # a list


def test_what_has_shipped_stays_and_the_open_rest_is_cancelled() -> None:
    past = (*six(), *packed(4), *dispatched(4))
    given(*past).when(WHOLE).then(
        OrderCancelled("o1", "customer", None, quantities(2), (freed(2),)),
        StockReleased("A", "LON", 2, "o1", "1"),
    )


def test_shipments_that_have_not_left_are_cancelled_with_it() -> None:
    given(*six(), *packed(4)).when(WHOLE).then(
        ShipmentCancelled("s1", "o1"),
        UnitsUnpacked("o1", "s1", "LON", quantities(4)),
        OrderCancelled("o1", "customer", None, quantities(6), (freed(6),)),
        StockReleased("A", "LON", 6, "o1", "1"),
    )


def test_backorders_are_given_up_too() -> None:
    past = (*SHELF, *ordered(line(3), got=(freed(2),), short=(Backorder("1", "A", "LON", 1),)))
    given(*past).when(WHOLE).then(
        OrderCancelled(
            "o1", "customer", None, quantities(3), (freed(2),), (Backorder("1", "A", "LON", 1),)
        ),
        StockReleased("A", "LON", 2, "o1", "1"),
        BackorderReleased("A", "LON", 1, "o1", "1"),
    )


def test_services_are_cancelled_with_the_goods() -> None:
    postage = line(1, "2", "POST", stocked=False)
    past = (*SHELF, service(), *ordered(line(6), postage, got=(freed(6),)))
    decision = given(*past).when(WHOLE)
    assert decision.events[0] == OrderCancelled(
        "o1", "customer", None, (*quantities(6), LineQuantity("2", 1)), (freed(6),)
    )


def test_n_of_a_line_release_exactly_n() -> None:
    decision = given(*six()).when(CancelOrder, **part(("1", 2)))
    decision.then(
        OrderCancelled("o1", "inventory", None, quantities(2), (freed(2),)),
        StockReleased("A", "LON", 2, "o1", "1"),
    )


def test_it_can_be_repeated_until_none_is_left() -> None:
    once = given(*six()).when(CancelOrder, **part(("1", 4)))
    twice = given(*six(), *once.events).when(CancelOrder, **part(("1", 2)))
    status = twice.answer["status"]
    assert isinstance(status, dict)
    assert status["order"] == "cancelled"
    given(*six(), *once.events, *twice.events).when(CancelOrder, **part(("1", 1))).then_refused(
        "already_cancelled"
    )


def test_backordered_units_go_first_then_the_farthest_location() -> None:
    places = (place("LON", 1), place("MAN", 2), goods(), stock(2), stock(2, location="MAN"))
    got = (freed(2), freed(2, "MAN"))
    past = (*places, *ordered(line(5), got=got, short=(Backorder("1", "A", "LON", 1),)))
    given(*past).when(CancelOrder, **part(("1", 4))).then(
        OrderCancelled(
            "o1",
            "inventory",
            None,
            quantities(4),
            (freed(2, "MAN"), freed(1)),
            (Backorder("1", "A", "LON", 1),),
        ),
        StockReleased("A", "MAN", 2, "o1", "1"),
        StockReleased("A", "LON", 1, "o1", "1"),
        BackorderReleased("A", "LON", 1, "o1", "1"),
    )


def test_a_line_named_twice_is_summed() -> None:
    assert given(*six()).when(CancelOrder, **part(("1", 2), ("1", 3))).events[0] == OrderCancelled(
        "o1", "inventory", None, quantities(5), (freed(5),)
    )


def test_more_than_is_open_is_refused_naming_every_line() -> None:
    past = (*six(), *packed(2))
    given(*past).when(CancelOrder, **part(("1", 5), ("9", 1))).then_refused(
        "illegal_transition",
        {"line": "1", "sku": "A", "requested": 5, "available": 4},
        {"line": "9", "sku": None, "requested": 1, "available": 0},
    )


def test_cancelled_is_cancelled() -> None:
    once = given(*six()).when(WHOLE)
    given(*six(), *once.events).when(WHOLE).then_refused("already_cancelled")


POSTED = (
    *SHELF,
    service(),
    *ordered(line(6), line(1, "2", "POST", stocked=False), got=(freed(6),)),
    *packed(),
    *dispatched(),
)


@pytest.mark.parametrize(
    ("past", "status"),
    [
        (UNDER_WAY, "fulfilled"),
        (POSTED, "fulfilled"),
        ((*UNDER_WAY, *delivered()), "completed"),
    ],
    ids=["shipped", "shipped, with postage", "delivered"],
)
def test_what_has_shipped_cannot_be_cancelled(past: tuple[Event, ...], status: str) -> None:
    refused = given(*past).when(WHOLE).then_refused("illegal_transition")
    assert refused.detail == (
        f"The order is {status}; it cannot be cancelled. What has shipped can be returned."
    )


def test_an_order_that_is_not_there() -> None:
    given().when(WHOLE).then_refused("not_found")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"order_id": "o1", "reason": "mood"}, "reason"),
        ({"order_id": "o1", "reason": "staff", "lines": []}, "lines"),
        (part(("1", 0)), "lines.0.quantity"),
    ],
)
def test_what_cannot_be_names_its_field(fields: dict[str, object], wrong: str) -> None:
    given(*six()).when(CancelOrder, **fields).then_invalid(wrong)
