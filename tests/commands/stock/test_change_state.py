"""Damaged units, and units in quarantine."""

from __future__ import annotations

from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.adjust import AdjustStock
from oms_commands.stock.change_state import ChangeStockState
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import (
    LotChange,
    StockAdjusted,
    StockLotsChanged,
    StockLotStatusChanged,
    StockStateChanged,
)
from oms_ledger.testing import given, replace
from tests.commands.shop import SHELF, six

WET = StockStateChanged("A", "LON", 3, "available", "damaged", "Wet")
LOT = (LotDefined("A", "L1", "approved"), StockLotsChanged("A", "LON", (LotChange("L1", 8),)))


def state(quantity: int = 3, **more: object) -> dict[str, object]:
    places = {"from_state": "available", "to_state": "damaged"}
    return {"sku": "A", "location": "LON", "reason": "Wet", **places, "quantity": quantity, **more}


def test_damaged_units_stay_on_hand_and_are_not_available() -> None:
    decision = given(*SHELF).when(ChangeStockState, **state())
    decision.then(WET)
    answer = decision.answer
    assert (answer["on_hand"], answer["damaged"], answer["available"]) == (10, 3, 7)


def test_they_are_never_sold() -> None:
    order = PlaceOrder(
        channel="web",
        currency="GBP",
        lines=[{"sku": "A", "quantity": 8, "unit_price": "1"}],  # type: ignore[arg-type]  # as in a request
    )
    refused = given(*SHELF, WET).when(order).then_refused("insufficient_stock")
    assert [error["available"] for error in refused.errors] == [7]


def test_they_can_be_made_available_again() -> None:
    back = state(2, from_state="damaged", to_state="available")
    decision = given(*SHELF, WET).when(ChangeStockState, **back)
    decision.then(StockStateChanged("A", "LON", 2, "damaged", "available", "Wet"))
    assert (decision.answer["damaged"], decision.answer["available"]) == (1, 9)
    apart = state(1, from_state="damaged", to_state="quarantine")
    assert given(*SHELF, WET).when(ChangeStockState, **apart).answer["quarantine"] == 1


def test_no_more_than_there_are_in_that_state() -> None:
    back = state(4, from_state="damaged", to_state="available")
    given(*SHELF, WET).when(ChangeStockState, **back).then_refused(
        "insufficient_stock", {"sku": "A", "location": "LON", "requested": 4, "available": 3}
    )
    empty = state(1, from_state="quarantine", to_state="available")
    given(*SHELF, WET).when(ChangeStockState, **empty).then_refused("insufficient_stock")


def test_units_that_are_promised_to_orders_stay_available() -> None:
    given(*six()).when(ChangeStockState, **state(5)).then_refused(
        "insufficient_stock", {"sku": "A", "location": "LON", "requested": 5, "available": 4}
    )
    assert given(*six()).when(ChangeStockState, **state(4)).events


def test_units_of_a_lot_name_it() -> None:
    lot = StockStateChanged("A", "LON", 3, "available", "damaged", "Wet", None, "L1", "approved")
    given(*SHELF, *LOT).when(ChangeStockState, **state(lot="L1")).then(lot)
    refused = given(*SHELF, *LOT).when(ChangeStockState, **state())
    assert "`lot`" in refused.then_refused("lot_required").detail
    assert given(*SHELF, *LOT).when(ChangeStockState, **state(2)).events == (
        StockStateChanged("A", "LON", 2, "available", "damaged", "Wet"),
    )
    given(*SHELF, *LOT).when(ChangeStockState, **state(9, lot="L1")).then_refused(
        "insufficient_stock"
    )
    given(*SHELF, *LOT, lot).when(
        ChangeStockState, **state(from_state="damaged", to_state="available")
    ).then_refused("lot_required")


def test_units_of_a_blocked_lot_are_free_to_be_put_apart() -> None:
    blocked = StockLotStatusChanged("A", "LON", "L1", 8, "approved", "recalled")
    decision = given(*six(), *LOT, blocked).when(ChangeStockState, **state(8, lot="L1"))
    assert decision.events
    assert (decision.answer["damaged"], decision.answer["blocked"]) == (8, 0)


def test_damaged_units_are_scrapped_by_an_adjustment() -> None:
    scrap = {"sku": "A", "location": "LON", "reason": "scrapped", "state": "damaged"}
    decision = given(*SHELF, WET).when(AdjustStock, **scrap, change=-2)
    decision.then(
        StockStateChanged("A", "LON", 2, "damaged", "available", "scrapped"),
        StockAdjusted("A", "LON", -2, "scrapped"),
    )
    assert (decision.answer["on_hand"], decision.answer["damaged"]) == (8, 1)
    given(*SHELF, WET).when(AdjustStock, **scrap, change=-4).then_refused("insufficient_stock")
    given(*SHELF, WET).when(AdjustStock, **scrap, change=1).then_invalid("state")
    given(*SHELF, WET).when(AdjustStock, **scrap, set_to=1).then_invalid("state")


def test_every_event_of_scrapped_units_has_their_reference() -> None:
    damaged = replace(WET, lot="L1", lot_status="approved")
    scrap = {"sku": "A", "location": "LON", "reason": "scrapped", "state": "damaged"}
    decision = given(*SHELF, *LOT, damaged).when(
        AdjustStock, **scrap, change=-2, lot="L1", reference="job 7"
    )
    decision.then(
        StockStateChanged(
            "A", "LON", 2, "damaged", "available", "scrapped", "job 7", "L1", "approved"
        ),
        StockLotsChanged("A", "LON", (LotChange("L1", -2),), "job 7"),
        StockAdjusted("A", "LON", -2, "scrapped", "job 7"),
    )


def test_another_state_is_named() -> None:
    given(*SHELF).when(ChangeStockState, **state(to_state="available")).then_invalid("to_state")
    given(*SHELF).when(ChangeStockState, **state(to_state="lost")).then_invalid("to_state")
    given(*SHELF).when(ChangeStockState, **state(location="MAN")).then_refused("unknown_location")
