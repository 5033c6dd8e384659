"""Balances and movements, event by event."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oms_ledger.domain.catalogue.events import (
    Component,
    Dimensions,
    LocationDefined,
    Preorder,
    PreorderPromise,
    ProductDefined,
    SafetyStock,
    Site,
)
from oms_ledger.domain.geography import point_of
from oms_ledger.domain.money import Money
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
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.testing import given, recorded
from oms_projections.stock_levels.fold import READ_MODEL
from oms_projections.stock_levels.rows import LocationRow, MovementRow, ProductRow, StockRow
from tests.projections.histories import Shop, states

# Each event after a receipt of 10, 4 allocated and 2 backordered: (on hand, allocated,
# backordered) after it, and the quantity its movement shows.
LATER = datetime(2026, 1, 2, tzinfo=UTC)
CASES: list[tuple[StockEvent, tuple[int, int, int], int]] = [
    (StockReceived("A", "LON", 5), (15, 4, 2), 5),
    (StockAdjusted("A", "LON", -3, "damaged", "count 7"), (7, 4, 2), -3),
    (StockReturned("A", "LON", 2, "C536379"), (12, 4, 2), 2),
    (StockAllocated("A", "LON", 3, "o1", "1"), (10, 7, 2), 3),
    (StockReleased("A", "LON", 3, "o1", "1"), (10, 1, 2), 3),
    (StockBackordered("A", "LON", 3, "o1", "1"), (10, 4, 5), 3),
    (BackorderReleased("A", "LON", 2, "o1", "1"), (10, 4, 0), 2),
    (StockShipped("A", "LON", 4, "o1", "1", "s1"), (6, 0, 2), 4),
    (StockHeld("A", "LON", 3, "r1"), (10, 4, 2), 3),
    (StockHoldReleased("A", "LON", 1, "r0"), (10, 4, 2), 1),
    (PreorderRescheduled("A", "LON", 2, "o1", "1", PreorderPromise("p1", LATER)), (10, 4, 2), 2),
    (ShippedDateCorrected("A", "LON", 4, "o1", "1", "s1", LATER), (10, 4, 2), 4),
    (StockMovedOut("A", "LON", 1, "MAN"), (9, 4, 2), 1),
    (StockMovedIn("A", "LON", 1, "MAN"), (11, 4, 2), 1),
    (StockStateChanged("A", "LON", 2, "available", "damaged", "wet"), (10, 4, 2), 2),
    (IncomingStockAdded("A", "LON", 7, "i1"), (10, 4, 2), 7),
    (IncomingStockRemoved("A", "LON", 7, "i1"), (10, 4, 2), 7),
    (StockLotsChanged("A", "LON", (LotChange("L1", 3, "on_hold"),)), (10, 4, 2), 3),
    (StockLotStatusChanged("A", "LON", "L1", 3, "approved", "on_hold"), (10, 4, 2), 3),
]
BEFORE = (
    StockReceived("A", "LON", 10),
    StockAllocated("A", "LON", 4, "o1", "1"),
    StockBackordered("A", "LON", 2, "o1", "1"),
    StockHeld("A", "LON", 1, "r0"),
)
HELD = {StockHeld: 4, StockHoldReleased: 0}
"""Units held after it, where it changes them; 1 otherwise."""

OTHERS: dict[type[StockEvent], dict[str, int]] = {
    StockStateChanged: {"damaged": 2},
    IncomingStockAdded: {"incoming": 7},
    IncomingStockRemoved: {"incoming": -7},
    StockLotsChanged: {"blocked": 3},
    StockLotStatusChanged: {"blocked": 3},
}
"""The other counters after it, where it changes them; 0 otherwise."""


@pytest.mark.parametrize(("event", "after", "quantity"), CASES, ids=lambda c: type(c).__name__)
def test_every_event_moves_the_counters_and_leaves_a_movement(
    event: StockEvent, after: tuple[int, int, int], quantity: int
) -> None:
    result = given(*BEFORE, event).folded_into(READ_MODEL)
    on_hand, allocated, backordered = after
    at = recorded((*BEFORE, event))[-1].meta.recorded_at
    held = HELD.get(type(event), 1)
    row = StockRow("A", "LON", on_hand, allocated, held, backordered, 0, 5, at)
    for name, units in OTHERS.get(type(event), {}).items():
        setattr(row, name, units)
    result.then_rows(row)
    movement = next(m for m in result.of(MovementRow) if m.position == 5)
    assert movement.quantity == quantity
    assert (movement.on_hand, movement.allocated, movement.backordered) == after
    assert movement.on_hand - movement.on_hand_change == 10
    assert movement.allocated - movement.allocated_change == 4
    assert movement.backordered - movement.backordered_change == 2
    assert (movement.held, movement.held - movement.held_change) == (held, 1)


def test_all_stock_events_are_covered() -> None:
    assert {type(event) for event, _, _ in CASES} == set(STOCK_EVENTS)


def test_a_movement_names_its_cause() -> None:
    shipped = given(*BEFORE, StockShipped("A", "LON", 4, "o1", "1", "s1")).folded_into(READ_MODEL)
    movement = next(m for m in shipped.of(MovementRow) if m.position == 5)
    assert (movement.kind, movement.order_id, movement.line_id) == ("shipped", "o1", "1")
    assert (movement.shipment_id, movement.reference, movement.actor) == ("s1", None, "tester")
    corrected = given(StockAdjusted("A", "LON", 3, "found", "shelf 4")).folded_into(READ_MODEL)
    assert [(m.reason, m.reference) for m in corrected.of(MovementRow)] == [("found", "shelf 4")]


def test_products_and_locations_show_their_last_definition() -> None:
    site = Site(city="London", country="GB")
    defined = ProductDefined(
        "A",
        "Heart",
        True,
        90,
        Dimensions(1, 2, 3),
        Money(120, "GBP"),
        4,
        5,
        (Component("B", 2),),
        True,
        safety_stock_at=(SafetyStock("LON", 3),),
        preorder=Preorder("p1", datetime(2026, 3, 1, tzinfo=UTC), 9),
        unit=UnitOfMeasure("kg", 3),
    )
    given(
        ProductDefined("A", "Hart", True),
        LocationDefined("LON", "London", "warehouse", site, 1, 500, point_of(51.5, -0.03), True),
        defined,
    ).folded_into(READ_MODEL).then_rows(
        ProductRow(
            sku="A",
            title="Heart",
            stocked=True,
            weight_g=90,
            dimensions_mm={"length": 1, "width": 2, "height": 3},
            unit_cost=120,
            currency="GBP",
            backorder_limit=4,
            safety_stock=5,
            safety_stock_at={"LON": 3},
            preorder={"available_at": "2026-03-01T00:00:00Z", "cap": 9},
            components=[{"sku": "B", "quantity": 2}],
            search="a\nheart",
            sensitive=True,
            product_category=None,
            unit_of_measure={"code": "kg", "decimals": 3},
            version=2,
            updated_at=recorded([defined] * 3)[-1].meta.recorded_at,
        ),
        LocationRow(
            code="LON",
            name="London",
            kind="warehouse",
            site={
                "line1": None,
                "line2": None,
                "city": "London",
                "region": None,
                "postal_code": None,
                "country": "GB",
            },
            priority=1,
            daily_capacity=500,
            latitude=51_500_000,
            longitude=-30_000,
            closed=True,
            version=1,
            updated_at=recorded([defined] * 2)[-1].meta.recorded_at,
        ),
    )


@pytest.mark.parametrize("seed", range(3))
def test_rows_equal_the_domain_s_own_fold(seed: int) -> None:
    history = recorded(Shop(seed).play(150))
    folded = given(*(r.event for r in history)).folded_into(READ_MODEL, page=7)
    levels = {s: state for s, state in states(history).items() if isinstance(state, StockLevel)}
    assert len(levels) >= 6
    for row in folded.of(StockRow):
        level = levels.pop(f"stock-{row.sku}@{row.location}")
        assert (row.on_hand, row.allocated, row.held) == (
            level.on_hand,
            level.allocated,
            level.held,
        )
        assert (row.backordered, row.incoming) == (level.backordered, level.incoming)
        assert row.version == level.version
    assert not levels
