"""Orders, lines and parcels, event by event."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oms_ledger.domain.fulfilment.events import ShipmentDispatched, ShipmentLabelled
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
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity, OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import Statuses
from oms_ledger.kernel import Event
from oms_ledger.testing import Folded, given, recorded
from oms_projections.order_status.document import read
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.rows import (
    LineRow,
    OrderDocumentRow,
    OrderRow,
    OrderShipmentRow,
    SearchTermRow,
)
from tests.projections.histories import (
    DELIVER_BY,
    PLACED_AT,
    SHIP_BY,
    Shop,
    placed,
    shipment,
    states,
)

TWO = (LineQuantity("1", 2),)
SIX = (LineQuantity("1", 6),)
PACKED = UnitsPacked("o1", "s1", "LON", SIX)
SHIPPED = UnitsShipped("o1", "s1", SIX)


def order(folded: Folded) -> OrderRow:
    (row,) = folded.of(OrderRow)
    return row


def line(folded: Folded) -> LineRow:
    (row,) = folded.of(LineRow)
    return row


def test_a_placed_order_has_all_its_rows() -> None:
    (r,) = recorded([placed()])
    given(placed()).folded_into(READ_MODEL).then_rows(
        OrderRow(
            order_id="o1",
            number="WEB-o1",
            version=1,
            channel="web",
            external_id="x-o1",
            sensitive=False,
            status="pending",
            payment="none",
            fulfilment="unfulfilled",
            returned="none",
            on_hold=False,
            tags=[],
            archived=False,
            currency="GBP",
            total=2025,
            cancelled_total=0,
            units=6,
            line_count=1,
            locations=["LON"],
            customer_id="c-o1",
            customer={
                "id": "c-o1",
                "name": {"personal": "Ada Lovelace"},
                "email": {"personal": "Ada@example.org"},
                "phone": None,
            },
            person=None,
            country="GB",
            facets=[
                "status:pending",
                "payment:none",
                "fulfilment:unfulfilled",
                "return:none",
                "channel:web",
                "location:LON",
                "country:GB",
            ],
            placed_at=PLACED_AT,
            ship_by=SHIP_BY,
            deliver_by=DELIVER_BY,
            shipped_at=None,
            delivered_at=None,
            last_at=r.meta.recorded_at,
            updated_at=r.meta.recorded_at,
        ),
        LineRow("o1", "1", "A", 6, 6, 0, 0, 0, 0, 0, 0),
        SearchTermRow("o1", "number", "", "web-o1", ["-o1", "b-o", "eb-", "web"], False),
        SearchTermRow("o1", "external_id", "", "x-o1", ["-o1", "x-o"], False),
    )


# (events after the placing, status, fulfilment, on hold, counters of the line:
#  allocated, packed, backordered, shipped, delivered, cancelled, returned)
CASES: list[tuple[tuple[Event, ...], str, str, bool, tuple[int, ...]]] = [
    ((OrderConfirmed("o1"),), "confirmed", "unfulfilled", False, (6, 0, 0, 0, 0, 0, 0)),
    ((OrderHeld("o1", "h", "fraud"),), "pending", "unfulfilled", True, (6, 0, 0, 0, 0, 0, 0)),
    (
        (OrderHeld("o1", "h", "fraud"), HoldReleased("o1", "h")),
        "pending",
        "unfulfilled",
        False,
        (6, 0, 0, 0, 0, 0, 0),
    ),
    (
        (OrderCancelled("o1", "customer", None, TWO, (Allocation("1", "A", "LON", 2),)),),
        "pending",
        "unfulfilled",
        False,
        (4, 0, 0, 0, 0, 2, 0),
    ),
    ((OrderConfirmed("o1"), PACKED), "processing", "unfulfilled", False, (0, 6, 0, 0, 0, 0, 0)),
    (
        (OrderConfirmed("o1"), PACKED, UnitsUnpacked("o1", "s1", "LON", SIX)),
        "confirmed",
        "unfulfilled",
        False,
        (6, 0, 0, 0, 0, 0, 0),
    ),
    (
        (OrderConfirmed("o1"), PACKED, SHIPPED),
        "fulfilled",
        "shipped",
        False,
        (0, 0, 0, 6, 0, 0, 0),
    ),
    (
        (OrderConfirmed("o1"), PACKED, SHIPPED, UnitsDelivered("o1", "s1", SIX)),
        "completed",
        "delivered",
        False,
        (0, 0, 0, 6, 6, 0, 0),
    ),
    (
        (OrderConfirmed("o1"), PACKED, SHIPPED, UnitsReturned("o1", None, TWO)),
        "fulfilled",
        "shipped",
        False,
        (0, 0, 0, 6, 0, 0, 2),
    ),
]


@pytest.mark.parametrize(
    ("events", "status", "fulfilment", "on_hold", "counters"),
    CASES,
    ids=lambda c: type(c[-1]).__name__ if isinstance(c, tuple) and c else None,
)
def test_every_event_moves_the_order_and_its_line(
    events: tuple[Event, ...],
    status: str,
    fulfilment: str,
    on_hold: bool,
    counters: tuple[int, ...],
) -> None:
    folded = given(placed(), *events).folded_into(READ_MODEL, page=1)
    row = order(folded)
    assert (row.status, row.fulfilment, row.on_hold) == (status, fulfilment, on_hold)
    assert row.version == 1 + len(events)
    folded.then_rows(LineRow("o1", "1", "A", 6, *counters))


def test_backorders_that_get_stock() -> None:
    short = placed(allocations=(), backorders=(Backorder("1", "A", "LON", 6),))
    filled = BackordersAllocated("o1", (Allocation("1", "A", "MAN", 6),), short.backorders)
    before, after = (
        given(short).folded_into(READ_MODEL),
        given(short, filled).folded_into(READ_MODEL),
    )
    assert (line(before).backordered, line(before).allocated) == (6, 0)
    assert order(before).fulfilment == "backordered"
    assert (line(after).backordered, line(after).allocated) == (0, 6)
    assert order(after).locations == ["LON", "MAN"]


def test_shipped_at_is_when_the_last_goods_left_in_the_world_s_time() -> None:
    at = datetime(2026, 1, 1, 15, tzinfo=UTC)
    some = UnitsPacked("o1", "s1", "LON", TWO)
    begun = (placed(), some, UnitsShipped("o1", "s1", TWO))
    rest = (LineQuantity("1", 4),)
    whole = (*begun, UnitsPacked("o1", "s2", "LON", rest), UnitsShipped("o1", "s2", rest))
    assert order(given(*begun).folded_into(READ_MODEL)).shipped_at is None
    folded = Folded(READ_MODEL).page(recorded(whole, occurred_at=at))
    assert order(folded).shipped_at == at
    assert order(folded).returned == "none"


def test_services_neither_ship_nor_keep_an_order_open() -> None:
    fee = OrderLine("2", "POST", 1, 300, stocked=False)
    goods = OrderLine("1", "A", 6, 255)
    row = order(given(placed(lines=(goods, fee)), PACKED, SHIPPED).folded_into(READ_MODEL))
    assert (row.units, row.line_count, row.fulfilment) == (6, 2, "shipped")
    assert row.shipped_at is not None


def test_a_parcel_keeps_the_number_of_its_label() -> None:
    handed = ShipmentDispatched("s1", "o1", None)
    given(shipment(), ShipmentLabelled("s1", "TRK1"), handed).folded_into(READ_MODEL).then_rows(
        OrderShipmentRow("s1", "o1", "LON", "manual", "standard", "TRK1")
    )
    given(shipment(), ShipmentDispatched("s1", "o1", "TRK2")).folded_into(
        READ_MODEL, page=1
    ).then_rows(OrderShipmentRow("s1", "o1", "LON", "manual", "standard", "TRK2"))


@pytest.mark.parametrize("seed", range(4))
def test_rows_equal_the_domain_s_own_fold(seed: int) -> None:
    history = recorded(Shop(seed).play(200))
    folded = given(*(r.event for r in history)).folded_into(READ_MODEL, page=9)
    orders = {s: state for s, state in states(history).items() if isinstance(state, Order)}
    assert len(folded.of(OrderRow)) == len(orders) > 10
    documents = {row.order_id: read(row.document) for row in folded.of(OrderDocumentRow)}
    for row in folded.of(OrderRow):
        state = orders[f"order-{row.order_id}"]
        assert documents[row.order_id].order == state
        statuses = Statuses(row.status, row.payment, row.fulfilment, row.returned)
        assert statuses == state.statuses
        assert row.version == state.version
    for each in folded.of(LineRow):
        order = orders[f"order-{each.order_id}"]
        progress, unplaced = order.lines[each.line_id], order.course.unplaced
        stages = each.allocated + each.packed + each.backordered + each.shipped + each.cancelled
        owed = progress.line.stocked and not unplaced  # in the queue an order has no stock yet
        assert stages == (each.ordered if owed else each.cancelled)
        assert (each.shipped, each.delivered) == (progress.shipped, progress.delivered)
        assert (each.packed, each.returned) == (progress.packed, progress.returned)
