"""Counting a shelf."""

from __future__ import annotations

from oms_commands.stock.count import CountStock
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.testing import given
from tests.commands.shop import SHELF, place, six


def counted(units: int) -> CountStock:
    return CountStock(sku="A", location="LON", counted=units, reference="week 7")


def test_a_difference_becomes_an_adjustment_with_reason_count() -> None:
    given(*SHELF).when(counted(8)).then(StockAdjusted("A", "LON", -2, "count", "week 7"))
    given(*SHELF).when(counted(11)).then(StockAdjusted("A", "LON", 1, "count", "week 7"))


def test_a_right_count_changes_nothing() -> None:
    given(*SHELF).when(counted(10)).then()


def test_a_count_below_what_is_promised_is_refused() -> None:
    given(*six()).when(counted(5)).then_refused(
        "insufficient_stock", {"sku": "A", "location": "LON", "requested": 5, "available": 4}
    )


def test_an_undefined_location_is_refused() -> None:
    given().when(counted(5)).then_refused("unknown_location", {"location": "LON"})


def test_an_undefined_product_that_is_counted_is_defined_under_its_sku() -> None:
    given(place()).when(counted(2)).then(
        ProductDefined("A", "A", True), StockAdjusted("A", "LON", 2, "count", "week 7")
    )


def test_a_negative_count_is_invalid() -> None:
    given(*SHELF).when(CountStock, sku="A", location="LON", counted=-1).then_invalid("counted")
