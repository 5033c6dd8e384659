"""The read models' SQL, on a real PostgreSQL: filters, sorting, paging."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from oms_ledger.domain.catalogue.events import LocationDefined, ProductDefined, Site
from oms_ledger.domain.errors import Invalid, NotFound
from oms_ledger.domain.fulfilment.events import ShipmentDispatched
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import OrderConfirmed, OrderHeld, UnitsPacked, UnitsShipped
from oms_ledger.domain.orders.lines import Allocation, LineQuantity, OrderLine
from oms_ledger.domain.stock.events import StockAllocated, StockReceived
from oms_ledger.engine.db import statements
from oms_ledger.engine.project.tables import Table
from oms_ledger.kernel import Event
from oms_ledger.testing import folded, recorded
from oms_projections import PROJECTIONS
from oms_projections.order_status.lists import Sort
from tests.databases import Database
from tests.projections.conftest import Fill, RunQuery, install
from tests.projections.histories import PLACED_AT, Shop, placed, shipment

NOW = "2026-01-10T00:00:00Z"
DAY = timedelta(days=1)
SIX = (LineQuantity("1", 6),)


def ids(body: Mapping[str, Any], name: str = "order_id") -> list[Any]:
    return [item[name] for item in body["items"]]


def three_orders() -> Sequence[Event]:
    """o1 shipped at once by LON; o2 held at MAN; o3 two days later, confirmed, dearer."""
    at_man = (Allocation("1", "B", "MAN", 6),)
    dear = (OrderLine("1", "C", 6, 9900),)
    return (
        placed(),
        placed("o2", (OrderLine("1", "B", 6, 300),), at_man, channel="shop", external_id="100%"),
        placed("o3", dear, (Allocation("1", "C", "LON", 6),), at=PLACED_AT + 2 * DAY),
        OrderConfirmed("o1"),
        OrderConfirmed("o3"),
        UnitsPacked("o1", "s1", "LON", SIX),
        shipment(),
        UnitsShipped("o1", "s1", SIX),
        ShipmentDispatched("s1", "o1", "TRK0042"),
        OrderHeld("o2", "h", "fraud"),
    )


@pytest.fixture
def query(fill: Fill) -> RunQuery:
    return fill(recorded(three_orders()))


FILTERS: list[tuple[dict[str, str], set[str]]] = [
    ({}, {"o1", "o2", "o3"}),
    ({"status": "confirmed"}, {"o3"}),
    ({"payment": "none"}, {"o1", "o2", "o3"}),
    ({"payment": "paid"}, set()),
    ({"fulfilment": "shipped"}, {"o1"}),
    ({"return": "returned"}, set()),
    ({"on_hold": "true"}, {"o2"}),
    ({"channel": "shop"}, {"o2"}),
    ({"location": "LON"}, {"o1", "o3"}),
    ({"sku": "C"}, {"o3"}),
    ({"customer": "c-o2"}, {"o2"}),
    ({"placed_from": "2026-01-02"}, {"o3"}),
    ({"placed_to": "2026-01-01"}, {"o1", "o2"}),
    ({"late": "true", "now": NOW}, {"o1", "o2", "o3"}),  # o1 has left in time and not arrived
    ({"late": "false", "now": "2026-01-03T00:00:00Z"}, {"o1"}),  # o3 was not placed then
    ({"late": "true", "now": "2026-01-03T00:00:00Z"}, {"o2"}),
    ({"q": "web-O1"}, {"o1"}),
    ({"q": "X-o3"}, {"o3"}),
    ({"q": "LOVELACE"}, set()),
    ({"q": "100%"}, {"o2"}),
    ({"q": "10_%"}, set()),
    ({"q": "trk0042"}, {"o1"}),
    ({"q": "x-o", "status": "confirmed"}, {"o3"}),
    ({"q": " WEB-o1 "}, {"o1"}),
    ({"q": "o1"}, {"o1"}),
    ({"q": "zz"}, set()),
    ({"status": "confirmed,pending"}, {"o2", "o3"}),
    ({"channel": "shop, web"}, {"o1", "o2", "o3"}),
    ({"country": "GB"}, {"o1", "o2", "o3"}),
    ({"country": "FR"}, set()),
    ({"on_hold": "false"}, {"o1", "o3"}),
    ({"external_id": "x-o3"}, {"o3"}),
    ({"external_id": "x-o"}, set()),
    ({"delivered_from": "2000-01-01"}, set()),
    ({"delivered_from": "2000-01-01", "delivered_to": "2000-01-09"}, set()),
    ({"updated_from": "2298-01-01"}, set()),
    ({"updated_to": "2298-01-01"}, {"o1", "o2", "o3"}),
    ({"now": "2025-12-31T23:59:59Z"}, set()),
    ({"now": "2026-01-02T00:00:00Z"}, {"o1", "o2"}),
]


@pytest.mark.parametrize("sort", ["-placed_at", "placed_at"])
def test_filters_of_orders(query: RunQuery, sort: str) -> None:
    for params, expected in FILTERS:
        assert set(ids(query("list_orders", sort=sort, **params))) == expected, params


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-placed_at", ["o3", "o2", "o1"]),
        ("placed_at", ["o1", "o2", "o3"]),
        ("updated_at", ["o3", "o1", "o2"]),
        ("-updated_at", ["o2", "o1", "o3"]),
        ("number", ["o2", "o1", "o3"]),
        ("total", ["o1", "o2", "o3"]),
    ],
)
def test_orders_sorted_and_paged(query: RunQuery, sort: str, expected: list[str]) -> None:
    """One at a time: every order once, in order, whatever the ties, and an end."""
    listed: list[str] = []
    more: dict[str, str] = {}
    for _ in range(4):
        body = query("list_orders", sort=sort, limit="1", **more)
        listed += ids(body)
        if body["next_cursor"] is None:
            break
        more = {"cursor": body["next_cursor"]}
    assert listed == expected


def test_a_cursor_belongs_to_its_sort(query: RunQuery) -> None:
    cursor = query("list_orders", sort="total", limit="1")["next_cursor"]
    for sort in ("number", "-placed_at"):
        with pytest.raises(Invalid, match="cursor"):
            query("list_orders", sort=sort, cursor=cursor)


def test_an_order_in_a_list_and_in_full(query: RunQuery) -> None:
    (item,) = query("list_orders", q="web-o1")["items"]
    assert item["total"] == "20.25"
    assert item["customer"]["name"] == "Ada Lovelace"
    assert item["status"] == {
        "order": "fulfilled",
        "payment": "none",
        "fulfilment": "shipped",
        "return": "none",
    }
    body = query("get_order", order_id="o1")
    assert body["shipments"][0]["tracking_number"] == "TRK0042"
    assert body == query("get_order", order_id="o1", as_of="10")
    assert body != query("get_order", order_id="o1", as_of="8")
    with pytest.raises(NotFound):
        query("get_order", order_id="o9")


@pytest.fixture
def stock(fill: Fill) -> RunQuery:
    events = (
        LocationDefined("MAN", "Manchester", "store", Site(city="Manchester"), 2, None),
        LocationDefined("LON", "London", "warehouse", Site(city="London"), 1, 500),
        ProductDefined("A", "White heart", True, safety_stock=3, unit_cost=Money(120, "GBP")),
        ProductDefined("N", "Never received", True),
        StockReceived("A", "LON", 10, "PO-1"),
        StockReceived("A", "MAN", 2),
        StockReceived("B/1", "LON", 5),
        StockAllocated("A", "LON", 4, "o1", "1"),
    )
    return fill(recorded(events))


def test_stock_and_what_is_available(stock: RunQuery) -> None:
    levels = [(i["sku"], i["location"], i["available"]) for i in stock("list_stock")["items"]]
    assert levels == [("A", "LON", 3), ("A", "MAN", 0), ("B/1", "LON", 5)]
    assert ids(stock("list_stock", below="3"), "location") == ["MAN"]
    assert ids(stock("list_stock", location="LON"), "sku") == ["A", "B/1"]
    assert ids(stock("list_stock", sku="B/1"), "location") == ["LON"]
    first = stock("list_stock", limit="2")
    assert ids(stock("list_stock", limit="2", cursor=first["next_cursor"]), "sku") == ["B/1"]


def test_stock_of_one_sku(stock: RunQuery) -> None:
    body = stock("get_stock", sku="A")
    assert (body["on_hand"], body["allocated"], body["available"]) == (12, 4, 3)
    assert [level["location"] for level in body["locations"]] == ["LON", "MAN"]
    assert stock("get_stock", sku="N")["on_hand"] == 0
    with pytest.raises(NotFound):
        stock("get_stock", sku="Z")


def test_movements_newest_first_with_before_and_after(stock: RunQuery) -> None:
    body = stock("stock_movements", sku="A")
    assert ids(body, "position") == [8, 6, 5]
    newest, _, oldest = body["items"]
    assert newest["allocated"] == {"before": 0, "after": 4, "change": 4}
    assert newest["on_hand"] == {"before": 10, "after": 10, "change": 0}
    assert newest["cause"] == {"order_id": "o1", "line_id": "1"}
    assert (oldest["kind"], oldest["cause"]) == ("received", {"reference": "PO-1"})
    assert ids(stock("stock_movements", sku="A", location="MAN"), "position") == [6]
    first = stock("stock_movements", sku="A", limit="1")
    rest = stock("stock_movements", sku="A", cursor=first["next_cursor"])
    assert ids(rest, "position") == [6, 5]
    assert stock("stock_movements", sku="N")["items"] == []
    with pytest.raises(NotFound):
        stock("stock_movements", sku="Z")


def test_products_and_locations(stock: RunQuery) -> None:
    assert ids(stock("list_products"), "sku") == ["A", "N"]
    assert ids(stock("list_products", q="HEART"), "sku") == ["A"]
    first = stock("list_products", limit="1")
    assert ids(stock("list_products", cursor=first["next_cursor"]), "sku") == ["N"]
    assert stock("get_product", sku="A")["unit_cost"] == "1.20"
    assert ids(stock("list_locations"), "code") == ["LON", "MAN"]
    assert stock("get_location", code="LON")["address"]["city"] == "London"
    for missing, params in (("get_product", {"sku": "Z"}), ("get_location", {"code": "Z"})):
        with pytest.raises(NotFound, match="PUT"):
            stock(missing, **params)


SUMS = {"count_accuracy": [(0, 0, 0, 0, 0)], "versions_of_settings": [(0, 0)]}
"""The rows of statements that sum without GROUP BY: they have one where there is nothing."""


def test_every_statement_has_a_comment_and_can_be_prepared_and_run(postgres: Database) -> None:
    install(postgres)
    with postgres.connect() as connection:
        for model in PROJECTIONS:
            file = statements.source(model, "queries.sql")
            for name, text in statements.queries(model.package).items():
                why = f"-- name: {name}\n-- "
                assert why in file, f"{model.name}: {name} does not say why"
                nothing = dict.fromkeys(re.findall(r"%\((\w+)\)s", text))
                result = connection.execute(text.encode(), nothing, prepare=True)
                assert result.fetchall() == SUMS.get(name, []), name


def test_rows_in_the_database_equal_a_fold_in_memory(fill: Fill, ready: Database) -> None:
    history = recorded(Shop(5).play(300))
    fill(history)
    with ready.connect() as connection:
        for model in PROJECTIONS:
            expected = folded(model, history)
            for kind in model.rows:
                table = Table(kind, model.version)
                rows = connection.execute(f"TABLE {table.name}".encode()).fetchall()
                stored = {table.key_of(row): row for row in map(table.row, rows)}
                assert stored == {table.key_of(row): row for row in expected.of(kind)}


def test_orders_are_counted_and_summed_by_currency(query: RunQuery) -> None:
    body = query("list_orders", count="true", limit="1")
    assert (len(body["items"]), body["count"]) == (1, 3)
    (pounds,) = body["totals"]
    assert (pounds["currency"], pounds["orders"]) == ("GBP", 3)
    totals = [Decimal(item["total"]) for item in query("list_orders")["items"]]
    assert Decimal(pounds["total"]) == sum(totals)
    assert query("list_orders", count="true", channel="none")["totals"] == []
    assert "count" not in query("list_orders")


@pytest.mark.parametrize("sort", get_args(Sort))
def test_pages_of_every_sorting_follow_one_another(query: RunQuery, sort: str) -> None:
    whole = ids(query("list_orders", sort=sort))
    pages: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        body = query("list_orders", sort=sort, limit="1", **cursor)
        pages += ids(body)
        if body["next_cursor"] is None:
            break
        cursor = {"cursor": body["next_cursor"]}
    assert pages == whole
    assert set(whole) == {"o1", "o2", "o3"}
