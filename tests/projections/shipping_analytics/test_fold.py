"""Shipments, event by event."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentLabelled,
    ShipmentScanned,
)
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.events import OrderCancelled, OrderEdited
from oms_ledger.domain.orders.lines import LineEdit, LineQuantity, OrderLine
from oms_ledger.kernel import Event
from oms_ledger.testing import START, Folded, given, recorded, replace
from oms_projections.shipping_analytics.fold import READ_MODEL
from oms_projections.shipping_analytics.rows import PromiseRow, ShipmentRow
from tests.projections.histories import (
    DELIVER_BY,
    PLACED_AT,
    SHIP_BY,
    Shop,
    placed,
    shipment,
    states,
)

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
CREATED = ShipmentRow(
    shipment_id="s1",
    order_id="o1",
    order_number="WEB-o1",
    sensitive=False,
    channel="web",
    location="LON",
    carrier="manual",
    service="standard",
    status="created",
    trouble=None,
    tracking_number=None,
    tracking_token="token-s1",
    units=6,
    lines=[{"line_id": "1", "sku": "A", "quantity": 6}],
    packages=[],
    scans=[],
    exceptions=0,
    recipient={"personal": "Ada Lovelace"},
    city="Leeds",
    country="GB",
    placed_at=PLACED_AT,
    ship_by=SHIP_BY,
    deliver_by=DELIVER_BY,
    created_at=START,
    dispatched_at=None,
    last_scan_at=None,
    delivered_at=None,
    simulated=False,
    version=1,
    updated_at=START,
    cancelled_at=None,
    first_exception_at=None,
    facets=[
        "status:created",
        "carrier:manual",
        "location:LON",
        "channel:web",
        "country:GB",
    ],
    search="web-o1",
    grams=["-o1", "b-o", "eb-", "web"],
    fulfilment_id=None,
)
INDEXED = ("facets", "search", "grams")


def changed(*events: Event, page: int | None = None) -> dict[str, object]:
    """What differs from a shipment just created."""
    (row,) = given(shipment(), *events).folded_into(READ_MODEL, page=page).of(ShipmentRow)
    before = asdict(CREATED)
    same = ("version", "updated_at", *INDEXED)
    return {k: v for k, v in asdict(row).items() if v != before[k] and k not in same}


def test_a_shipment_created() -> None:
    given(shipment()).folded_into(READ_MODEL).then_rows(CREATED)


def test_labelled_dispatched_and_delivered() -> None:
    label, sent = ShipmentLabelled("s1", "TRK1"), ShipmentDispatched("s1", "o1", None)
    assert changed(label) == {"status": "labelled", "tracking_number": "TRK1"}
    assert changed(label, sent, page=1) == {
        "status": "dispatched",
        "tracking_number": "TRK1",
        "dispatched_at": START + timedelta(seconds=2),
    }
    delivered = ShipmentDelivered("s1", "o1", NOON, simulated=True)
    assert changed(sent, delivered) == {
        "status": "delivered",
        "dispatched_at": START + timedelta(seconds=1),
        "delivered_at": NOON,
        "simulated": True,
    }


def test_cancelled() -> None:
    assert changed(ShipmentCancelled("s1", "o1")) == {
        "status": "cancelled",
        "cancelled_at": START + timedelta(seconds=1),
    }


def test_lists_find_a_shipment_by_its_last_status_and_its_tracking_number() -> None:
    history = given(shipment(), ShipmentLabelled("s1", "Trk ΚΑΦΕΣ"))
    (row,) = history.folded_into(READ_MODEL).of(ShipmentRow)
    assert {"status:labelled", "tracking:trk καφεσ", "carrier:manual"} <= set(row.facets)
    assert row.search == "web-o1\ntrk καφεσ"
    assert {"trk", "καφ", "web"} <= set(row.grams)


def test_an_order_promises_its_goods_and_no_services() -> None:
    lines = (OrderLine("1", "A", 6, 255), OrderLine("fee", "POST", 1, 300, stocked=False))
    promise = PromiseRow("o1", False, "web", PLACED_AT, SHIP_BY, DELIVER_BY, 6, 6, None, ["fee"])
    given(placed(lines=lines)).folded_into(READ_MODEL).then_rows(promise)
    gone = (LineQuantity("1", 2), LineQuantity("fee", 1))
    given(placed(lines=lines), OrderCancelled("o1", "customer", None, gone)).folded_into(
        READ_MODEL, page=1
    ).then_rows(replace(promise, units=4, cancelled_at=START + timedelta(seconds=1)))


def test_an_edited_order_promises_what_is_ordered_now_by_its_new_dates() -> None:
    lines = (OrderLine("1", "A", 6, 255), OrderLine("fee", "POST", 1, 300, stocked=False))
    promise = PromiseRow("o1", False, "web", PLACED_AT, SHIP_BY, DELIVER_BY, 6, 6, None, ["fee"])
    less = LineEdit(replace(lines[0], quantity=4), 6)
    no_fee = LineEdit(replace(lines[1], quantity=0), 1)
    added = (OrderLine("2", "B", 3, 100), OrderLine("3", "WRAP", 1, 50, stocked=False))
    edited = OrderEdited(
        "o1", "e1", "GBP", 2325, 1915, -410, added, (less, no_fee), ship_by=NOON
    )  # fmt: skip
    gone = OrderCancelled("o1", "customer", None, (LineQuantity("2", 1), LineQuantity("3", 1)))
    row = replace(promise, ordered=7, units=7, services=["fee", "3"], ship_by=NOON)
    for page in (1, 10):
        past = (placed(lines=lines), edited)
        given(*past).folded_into(READ_MODEL, page=page).then_rows(row)
        cancelled = replace(row, units=6, cancelled_at=START + timedelta(seconds=2))
        given(*past, gone).folded_into(READ_MODEL, page=page).then_rows(cancelled)


def test_times_are_those_of_the_world_where_it_has_its_own() -> None:
    history = recorded([shipment(), ShipmentDispatched("s1", "o1", None)], occurred_at=NOON)
    (row,) = Folded(READ_MODEL).page(history).of(ShipmentRow)
    assert (row.created_at, row.dispatched_at) == (NOON, NOON)
    assert row.updated_at == START + timedelta(seconds=1)


def test_scans_are_kept_and_a_late_one_moves_nothing_back() -> None:
    sent = ShipmentDispatched("s1", "o1", "TRK1")
    out = ShipmentScanned("s1", "out_for_delivery", NOON, "Leeds")
    late = ShipmentScanned("s1", "in_transit", NOON - timedelta(hours=5))
    row = changed(sent, out, late, page=1)
    assert row["status"] == "out_for_delivery"
    assert row["last_scan_at"] == NOON
    assert row["scans"] == [
        {
            "code": "out_for_delivery",
            "scanned_at": "2026-01-02T12:00:00Z",
            "place": "Leeds",
            "raw": None,
        },
        {"code": "in_transit", "scanned_at": "2026-01-02T07:00:00Z", "place": None, "raw": None},
    ]


def test_trouble_is_flagged_counted_and_cleared_by_a_later_scan() -> None:
    trouble = ShipmentScanned("s1", "attempted_delivery", NOON)
    better = ShipmentScanned("s1", "in_transit", NOON + timedelta(hours=1))
    assert changed(trouble)["trouble"] == "attempted_delivery"
    assert changed(trouble)["first_exception_at"] == NOON
    cleared = changed(trouble, better)
    assert "trouble" not in cleared
    assert cleared["exceptions"] == 1


def test_a_shipment_never_created_is_an_error_not_a_row() -> None:
    with pytest.raises(LookupError, match="never created"):
        given(ShipmentCancelled("s1", "o1")).folded_into(READ_MODEL)


@pytest.mark.parametrize("seed", range(3))
def test_rows_equal_the_domain_s_own_fold(seed: int) -> None:
    history = recorded(Shop(seed).play(400))
    rows = given(*(r.event for r in history)).folded_into(READ_MODEL, page=5).of(ShipmentRow)
    parcels = {s: state for s, state in states(history).items() if isinstance(state, Shipment)}
    assert len(rows) == len(parcels) > 5
    for row in rows:
        state = parcels[f"shipment-{row.shipment_id}"]
        assert (row.status, row.trouble, row.version) == (
            state.status,
            state.exception,
            state.version,
        )
        assert (row.tracking_number, row.delivered_at) == (
            state.tracking_number,
            state.delivered_at,
        )
        assert (row.last_scan_at, len(row.scans)) == (state.last_scan_at, len(state.scan_digests))
