"""Picking, whole, in part and short."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilments.pick import PickFulfilment
from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_ledger.domain.fulfilments.events import FulfilmentPicked, PickedLine
from oms_ledger.domain.orders.events import BackordersAllocated, OrderCancelled, OrderHeld
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.routing.events import RoutingRule, RoutingRulesDefined
from oms_ledger.domain.stock.events import (
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockReleased,
)
from oms_ledger.testing import given, replace
from tests.commands.fulfilments.past import BEGUN, OPENED, WORK, opened, picked, two_places
from tests.commands.fulfilments.test_reject import moved
from tests.commands.orders.test_kits import PARTS, PAST
from tests.commands.shop import SHELF, line, ordered, quantities, six, stock


def pick(units: int, lot: str | None = None, **more: bool) -> PickFulfilment:
    lines = [{"line_id": "1", "quantity": units, "lot": lot}]
    return PickFulfilment(fulfilment_id=WORK, lines=lines, **more)  # type: ignore[arg-type]  # pydantic converts


def short(units: int, missing: int) -> FulfilmentPicked:
    lines = (PickedLine("1", "A", units),) if units else ()
    return FulfilmentPicked(WORK, lines, quantities(missing))


def test_everything_is_picked() -> None:
    decision = given(*six()).when(PickFulfilment(fulfilment_id=WORK))
    decision.then(OPENED, BEGUN, picked(6))
    assert decision.answer["status"] == "picked"
    again = PickFulfilment(fulfilment_id=WORK)
    given(*six(), *opened(), picked(6)).when(again).then_refused("illegal_transition")


def test_a_part_now_and_the_rest_later() -> None:
    decision = given(*six()).when(pick(2, partial=True))
    decision.then(OPENED, BEGUN, picked(2))
    assert decision.answer["status"] == "picking"
    rest = given(*six(), *opened(), picked(2)).when(PickFulfilment(fulfilment_id=WORK))
    rest.then(picked(4))


def test_the_lot_is_kept() -> None:
    decision = given(*six()).when(pick(6, "L-1"))
    assert FulfilmentPicked(WORK, (PickedLine("1", "A", 6, "L-1"),)) in decision.events


def test_what_is_not_there_is_taken_off_the_stock_and_comes_from_elsewhere() -> None:
    decision = given(*two_places()).when(pick(4))
    missing = StockAdjusted("A", "LON", -2, "short pick", WORK)
    decision.then(OPENED, BEGUN, short(4, 2), *moved(2), missing)
    assert (decision.answer["status"], decision.answer["units"]) == ("picked", 4)


def test_of_a_kit_all_components_are_taken_off_the_stock() -> None:
    """Which one is missing is not known: what is left of them would be promised again."""
    got = (Allocation("1", "K", "LON", 3),)
    kit = replace(line(3, sku="K"), components=PARTS)
    parts = (StockAllocated("A", "LON", 6, "o1", "1"), StockAllocated("B", "LON", 3, "o1", "1"))
    placed, _, confirmed = ordered(kit, got=got)
    decision = given(*PAST, placed, *parts, confirmed).when(pick(1))
    assert [event for event in decision.events if isinstance(event, StockAdjusted)] == [
        StockAdjusted("A", "LON", -4, "short pick", WORK),
        StockAdjusted("B", "LON", -2, "short pick", WORK),
    ]
    assert (
        BackordersAllocated(
            "o1", (), (), (Allocation("1", "K", "LON", 2),), (Backorder("1", "K", "LON", 2),)
        )
        in decision.events
    )


def test_what_no_location_has_waits() -> None:
    decision = given(*two_places(1)).when(pick(0, write_off=False))
    _, _, event, order, *rest = decision.events
    assert event == short(0, 6)
    assert order == BackordersAllocated(
        "o1",
        (Allocation("1", "A", "MAN", 1),),
        (),
        (Allocation("1", "A", "LON", 6),),
        (Backorder("1", "A", "MAN", 5),),
    )
    assert StockReleased("A", "LON", 6, "o1", "1") in rest
    assert StockBackordered("A", "MAN", 5, "o1", "1") in rest
    assert not [each for each in rest if isinstance(each, StockAdjusted)]


@pytest.mark.parametrize("write_off", [True, False])
def test_what_comes_in_later_fills_what_was_picked_short(write_off: bool) -> None:
    """In a channel with rules too. Units that were not written off would be promised again, and not
    be there again."""
    past = (RoutingRulesDefined("web", (RoutingRule("priority"),)), *six())
    past = (*past, *given(*past).when(pick(4, write_off=write_off)).events, stock(2))
    later = given(*past).when(AllocateBackorders("o1"))
    if not write_off:
        later.then_refused("insufficient_stock")
        return
    filled = later.events[0]
    assert isinstance(filled, BackordersAllocated)
    assert filled.allocations == (Allocation("1", "A", "LON", 2),)


def test_other_lines_are_left_to_be_picked() -> None:
    lines = (line(6), line(2, "2"))
    got = (Allocation("1", "A", "LON", 6), Allocation("2", "A", "LON", 2))
    decision = given(*SHELF, *ordered(*lines, got=got)).when(pick(6))
    assert (decision.answer["status"], decision.answer["units"]) == ("picking", 8)


def test_more_than_is_left_is_refused() -> None:
    refusal = given(*six(), *opened(), picked(2)).when(pick(5)).then_refused("not_enough_units")
    assert refusal.errors == ({"line": "1", "sku": "A", "requested": 5, "available": 4},)
    with pytest.raises(ValidationError, match="at least one unit"):
        pick(0, partial=True)


def test_an_order_on_hold_is_not_picked() -> None:
    held = (*six(), OrderHeld("o1", "h1", "fraud"))
    given(*held).when(pick(6)).then_refused("ship_blocked")


def test_once_picking_was_begun_only_what_is_picked_is_shipped() -> None:
    ship = CreateShipment(order_id="o1", location="LON")
    refusal = given(*six(), *opened(), picked(2)).when(ship).then_refused("ship_blocked")
    assert refusal.errors == (
        {
            "block": "not_picked",
            "fulfilment_id": WORK,
            "lines": [{"line_id": "1", "quantity": 4}],
        },
    )
    forced = CreateShipment(order_id="o1", location="LON", force=True, reason="counted")
    shipment = given(*six(), *opened(), picked(2)).when(forced).events[1]
    assert getattr(shipment, "overridden", ()) == ("not_picked",)
    assert given(*six(), *opened(), picked(6)).when(ship).answer["status"] == "created"


def test_nothing_is_left_to_pick_of_a_cancelled_order() -> None:
    cancelled = OrderCancelled(
        "o1", "customer", None, quantities(6), (Allocation("1", "A", "LON", 6),)
    )
    freed = StockReleased("A", "LON", 6, "o1", "1")
    past = (*six(), *opened(), cancelled, freed)
    refusal = given(*past).when(pick(6)).then_refused("illegal_transition")
    assert "is cancelled" in refusal.detail
