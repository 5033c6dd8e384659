"""Shipments' SQL on a real PostgreSQL: lists, the recipient's view, and the figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from oms_ledger.domain.errors import Invalid, NotFound
from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentScanned,
)
from oms_ledger.domain.orders.events import OrderCancelled, OrderPlaced, UnitsPacked
from oms_ledger.domain.orders.lines import LineQuantity, OrderLine
from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Event, Recorded
from oms_ledger.testing import recorded, replace
from oms_projections.pages import cursor_for
from tests.projections.conftest import Fill, RunQuery
from tests.projections.histories import PLACED_AT, placed, shipment

HOUR = timedelta(hours=1)
NOW = "2026-01-10T00:00:00Z"
LATER = "2026-02-02T00:00:00Z"
END = "19"
"""The last position of the history in `ask`."""


def dated(*pairs: tuple[Event, datetime]) -> list[Recorded]:
    """Events with the time each happened outside."""
    history = recorded(event for event, _ in pairs)
    return [
        replace(r, meta=replace(r.meta, occurred_at=at))
        for r, (_, at) in zip(history, pairs, strict=True)
    ]


def order(order_id: str, units: int = 6, at: datetime = PLACED_AT) -> OrderPlaced:
    return placed(order_id, (OrderLine("1", "A", units, 255),), (), at=at)


@pytest.fixture
def query(fill: Fill) -> RunQuery:
    """o1: s1 and s2, on time; s2 of LON's other carrier. o2: s3 shipped and delivered late,
    with trouble. o3: s4 never sent, s5 cancelled. o4, a month later: s6 sent, not arrived."""
    later = PLACED_AT + timedelta(days=31)

    def sent(shipment_id: str, order_id: str, hours: int) -> tuple[Event, datetime]:
        at = PLACED_AT + hours * HOUR
        return ShipmentDispatched(shipment_id, order_id, f"TRK-{shipment_id}"), at

    def arrived(shipment_id: str, order_id: str, hours: int) -> tuple[Event, datetime]:
        at = PLACED_AT + hours * HOUR
        return ShipmentDelivered(shipment_id, order_id, at), at

    trouble = PLACED_AT + 50 * HOUR
    gone = later + 10 * HOUR
    return fill(
        dated(
            *((order(f"o{n}"), PLACED_AT) for n in (1, 2)),
            (order("o3", 1), PLACED_AT),
            (order("o4", 3, later), later),
            (shipment("s1", "o1", 4), PLACED_AT + HOUR),
            (shipment("s2", "o1", 2, carrier="fast"), PLACED_AT + 2 * HOUR),
            (shipment("s3", "o2", 6, "MAN"), PLACED_AT + 3 * HOUR),
            (shipment("s4", "o3", 1), PLACED_AT + 4 * HOUR),
            (shipment("s5", "o3", 1), PLACED_AT + 5 * HOUR),
            (shipment("s6", "o4", 3, at=later), later),
            sent("s1", "o1", 10),
            sent("s2", "o1", 20),
            sent("s3", "o2", 30),
            (ShipmentScanned("s3", "delayed", trouble, "Hub"), trouble),
            arrived("s1", "o1", 40),
            arrived("s2", "o1", 60),
            arrived("s3", "o2", 100),
            (ShipmentCancelled("s5", "o3"), PLACED_AT + 6 * HOUR),
            (ShipmentDispatched("s6", "o4", None), gone),
        )
    )


def shipment_ids(query: RunQuery, **params: str) -> list[str]:
    return [item["shipment_id"] for item in query("list_shipments", **params)["items"]]


def test_lists_of_shipments(query: RunQuery) -> None:
    assert shipment_ids(query) == ["s6", "s5", "s4", "s3", "s2", "s1"]
    assert shipment_ids(query, status="delivered") == ["s3", "s2", "s1"]
    assert shipment_ids(query, carrier="fast") == ["s2"]
    assert shipment_ids(query, location="MAN") == ["s3"]
    assert shipment_ids(query, channel="shop") == []
    assert shipment_ids(query, order_id="o1") == ["s2", "s1"]
    assert shipment_ids(query, late="true", now=NOW) == ["s4", "s3"]
    assert shipment_ids(query, late="false", now=NOW) == ["s5", "s2", "s1"]
    assert shipment_ids(query, late="false", now=LATER) == ["s6", "s5", "s2", "s1"]
    assert shipment_ids(query, status="created,cancelled") == ["s5", "s4"]
    assert shipment_ids(query, carrier="fast, nobody") == ["s2"]
    assert shipment_ids(query, tracking_number=" trk-S3 ") == ["s3"]
    assert shipment_ids(query, tracking_number="TRK") == []
    assert shipment_ids(query, q=" web-O1 ") == ["s2", "s1"]
    assert shipment_ids(query, q="RK-s2") == ["s2"]
    assert shipment_ids(query, q="s3") == ["s3"]
    assert shipment_ids(query, q="100%") == []
    assert shipment_ids(query, country="GB,US") == shipment_ids(query)
    assert shipment_ids(query, country="US") == []
    assert shipment_ids(query, created_from="2026-02-01") == ["s6"]
    assert shipment_ids(query, created_to="2026-01-01", location="MAN") == ["s3"]
    assert shipment_ids(
        query, dispatched_from="2026-01-02T05:00:00Z", dispatched_to="2026-01-02"
    ) == [
        "s3",
        "s2",
    ]
    assert shipment_ids(query, delivered_from="2026-01-05") == ["s3"]
    assert shipment_ids(query, delivered_to="2026-01-03") == ["s2", "s1"]
    assert shipment_ids(query, delivered_to="2026-01-02") == []
    assert shipment_ids(query, delivered_to="2026-01-03T12:00:00Z") == ["s1"]
    first = query("list_shipments", limit="4")
    assert shipment_ids(query, cursor=first["next_cursor"], limit="4") == ["s2", "s1"]
    assert query("list_shipments", cursor=first["next_cursor"], limit="4")["next_cursor"] is None


def test_a_list_as_of_a_position_is_filtered_alike(fill: Fill) -> None:
    at = [PLACED_AT + n * HOUR for n in range(60)]
    four, two = (LineQuantity("1", 4),), (LineQuantity("1", 2),)
    history = dated(
        (placed(), at[0]),
        (UnitsPacked("o1", "s1", "LON", four), at[1]),
        (shipment("s1", "o1", 4), at[1]),
        (UnitsPacked("o1", "s2", "LON", two), at[2]),
        (shipment("s2", "o1", 2, carrier="fast"), at[2]),
        (ShipmentDispatched("s1", "o1", "TRK-s1"), at[10]),
        (ShipmentDispatched("s2", "o1", "TRK-s2"), at[30]),
        (ShipmentDelivered("s1", "o1", at[40]), at[40]),
    )
    query, end = fill(history), str(len(history))
    assert shipment_ids(query, order_id="o1", as_of=end) == ["s2", "s1"]
    every: tuple[dict[str, str], ...] = (
        {},
        {"status": "delivered,created"},
        {"carrier": "fast"},
        {"tracking_number": "trk-s1"},
        {"q": "TRK-S2"},
        {"country": "US"},
        {"dispatched_to": "2026-01-01"},
        {"delivered_from": "2026-01-03", "tz": "Asia/Tokyo"},
        {"created_from": "2026-01-01T10:30:00Z"},
        {"late": "true", "now": "2026-01-02T08:00:00Z"},
        {"late": "true", "now": NOW},
        {"now": "2026-01-01T10:30:00Z"},
    )
    for params in every:
        wanted = query("list_shipments", order_id="o1", **params)
        assert query("list_shipments", as_of=end, order_id="o1", **params) == wanted, params


def test_what_came_after_now_had_not_come_yet(query: RunQuery) -> None:
    """s2 left at 05:00 on the 2nd and s3 at 15:00, six hours late; s5 was cancelled at 15:00 on
    the 1st."""
    assert shipment_ids(query, now="2026-01-01T12:30:00Z") == ["s3", "s2", "s1"]
    assert shipment_ids(query, late="true", now="2026-01-02T08:00:00Z") == []
    assert shipment_ids(query, late="true", now="2026-01-02T12:00:00Z") == ["s4", "s3"]
    assert shipment_ids(query, late="true", now="2026-01-02T16:00:00Z") == ["s4", "s3"]
    before = figures(query, None, group_by="none", now="2026-01-01T14:30:00Z")
    assert (before["orders"], before["shipments"], before["late"]) == (3, 5, 0)
    after = figures(query, None, group_by="none", now="2026-01-02T12:00:00Z")
    assert (after["orders"], after["shipments"], after["late"]) == (3, 4, 2)
    assert (after["delivered"], after["exception_rate"]) == (0, 0.0)
    assert (after["orders_late"], after["on_time_ship_rate"]) == (2, 0.3333)
    assert set(after["order_to_ship_hours"].values()) == {20.0}


CURSORS = ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "rubbish", "", "1700000000")


@pytest.mark.parametrize("mark", CURSORS)
def test_a_cursor_without_a_time_is_refused(query: RunQuery, mark: str) -> None:
    for more in ({}, {"as_of": END, "order_id": "o1"}):
        with pytest.raises(Invalid, match="cursor"):
            query("list_shipments", cursor=cursor_for([mark, "s1"]), **more)


def test_one_shipment(query: RunQuery) -> None:
    body = query("get_shipment", shipment_id="s3")
    assert (body["status"], body["exceptions"], body["recipient"]) == (
        "delivered",
        1,
        "Ada Lovelace",
    )
    assert body["dispatched_at"] == "2026-01-02T15:00:00Z"
    with pytest.raises(NotFound):
        query("get_shipment", shipment_id="s9")


def test_a_recipient_sees_first_name_and_town_and_nothing_else_of_a_person(query: RunQuery) -> None:
    body = query("track", token="token-s3")
    assert (body["first_name"], body["town"], body["status"]) == ("Ada", "Leeds", "delivered")
    assert body["scans"] == [
        {"code": "delayed", "scanned_at": "2026-01-03T11:00:00Z", "place": "Hub"}
    ]
    assert "Lovelace" not in str(body)
    with pytest.raises(NotFound):
        query("track", token="guessed")


@pytest.mark.parametrize(
    ("name", "country", "shown"),
    [
        ("王小明", "GB", None),
        ("ada@example.org", "GB", None),
        ("Lovelace, Ada", "GB", "Ada"),
        ("Dr. Ada Lovelace", "GB", "Ada"),
        ("Nagy Anna", "HU", None),
        (None, "GB", None),
    ],
)
def test_a_recipient_s_page_shows_a_given_name_or_none(
    fill: Fill, name: str | None, country: str, shown: str | None
) -> None:
    recipient = None if name is None else Personal(name)
    sent = replace(shipment("s1", "o1", 1), recipient=recipient, country=country)
    assert fill(recorded([sent]))("track", token="token-s1")["first_name"] == shown


def figures(query: RunQuery, group: str | None, now: str = NOW, **params: str) -> dict[str, Any]:
    rows = query("shipping_performance", now=now, **params)["rows"]
    return next(row for row in rows if row["group"] == group)


def test_the_figures_of_a_month(query: RunQuery) -> None:
    """Orders o1 (10 h and 20 h), o2 (30 h) and o3 (never): one of three was shipped in time;
    three shipments arrived, two of them by the time promised."""
    assert figures(query, "2026-01", group_by="month") == {
        "group": "2026-01",
        "orders": 3,
        "orders_late": 2,
        "ship_promises": 3,
        "shipped_on_time": 1,
        "shipments": 4,
        "units": 13,
        "delivered": 3,
        "late": 2,
        "doubtful": 0,
        "on_time_ship_rate": 0.3333,
        "on_time_delivery_rate": 0.6667,
        "order_to_ship_hours": {"p50": 25.0, "p90": 29.0, "p95": 29.5},
        "ship_to_deliver_hours": {"p50": 40.0, "p90": 64.0, "p95": 67.0},
        "split_rate": 0.5,
        "exception_rate": 0.25,
        "sensitive_orders": 0,
        "suppressed": None,
    }


def test_rates_are_null_where_there_is_nothing_to_judge(query: RunQuery) -> None:
    row = figures(query, "2026-02", now=LATER, group_by="month")
    assert (row["on_time_ship_rate"], row["split_rate"], row["exception_rate"]) == (1.0, 0.0, 0.0)
    assert row["on_time_delivery_rate"] is None
    assert row["ship_to_deliver_hours"] == {"p50": None, "p90": None, "p95": None}
    early = query("shipping_performance", now="2026-01-01T10:00:00Z", carrier="nobody")
    assert early["rows"] == []


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        ("day", ["2026-01-01", "2026-02-01"]),
        ("week", ["2026-W01", "2026-W05"]),
        ("month", ["2026-01", "2026-02"]),
        ("carrier", ["fast", "manual"]),
        ("service", ["standard"]),
        ("location", ["LON", "MAN"]),
        ("channel", ["web"]),
        ("none", [None]),
    ],
)
def test_groups(query: RunQuery, group_by: str, groups: list[str]) -> None:
    rows = query("shipping_performance", group_by=group_by)["rows"]
    assert [row["group"] for row in rows] == groups
    assert sum(row["shipments"] for row in rows) == 5


def test_periods_and_filters(query: RunQuery) -> None:
    period = {"from": "2026-01-01", "to": "2026-01-01"}
    assert figures(query, "web", group_by="channel", **period)["shipments"] == 4
    assert (
        figures(query, "web", LATER, group_by="channel", **{"from": "2026-02-01"})["shipments"] == 1
    )
    fast = figures(query, "web", group_by="channel", carrier="fast")
    assert (fast["shipments"], fast["split_rate"]) == (1, 1.0)
    assert figures(query, "LON", LATER, group_by="location", location="LON")["shipments"] == 4


def parcel(
    shipment_id: str, order_id: str, left: int, arrived: int
) -> tuple[tuple[Event, datetime], ...]:
    """A shipment that left and arrived so many hours after its order was placed."""
    gone, there = PLACED_AT + left * HOUR, PLACED_AT + arrived * HOUR
    return (
        (order(order_id, 1), PLACED_AT),
        (shipment(shipment_id, order_id, 1), PLACED_AT),
        (ShipmentDispatched(shipment_id, order_id, None, dispatched_at=gone), gone),
        (ShipmentDelivered(shipment_id, order_id, there), there),
    )


def test_hours_and_rates_leave_out_doubtful_dates(fill: Fill) -> None:
    """One is as it should be and late, one left before its order, one arrived before it left."""
    query = fill(
        dated(
            *parcel("s1", "o1", 60, 200),
            *parcel("s2", "o2", -9 * 24, 30),
            *parcel("s3", "o3", 130, 10),
        )
    )
    (row,) = query("shipping_performance", now=NOW)["rows"]
    assert (row["orders"], row["shipments"], row["delivered"], row["doubtful"]) == (3, 3, 3, 2)
    assert set(row["order_to_ship_hours"].values()) == {60.0}
    assert set(row["ship_to_deliver_hours"].values()) == {140.0}
    assert (row["on_time_ship_rate"], row["on_time_delivery_rate"]) == (0.0, 0.0)
    assert query("get_shipment", shipment_id="s2")["doubtful_dates"] == [
        {"date": "dispatched_at", "before": "placed_at"}
    ]
    assert query("get_shipment", shipment_id="s3")["doubtful_dates"] == [
        {"date": "delivered_at", "before": "dispatched_at"}
    ]


def test_where_all_are_doubtful_there_is_no_figure_of_time(fill: Fill) -> None:
    (row,) = fill(dated(*parcel("s1", "o1", 130, 10)))("shipping_performance", now=NOW)["rows"]
    assert row["doubtful"] == 1
    assert {*row["order_to_ship_hours"].values(), *row["ship_to_deliver_hours"].values()} == {None}
    assert (row["on_time_ship_rate"], row["on_time_delivery_rate"]) == (None, None)


def test_figures_follow_a_corrected_date(fill: Fill) -> None:
    left, there = PLACED_AT + 20 * HOUR, PLACED_AT + 30 * HOUR
    query = fill(
        dated(
            *parcel("s1", "o1", 130, -10),
            (ShipmentDateCorrected("s1", "o1", "dispatched_at", left), left),
            (ShipmentDateCorrected("s1", "o1", "delivered_at", there), there),
        )
    )
    (row,) = query("shipping_performance", now=NOW)["rows"]
    assert row["doubtful"] == 0
    assert set(row["order_to_ship_hours"].values()) == {20.0}
    assert set(row["ship_to_deliver_hours"].values()) == {10.0}
    assert (row["on_time_ship_rate"], row["on_time_delivery_rate"]) == (1.0, 1.0)


def test_an_order_is_on_time_when_all_of_it_is_and_one_never_packed_is_not(fill: Fill) -> None:
    """Of four orders with a promise, o1 kept it. o2 sent 1 of 10 units in time, o3 was never
    packed, o4 sent one of two and the other was cancelled. o5 was cancelled whole and promises
    nothing; o6 has until the 2nd."""
    sent = PLACED_AT + 5 * HOUR
    rest = (LineQuantity("1", 1),)
    shipments = (shipment("s1", "o1", 10), shipment("s2", "o2", 1), shipment("s4", "o4", 1))
    query = fill(
        dated(
            *((order(f"o{n}", units), PLACED_AT) for n, units in ((1, 10), (2, 10), (3, 1))),
            *((order(f"o{n}", units), PLACED_AT) for n, units in ((4, 2), (5, 1))),
            (order("o6", 1, PLACED_AT + 20 * HOUR), PLACED_AT),
            *((created, PLACED_AT) for created in shipments),
            *((ShipmentDispatched(f"s{n}", f"o{n}", None), sent) for n in (1, 2, 4)),
            (OrderCancelled("o4", "customer", None, rest), sent),
            (OrderCancelled("o5", "customer", None, rest), sent),
        )
    )
    now = {"now": "2026-01-02T12:00:00Z"}
    row = figures(query, None, group_by="none", **now)
    assert (row["orders"], row["ship_promises"], row["shipped_on_time"]) == (5, 4, 2)
    assert (row["on_time_ship_rate"], row["orders_late"]) == (0.5, 2)
    never = figures(query, None, group_by="carrier", **now)
    assert (never["orders"], never["shipments"], never["on_time_ship_rate"]) == (2, 0, 0.0)
    packed = figures(query, None, group_by="none", carrier="manual", **now)
    assert (packed["orders"], packed["ship_promises"]) == (3, 3)
    early = figures(query, None, group_by="none", now="2026-01-01T12:00:00Z")
    assert (early["orders"], early["ship_promises"]) == (5, 0)


def test_figures_of_nothing_are_one_row_without_groups(query: RunQuery) -> None:
    (row,) = query("shipping_performance", group_by="none", channel="nobody")["rows"]
    assert (row["group"], row["orders"], row["on_time_ship_rate"]) == (None, 0, None)
    assert (row["sensitive_orders"], row["suppressed"]) == (0, None)
