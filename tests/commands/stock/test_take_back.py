"""Sold goods come back."""

from __future__ import annotations

import pytest

from oms_commands.stock.take_back import ReturnStock
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.orders.events import UnitsReturned
from oms_ledger.domain.stock.events import StockReturned
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import UNDER_WAY, delivered, place, quantities, six


def back(units: int, **more: object) -> ReturnStock:
    return ReturnStock(sku="A", location="LON", quantity=units, reference="R1", **more)  # type: ignore[arg-type]  # fields of several types


def test_against_its_line_the_order_knows_it_too() -> None:
    decision = given(*UNDER_WAY).when(back(2, order_id="o1", line_id="1"))
    decision.then(
        UnitsReturned("o1", "R1", quantities(2)),
        StockReturned("A", "LON", 2, "R1", None, "o1"),
    )
    assert decision.answer["on_hand"] == 6


def test_blind_it_is_only_put_on_the_shelf() -> None:
    given(place()).when(back(2, customer_id="c1")).then(
        ProductDefined("A", "A", True), StockReturned("A", "LON", 2, "R1", "c1")
    )


@pytest.mark.parametrize("past", [UNDER_WAY, (*UNDER_WAY, *delivered())], ids=["sent", "there"])
def test_no_more_comes_back_than_was_shipped(past: tuple[Event, ...]) -> None:
    once = UnitsReturned("o1", "R0", quantities(4))
    given(*past, once).when(back(3, order_id="o1", line_id="1")).then_refused(
        "nothing_to_return", {"line": "1", "sku": "A", "requested": 3, "available": 2}
    )


def test_what_has_not_shipped_cannot_come_back() -> None:
    given(*six()).when(back(1, order_id="o1", line_id="1")).then_refused(
        "nothing_to_return", {"line": "1", "sku": "A", "requested": 1, "available": 0}
    )


def test_a_line_of_another_product_or_no_such_line_is_refused() -> None:
    other = ReturnStock(sku="B", location="LON", quantity=1, order_id="o1", line_id="1")
    given(*UNDER_WAY).when(other).then_refused(
        "nothing_to_return", {"line": "1", "sku": "B", "requested": 1, "available": 0}
    )
    given(*UNDER_WAY).when(back(1, order_id="o1", line_id="9")).then_refused(
        "nothing_to_return", {"line": "9", "sku": "A", "requested": 1, "available": 0}
    )


def test_an_order_that_is_not_there() -> None:
    given(*UNDER_WAY).when(back(1, order_id="o9", line_id="1")).then_refused("not_found")


def test_an_undefined_location_is_refused() -> None:
    given().when(back(1)).then_refused("unknown_location", {"location": "LON"})


def test_a_line_belongs_to_an_order() -> None:
    for half in ({"order_id": "o1"}, {"line_id": "1"}):
        given().when(ReturnStock, sku="A", location="LON", quantity=1, **half).then_invalid(
            "line_id"
        )
