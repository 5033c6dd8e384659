"""Events of lots and serial numbers folded into rows."""

from __future__ import annotations

import pytest

from oms_ledger.domain.lots.events import SerialReturned, SerialShipped
from oms_ledger.domain.stock.events import (
    LotChange,
    StockLotsChanged,
    StockLotStatusChanged,
    StockStateChanged,
)
from oms_ledger.testing import given
from oms_projections.lots.fold import READ_MODEL
from oms_projections.lots.rows import LotRow, SerialRow, ShippedLotRow
from tests.commands.lots.past import LOTS

LEFT = StockLotsChanged(
    "A", "LON", (LotChange("L1", -3, "approved", "2027-01-01"),), None, "o1", "1", "s1"
)
DAMAGED = StockStateChanged("A", "LON", 2, "available", "damaged", "wet", None, "L1", "approved")
APART = StockStateChanged("A", "LON", 1, "damaged", "quarantine", "wet", None, "L1", "approved")
RECALLED = StockLotStatusChanged("A", "LON", "L1", 3, "approved", "recalled", "2026-06-30")


@pytest.mark.parametrize("page", [1, 4, None])
def test_a_lot_is_a_row_for_each_location(page: int | None) -> None:
    folded = given(*LOTS, LEFT, DAMAGED, APART, RECALLED).folded_into(READ_MODEL, page=page)
    here, there = folded.of(LotRow)
    assert (here.location, here.on_hand, here.damaged, here.quarantine) == ("LON", 5, 1, 1)
    assert (here.status, here.expires_on) == ("recalled", "2026-06-30")
    assert (there.location, there.on_hand, there.status) == ("MAN", 2, "approved")
    (shipped,) = folded.of(ShippedLotRow)
    assert (shipped.order_id, shipped.line_id, shipped.shipment_id, shipped.quantity) == (
        "o1",
        "1",
        "s1",
        3,
    )


def test_units_that_leave_without_an_order_went_to_none() -> None:
    moved = StockLotsChanged("A", "LON", (LotChange("L1", -3),), "t1")
    assert given(*LOTS, moved).folded_into(READ_MODEL).of(ShippedLotRow) == []


def test_a_serial_number_has_the_shipment_that_it_left_with_last() -> None:
    first = SerialShipped("A", "N1", "LON", "o1", "1", "s1")
    back = SerialReturned("A", "N1", "MAN", "o1", "r1")
    (row,) = given(first, back).folded_into(READ_MODEL).of(SerialRow)
    assert (row.status, row.location, row.order_id) == ("returned", "MAN", "o1")
    assert row.returned_at is not None
    again = SerialShipped("A", "N1", "MAN", "o2", "1", "s2")
    (row,) = given(first, back, again).folded_into(READ_MODEL).of(SerialRow)
    assert (row.status, row.order_id, row.returned_at) == ("shipped", "o2", None)


def test_what_never_was_is_parked() -> None:
    for event in (DAMAGED, RECALLED, SerialReturned("A", "N1", "LON", "o1")):
        with pytest.raises(LookupError):
            given(event).folded_into(READ_MODEL)
