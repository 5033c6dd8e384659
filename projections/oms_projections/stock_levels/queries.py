"""What can be asked of stock, products and locations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.kernel import Json, Query, Reader
from oms_projections.paging import Cursor, Limit, Mark, containing, mark_of, page
from oms_projections.stock_levels import READ_MODEL
from oms_projections.values import column, maybe, maybe_money, maybe_time

STRICT = ConfigDict(extra="forbid")
COUNTERS = ("on_hand", "allocated", "held", "available", "backordered", "incoming")
NEWEST: Mark = [2**63 - 1]


@dataclass(frozen=True, slots=True, config=STRICT)
class ListStock:
    """`below`: only where less than this is available."""

    sku: str | None = None
    location: str | None = None
    below: int | None = None
    cursor: Cursor = None
    limit: Limit = 50


def list_stock(params: ListStock, reader: Reader) -> Mapping[str, Json]:
    start: Mark = ["", ""]
    after = mark_of(params.cursor, start) if params.cursor else start
    rows = reader.rows(
        "list_stock",
        sku=params.sku,
        location=params.location,
        below=params.below,
        after_sku=after[0],
        after_location=after[1],
        limit=params.limit,
    )
    items = [level(row) for row in rows]
    last: Mark | None = (
        [column(rows[-1], "sku", str), column(rows[-1], "location", str)] if rows else None
    )
    return page(items, params.limit, last)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetStock:
    sku: str


def get_stock(params: GetStock, reader: Reader) -> Mapping[str, Json]:
    levels = [level(row) for row in reader.rows("stock_of_sku", sku=params.sku)]
    if not levels and not reader.rows("product", sku=params.sku):
        raise NotFound(
            f"There is no stock of {params.sku!r} and no product of that SKU. "
            "GET /v1/stock lists what there is."
        )
    totals: dict[str, Json] = {
        name: sum(cast(int, each[name]) for each in levels) for name in COUNTERS
    }
    return {"sku": params.sku, **totals, "locations": levels}


@dataclass(frozen=True, slots=True, config=STRICT)
class StockMovements:
    sku: str
    location: str | None = None
    cursor: Cursor = None
    limit: Limit = 50


def stock_movements(params: StockMovements, reader: Reader) -> Mapping[str, Json]:
    before = mark_of(params.cursor, NEWEST) if params.cursor else NEWEST
    rows = reader.rows(
        "movements",
        sku=params.sku,
        location=params.location,
        before=before[0],
        limit=params.limit,
    )
    if not rows and not params.cursor and not params.location:
        get_stock(GetStock(params.sku), reader)  # a SKU nobody knows is not an empty list
    last: Mark | None = [column(rows[-1], "position", int)] if rows else None
    return page([movement(row) for row in rows], params.limit, last)


@dataclass(frozen=True, slots=True, config=STRICT)
class ListProducts:
    """`q` is looked for in SKU and title."""

    q: str | None = None
    cursor: Cursor = None
    limit: Limit = 50


def list_products(params: ListProducts, reader: Reader) -> Mapping[str, Json]:
    after = mark_of(params.cursor, [""]) if params.cursor else [""]
    q = containing(params.q) if params.q else None
    rows = reader.rows("list_products", q=q, after=after[0], limit=params.limit)
    last: Mark | None = [column(rows[-1], "sku", str)] if rows else None
    return page([product(row) for row in rows], params.limit, last)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetProduct:
    sku: str


def get_product(params: GetProduct, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows("product", sku=params.sku)
    if not rows:
        raise NotFound(
            f"There is no product {params.sku!r}. PUT /v1/products/{params.sku} defines it."
        )
    return product(rows[0])


@dataclass(frozen=True, slots=True, config=STRICT)
class ListLocations:
    """Nothing to choose: places are few."""


def list_locations(params: ListLocations, reader: Reader) -> Mapping[str, Json]:
    return {"items": [location(row) for row in reader.rows("list_locations")], "next_cursor": None}


@dataclass(frozen=True, slots=True, config=STRICT)
class GetLocation:
    code: str


def get_location(params: GetLocation, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows("location", code=params.code)
    if not rows:
        raise NotFound(
            f"There is no location {params.code!r}. PUT /v1/locations/{params.code} defines it."
        )
    return location(rows[0])


def level(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        "sku": column(row, "sku", str),
        "location": column(row, "location", str),
        **{name: column(row, name, int) for name in COUNTERS},
        "safety_stock": column(row, "safety_stock", int),
        "version": column(row, "version", int),
        "updated_at": maybe_time(row, "updated_at"),
    }


def movement(row: Mapping[str, object]) -> dict[str, Json]:
    causes = ("order_id", "line_id", "shipment_id", "reference", "reason")
    return {
        "position": column(row, "position", int),
        "sku": column(row, "sku", str),
        "location": column(row, "location", str),
        "kind": column(row, "kind", str),
        "quantity": column(row, "quantity", int),
        "on_hand": change(row, "on_hand"),
        "allocated": change(row, "allocated"),
        "backordered": change(row, "backordered"),
        "cause": {name: maybe(row, name, str) for name in causes if row[name] is not None},
        "actor": column(row, "actor", str),
        "recorded_at": maybe_time(row, "recorded_at"),
        "occurred_at": maybe_time(row, "occurred_at"),
    }


def change(row: Mapping[str, object], counter: str) -> dict[str, Json]:
    after = column(row, counter, int)
    by = column(row, f"{counter}_change", int)
    return {"before": after - by, "after": after, "change": by}


def product(row: Mapping[str, object]) -> dict[str, Json]:
    currency = maybe(row, "currency", str)
    return {
        "sku": column(row, "sku", str),
        "title": column(row, "title", str),
        "stocked": column(row, "stocked", bool),
        "weight_g": maybe(row, "weight_g", int),
        "dimensions_mm": maybe(row, "dimensions_mm", dict),
        "unit_cost": maybe_money(maybe(row, "unit_cost", int), currency),
        "currency": currency,
        "backorder_limit": maybe(row, "backorder_limit", int),
        "safety_stock": column(row, "safety_stock", int),
        "components": column(row, "components", list),
        "version": column(row, "version", int),
        "updated_at": maybe_time(row, "updated_at"),
    }


def location(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        "code": column(row, "code", str),
        "name": column(row, "name", str),
        "type": column(row, "kind", str),
        "address": column(row, "site", dict),
        "priority": column(row, "priority", int),
        "daily_capacity": maybe(row, "daily_capacity", int),
        "version": column(row, "version", int),
        "updated_at": maybe_time(row, "updated_at"),
    }


QUERIES = tuple(
    Query(ask.__name__, path, "stock:read", READ_MODEL.name, params, ask, summary)
    for path, params, ask, summary in (
        ("/v1/stock", ListStock, list_stock, "Stock by SKU and location"),
        ("/v1/stock/{sku}", GetStock, get_stock, "Stock of one SKU, in all and by location"),
        ("/v1/stock/{sku}/movements", StockMovements, stock_movements, "Every change of a SKU"),
        ("/v1/products", ListProducts, list_products, "Products"),
        ("/v1/products/{sku}", GetProduct, get_product, "One product"),
        ("/v1/locations", ListLocations, list_locations, "Locations, by priority"),
        ("/v1/locations/{code}", GetLocation, get_location, "One location"),
    )
)
