"""An order's life, folded: what each event does to its lines, holds and shipments."""

from __future__ import annotations

import pytest

from oms_ledger.domain.fulfilment.events import ShipmentLabelled
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    HoldReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderHeld,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.holds import Hold
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Event
from tests.commands.shop import line, ordered, quantities

GOT = (Allocation("1", "A", "LON", 4), Allocation("1", "A", "MAN", 3))
SHORT = (Backorder("1", "A", "LON", 2),)
PLACED = ordered(line(9), got=GOT, short=SHORT, confirmed=False)[0]
PACKED = UnitsPacked("o1", "s1", "LON", quantities(4))


def folded(*events: Event) -> Order:
    order = Order()
    for event in (PLACED, *events):
        order.apply(event)
    return order


def units(order: Order) -> dict[str, object]:
    """What is not 0, by stage."""
    line = order.lines["1"]
    stages = {
        "allocated": line.allocated_at,
        "backordered": line.backordered_at,
        "packed": line.packed,
        "shipped": line.shipped,
        "delivered": line.delivered,
        "cancelled": line.cancelled,
        "returned": line.returned,
    }
    return {stage: units for stage, units in stages.items() if units}


BOTH, OWED = {"LON": 4, "MAN": 3}, {"LON": 2}
GONE = (PACKED, UnitsShipped("o1", "s1", quantities(4)))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), {"allocated": BOTH, "backordered": OWED}),
        ((PACKED,), {"allocated": {"MAN": 3}, "backordered": OWED, "packed": 4}),
        (
            (UnitsPacked("o1", "s1", "LON", quantities(1)),),
            {"allocated": {"LON": 3, "MAN": 3}, "backordered": OWED, "packed": 1},
        ),
        (
            (PACKED, UnitsUnpacked("o1", "s1", "LON", quantities(4))),
            {"allocated": BOTH, "backordered": OWED},
        ),
        (GONE, {"allocated": {"MAN": 3}, "backordered": OWED, "shipped": 4}),
        (
            (*GONE, UnitsDelivered("o1", "s1", quantities(4))),
            {"allocated": {"MAN": 3}, "backordered": OWED, "shipped": 4, "delivered": 4},
        ),
        (
            (*GONE, UnitsReturned("o1", None, quantities(1))),
            {"allocated": {"MAN": 3}, "backordered": OWED, "shipped": 4, "returned": 1},
        ),
        (
            (OrderCancelled("o1", "staff", None, quantities(5), GOT[1:], SHORT),),
            {"allocated": {"LON": 4}, "cancelled": 5},
        ),
        (
            (BackordersAllocated("o1", (Allocation("1", "A", "MAN", 2),), SHORT),),
            {"allocated": {"LON": 4, "MAN": 5}},
        ),
    ],
    ids=lambda value: "-".join(type(e).__name__ for e in value) if type(value) is tuple else "",
)
def test_each_event_moves_units_from_one_stage_to_the_next(
    events: tuple[Event, ...], expected: dict[str, object]
) -> None:
    assert units(folded(*events)) == expected


def test_shipments_are_open_until_they_leave_arrive_or_are_cancelled() -> None:
    assert folded(PACKED).shipments == {"s1": "created"}
    assert folded(*GONE).shipments == {"s1": "dispatched"}
    assert folded(*GONE, UnitsDelivered("o1", "s1", ())).shipments == {"s1": "delivered"}
    assert folded(PACKED, UnitsUnpacked("o1", "s1", "LON", quantities(4))).shipments == {
        "s1": "cancelled"
    }


def test_an_open_shipment_makes_a_confirmed_order_one_in_work() -> None:
    assert folded(PACKED).statuses.order == "pending"
    assert folded(OrderConfirmed("o1")).statuses.order == "confirmed"
    assert folded(OrderConfirmed("o1"), PACKED).statuses.order == "processing"


def test_holds_are_kept_by_their_id() -> None:
    held = (OrderHeld("o1", "h1", "fraud"), OrderHeld("o1", "h2", "payment", "wait"))
    assert folded(*held, HoldReleased("o1", "h1")).holds == {"h2": Hold("h2", "payment", "wait")}


def test_what_was_agreed_is_never_recomputed() -> None:
    order = folded(*GONE, UnitsReturned("o1", None, quantities(4)))
    assert order.placed is PLACED
    assert isinstance(order.lines["1"], LineProgress)
    assert order.lines["1"].line is order.placed.terms.lines[0]


def test_an_event_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="does not belong to an order"):
        folded(ShipmentLabelled("s1", None))
