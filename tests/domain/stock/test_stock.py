"""The counters of one SKU at one location."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.catalogue.events import PreorderPromise
from oms_ledger.domain.stock.events import (
    STOCK_EVENTS,
    BackorderReleased,
    IncomingStockAdded,
    IncomingStockRemoved,
    LotChange,
    PreorderRescheduled,
    ShippedDateCorrected,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockEvent,
    StockHeld,
    StockHoldReleased,
    StockLotsChanged,
    StockLotStatusChanged,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReleased,
    StockReturned,
    StockShipped,
    StockStateChanged,
)
from oms_ledger.domain.stock.lots import LotBalance
from oms_ledger.domain.stock.state import StockLevel

AT = datetime(2026, 1, 1, tzinfo=UTC)
Make = Callable[[int], StockEvent]

EFFECTS: dict[type[StockEvent], tuple[Make, tuple[int, int, int]]] = {
    StockReceived: (lambda n: StockReceived("A", "LON", n), (1, 0, 0)),
    StockAdjusted: (lambda n: StockAdjusted("A", "LON", n, "found"), (1, 0, 0)),
    StockReturned: (lambda n: StockReturned("A", "LON", n), (1, 0, 0)),
    StockMovedIn: (lambda n: StockMovedIn("A", "LON", n, "MAN"), (1, 0, 0)),
    StockMovedOut: (lambda n: StockMovedOut("A", "LON", n, "MAN"), (-1, 0, 0)),
    StockAllocated: (lambda n: StockAllocated("A", "LON", n, "o1", "1"), (0, 1, 0)),
    StockReleased: (lambda n: StockReleased("A", "LON", n, "o1", "1"), (0, -1, 0)),
    StockShipped: (lambda n: StockShipped("A", "LON", n, "o1", "1", "s1"), (-1, -1, 0)),
    ShippedDateCorrected: (
        lambda n: ShippedDateCorrected("A", "LON", n, "o1", "1", "s1", AT),
        (0, 0, 0),
    ),
    PreorderRescheduled: (
        lambda n: PreorderRescheduled("A", "LON", n, "o1", "1", PreorderPromise("p1", AT)),
        (0, 0, 0),
    ),
    StockBackordered: (lambda n: StockBackordered("A", "LON", n, "o1", "1"), (0, 0, 1)),
    BackorderReleased: (lambda n: BackorderReleased("A", "LON", n, "o1", "1"), (0, 0, -1)),
    StockStateChanged: (
        lambda n: StockStateChanged("A", "LON", n, "available", "damaged", "wet"),
        (0, 0, 0),
    ),
    IncomingStockAdded: (lambda n: IncomingStockAdded("A", "LON", n, "i1"), (0, 0, 0)),
    IncomingStockRemoved: (lambda n: IncomingStockRemoved("A", "LON", n, "i1"), (0, 0, 0)),
    StockLotsChanged: (lambda n: StockLotsChanged("A", "LON", (LotChange("L", n),)), (0, 0, 0)),
    StockLotStatusChanged: (
        lambda n: StockLotStatusChanged("A", "LON", "L", n, "approved", "on_hold"),
        (0, 0, 0),
    ),
    StockHeld: (lambda n: StockHeld("A", "LON", n, "r1"), (0, 0, 0)),
    StockHoldReleased: (lambda n: StockHoldReleased("A", "LON", n, "r1"), (0, 0, 0)),
}
"""What one unit of each event does to on hand, allocated and backordered."""

HELD: dict[type[StockEvent], int] = {StockHeld: 1, StockHoldReleased: -1}
"""What one unit does to the units held; others leave them as they are."""

OTHERS: dict[type[StockEvent], dict[str, int]] = {
    StockStateChanged: {"damaged": 1},
    IncomingStockAdded: {"incoming": 1},
    IncomingStockRemoved: {"incoming": -1},
    StockLotStatusChanged: {"blocked": 1},
}
"""What one unit of an event does to the other counters."""


@pytest.mark.parametrize("kind", STOCK_EVENTS)
def test_each_movement_is_typed_and_does_one_thing(kind: type[StockEvent]) -> None:
    make, effect = EFFECTS[kind]
    level = StockLevel(
        on_hand=50, allocated=20, held=5, backordered=10, lots={"L": LotBalance(on_hand=9)}
    )
    level.apply(make(3))
    changes = (level.on_hand - 50, level.allocated - 20, level.backordered - 10)
    assert changes == tuple(3 * unit for unit in effect)
    assert level.held - 5 == 3 * HELD.get(kind, 0)
    others = ("incoming", "damaged", "quarantine", "blocked")
    changed = {name: n for name in others if (n := getattr(level, name))}
    assert changed == {name: 3 * unit for name, unit in OTHERS.get(kind, {}).items()}


@given(st.lists(st.tuples(st.sampled_from(STOCK_EVENTS), st.integers(1, 100)), max_size=30))
def test_a_balance_is_the_sum_of_its_movements(
    movements: list[tuple[type[StockEvent], int]],
) -> None:
    level = StockLevel(lots={"L": LotBalance(on_hand=10_000)})
    for kind, units in movements:
        level.apply(EFFECTS[kind][0](units))
    sums = [sum(EFFECTS[kind][1][n] * units for kind, units in movements) for n in range(3)]
    assert [level.on_hand, level.allocated, level.backordered] == sums
    assert level.held == sum(HELD.get(kind, 0) * units for kind, units in movements)


@pytest.mark.parametrize("kind", [k for k in STOCK_EVENTS if EFFECTS[k][1][1] or EFFECTS[k][1][2]])
def test_every_promise_names_the_order_that_caused_it(kind: type[StockEvent]) -> None:
    event = EFFECTS[kind][0](1)
    assert (getattr(event, "order_id", None), getattr(event, "line_id", None)) == ("o1", "1")


@given(*[st.integers(0, 1000)] * 7)
def test_available_is_on_hand_less_what_is_promised_kept_or_not_sold_and_never_below_zero(
    on_hand: int,
    allocated: int,
    held: int,
    safety: int,
    damaged: int,
    quarantine: int,
    blocked: int,
) -> None:
    level = StockLevel(
        on_hand=on_hand,
        allocated=allocated,
        held=held,
        damaged=damaged,
        quarantine=quarantine,
        blocked=blocked,
    )
    assert level.sellable == on_hand - damaged - quarantine - blocked
    assert level.free == level.sellable - allocated - held
    assert level.available(safety) == max(0, level.free - safety)


def test_quantities_are_named_per_sku_and_location() -> None:
    names: set[str] = set(StockLevel.__slots__)
    promised = {"allocated", "held", "backordered"}
    there = {"on_hand", "damaged", "quarantine", "blocked", "lots"}
    sold_early = {"preorder_id", "preordered"}
    assert names == {"version", "incoming", *promised, *there, *sold_early}


def test_units_of_a_lot_that_is_blocked_are_not_sold_until_it_is_approved() -> None:
    level = StockLevel()
    level.apply(StockReceived("A", "LON", 10))
    level.apply(StockLotsChanged("A", "LON", (LotChange("L", 6, "approved", "2026-12-31"),)))
    level.apply(StockStateChanged("A", "LON", 1, "available", "damaged", "wet", None, "L"))
    assert level.free == 9
    level.apply(StockLotStatusChanged("A", "LON", "L", 5, "approved", "recalled", "2026-12-31"))
    assert (level.blocked, level.damaged, level.free) == (5, 1, 4)
    # Of a blocked lot, units that become available again are blocked.
    back = StockStateChanged("A", "LON", 1, "damaged", "available", "dry", None, "L", "recalled")
    level.apply(back)
    assert (level.blocked, level.damaged, level.free) == (6, 0, 4)
    level.apply(StockLotStatusChanged("A", "LON", "L", 6, "recalled", "approved", "2026-12-31"))
    assert (level.blocked, level.free, level.without_lot()) == (0, 10, 4)


def test_a_lot_without_units_is_left_out_of_the_state() -> None:
    level = StockLevel()
    level.apply(StockReceived("A", "LON", 3))
    level.apply(StockLotsChanged("A", "LON", (LotChange("L", 3),)))
    level.apply(StockLotsChanged("A", "LON", (LotChange("L", -3),)))
    assert level.lots == {}


def test_units_of_the_newest_preorder_are_counted_until_they_are_given_up() -> None:
    level, line = StockLevel(), {"sku": "A", "location": "LON", "order_id": "o1", "line_id": "1"}
    first, second = PreorderPromise("p1", AT), PreorderPromise("p2", AT)
    level.apply(StockBackordered(**line, quantity=3, preorder=None))
    assert level.preordered == 0
    level.apply(StockBackordered(**line, quantity=5, preorder=first))
    level.apply(BackorderReleased(**line, quantity=4, preorder=None))
    assert (level.preorder_id, level.preordered) == ("p1", 5), "units that got stock count"
    level.apply(BackorderReleased(**line, quantity=2, preorder=first))
    assert level.preordered == 3
    level.apply(StockBackordered(**line, quantity=1, preorder=second))
    level.apply(BackorderReleased(**line, quantity=1, preorder=first))
    assert (level.preorder_id, level.preordered) == ("p2", 1)
