"""Moving stock between locations."""

from __future__ import annotations

from oms_commands.stock.transfer import TransferStock
from oms_ledger.domain.stock.events import StockMovedIn, StockMovedOut
from oms_ledger.testing import given
from tests.commands.shop import SHELF, place, six

TWO_PLACES = (*six(), place("MAN", 2))


def move(units: int, to: str = "MAN", start: str = "LON") -> dict[str, object]:
    return {"sku": "A", "from": start, "to": to, "quantity": units}


def test_units_leave_one_place_and_arrive_at_the_other() -> None:
    decision = given(*TWO_PLACES).when(TransferStock, **move(4), reference="van 1")
    decision.then(
        StockMovedOut("A", "LON", 4, "MAN", "van 1"),
        StockMovedIn("A", "MAN", 4, "LON", "van 1"),
    )
    places = [decision.answer["from"], decision.answer["to"]]
    assert [isinstance(p, dict) and p["on_hand"] for p in places] == [6, 4]


def test_units_that_are_promised_to_orders_do_not_move() -> None:
    given(*TWO_PLACES).when(TransferStock, **move(5)).then_refused(
        "insufficient_stock", {"sku": "A", "location": "LON", "requested": 5, "available": 4}
    )


def test_both_places_must_be_defined() -> None:
    for fields in (move(1, to="YRK"), move(1, start="YRK")):
        given(*TWO_PLACES).when(TransferStock, **fields).then_refused(
            "unknown_location", {"location": "YRK"}
        )


def test_two_places_are_needed() -> None:
    given(*SHELF).when(TransferStock, **move(1, to="LON")).then_invalid("to_location")


def test_at_least_one_unit_moves() -> None:
    given(*SHELF).when(TransferStock, **move(0)).then_invalid("quantity")
