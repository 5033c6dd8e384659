"""Correcting a balance."""

from __future__ import annotations

from oms_commands.stock.adjust import AdjustStock
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import LotChange, StockAdjusted, StockLotsChanged
from oms_ledger.testing import given
from tests.commands.shop import SHELF, place, six


def adjust(change: int | None = None, **more: object) -> dict[str, object]:
    return {"sku": "A", "location": "LON", "reason": "broken", "change": change, **more}


def test_a_change_is_kept_with_its_reason_and_reference() -> None:
    decision = given(*SHELF).when(AdjustStock, **adjust(-3, reference="shelf 4"))
    decision.then(StockAdjusted("A", "LON", -3, "broken", "shelf 4"))
    assert (decision.answer["on_hand"], decision.answer["available"]) == (7, 7)


def test_set_to_becomes_the_difference() -> None:
    given(*SHELF).when(AdjustStock, **adjust(set_to=12)).then(
        StockAdjusted("A", "LON", 2, "broken")
    )


def test_what_is_so_already_changes_nothing() -> None:
    given(*SHELF).when(AdjustStock, **adjust(set_to=10)).then()
    given(*SHELF).when(AdjustStock, **adjust(0)).then()


def test_compare_and_set_happens_if_the_balance_is_what_the_caller_saw() -> None:
    given(*SHELF).when(AdjustStock, **adjust(1, expected_on_hand=10)).then(
        StockAdjusted("A", "LON", 1, "broken")
    )


def test_compare_and_set_is_a_conflict_if_the_balance_has_moved() -> None:
    decision = given(*SHELF).when(AdjustStock, **adjust(1, expected_on_hand=9))
    assert "has 10 on hand, not 9" in decision.then_refused("version_conflict").detail


def test_an_adjustment_needs_a_reason() -> None:
    given(*SHELF).when(AdjustStock, sku="A", location="LON", change=1).then_invalid("reason")
    given(*SHELF).when(AdjustStock, **adjust(1, reason=" ")).then_invalid("reason")


def test_only_units_of_a_lot_that_was_received_are_added() -> None:
    refused = given(*SHELF).when(AdjustStock, **adjust(1, lot="L9"))
    error = refused.then_refused("unknown_lot", {"sku": "A", "lot": "L9"})
    assert "POST /v1/stock/receipts" in error.detail
    received = (*SHELF, LotDefined("A", "L9", "approved", "2028-01-01"))
    given(*received).when(AdjustStock, **adjust(1, lot="L9")).then(
        StockLotsChanged("A", "LON", (LotChange("L9", 1, "approved", "2028-01-01"),)),
        StockAdjusted("A", "LON", 1, "broken"),
    )


def test_either_a_change_or_a_balance() -> None:
    given(*SHELF).when(AdjustStock, **adjust()).then_invalid("change")
    given(*SHELF).when(AdjustStock, **adjust(1, set_to=1)).then_invalid("change")


def test_units_that_are_promised_to_orders_stay() -> None:
    given(*six()).when(AdjustStock, **adjust(-5)).then_refused(
        "insufficient_stock", {"sku": "A", "location": "LON", "requested": 5, "available": 4}
    )
    given(*six()).when(AdjustStock, **adjust(set_to=5)).then_refused("insufficient_stock")
    given(*six()).when(AdjustStock, **adjust(set_to=6)).then(
        StockAdjusted("A", "LON", -4, "broken")
    )


def test_an_undefined_location_is_refused() -> None:
    given(*SHELF).when(AdjustStock, **adjust(1, location="MAN")).then_refused(
        "unknown_location", {"location": "MAN"}
    )


def test_a_product_never_heard_of_is_defined_under_its_own_name() -> None:
    given(place()).when(AdjustStock, **adjust(4)).then(
        ProductDefined("A", "A", True), StockAdjusted("A", "LON", 4, "broken")
    )
