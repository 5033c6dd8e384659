"""Queries about stock, products and locations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.catalogue.answers import (
    LocationAnswer,
    LocationsAnswer,
    ProductAnswer,
    ProductsAnswer,
)
from oms_ledger.domain.errors import AsOfNotSupported, NotFound
from oms_ledger.domain.stock.answers import MovementsAnswer, StockLevelsAnswer, StockOfSkuAnswer
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows
from oms_projections.direct import looked_up
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page
from oms_projections.search import containing
from oms_projections.stock_levels import past
from oms_projections.stock_levels.fold import READ_MODEL
from oms_projections.stock_levels.views import (
    kit_levels,
    level,
    location,
    movement,
    product,
    stock_with_totals,
)
from oms_projections.values import HappenedBy, column, maybe

STRICT = ConfigDict(extra="forbid")

NEWEST: Mark = [2**63 - 1]


@dataclass(frozen=True, slots=True, config=STRICT)
class ListStock:
    """`below`: only where less than this is available; `low`: only where stock is low by an alert
    of the SKU, or not. `as_of` and `happened_by` need a `sku`.
    Without `with_sensitive`, as always without the scope sensitive:read, sensitive products are
    left out."""

    sku: str | None = None
    location: str | None = None
    below: int | None = None
    low: bool | None = None
    with_sensitive: bool = True
    happened_by: HappenedBy = None
    cursor: Cursor = None
    limit: Limit = 50


def list_stock(params: ListStock, reader: Reader) -> Mapping[str, Json]:
    if params.happened_by is not None:
        return list_stock_as_of(params, reader)
    after_sku, after_location = _after(params)
    rows = reader.rows(
        "list_stock",
        sku=params.sku,
        location=params.location,
        below=params.below,
        low=params.low,
        with_sensitive=params.with_sensitive,
        after_sku=after_sku,
        after_location=after_location,
        limit=params.limit,
    )
    return _levels(rows, params.limit)


def list_stock_as_of(params: ListStock, log: Log) -> Mapping[str, Json]:
    if params.sku is None:
        raise AsOfNotSupported(
            "The stock of every SKU at a past moment would take the whole log to answer. Name a"
            " `sku`, with or without a `location`."
        )
    rows = [
        row
        for row in past.levels(log, params.sku, params.happened_by)
        if params.location in (None, row["location"])
        and (params.with_sensitive or not row["sensitive"])
        and params.low in (None, row["low"])
        and (params.below is None or column(row, "available", int) < params.below)
        and (params.sku, column(row, "location", str)) > _after(params)
    ]
    return _levels(rows[: params.limit], params.limit)


def _after(params: ListStock) -> tuple[str, str]:
    start: Mark = ["", ""]
    sku, place = mark_of(params.cursor, start) if params.cursor else start
    return str(sku), str(place)


def _levels(rows: Sequence[Mapping[str, object]], limit: int) -> dict[str, Json]:
    last: Mark | None = (
        [column(rows[-1], "sku", str), column(rows[-1], "location", str)] if rows else None
    )
    return page([level(row) for row in rows], limit, last)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetStock:
    sku: str
    happened_by: HappenedBy = None


def _stock(params: GetStock, rows: Rows) -> Mapping[str, Json]:
    """A SKU without stock has one row without a location, where there is such a product. A kit has
    the stock of its components."""
    if not rows:
        raise NotFound(
            f"There is no stock of {params.sku!r} and no product of that SKU. "
            "GET /v1/stock lists what there is."
        )
    levels: Rows = [row for row in rows if row["location"] is not None]
    if not levels and rows[0]["complete"] is not None:
        low_at = maybe(rows[0], "low_at", list) or ()
        levels = kit_levels(params.sku, rows[0], column(rows[0], "complete", list), low_at)
    return stock_with_totals(params.sku, levels, () if levels else rows)


STOCK = Lookup("stock_of_skus", lambda params: None if params.happened_by else params.sku, _stock)


def get_stock(params: GetStock, reader: Reader) -> Mapping[str, Json]:
    if params.happened_by is not None:
        return get_stock_as_of(params, reader)
    return looked_up(STOCK, params, reader)


def get_stock_as_of(params: GetStock, log: Log) -> Mapping[str, Json]:
    levels: Rows = past.levels(log, params.sku, params.happened_by)
    row = None if levels else past.product_row(log, params.sku, params.happened_by)
    if row is not None and row.components:
        complete = past.complete_kits(log, row, params.happened_by)
        defined = {"defined_at": row.updated_at, "sensitive": row.sensitive}
        low_at = past.low_at(log, params.sku, params.happened_by)
        levels = kit_levels(params.sku, defined, complete, low_at)
    if not levels and row is None:
        raise _not_then(f"stock of {params.sku!r} and no product of that SKU")
    return stock_with_totals(params.sku, levels, [asdict(row)] if row else [])


@dataclass(frozen=True, slots=True, config=STRICT)
class StockMovements:
    sku: str
    location: str | None = None
    cursor: Cursor = None
    limit: Limit = 50


def stock_movements(params: StockMovements, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "movements",
        sku=params.sku,
        location=params.location,
        before=_before(params),
        limit=params.limit,
    )
    if not rows and not params.cursor and not params.location:
        get_stock(GetStock(params.sku), reader)  # a SKU nobody knows is not an empty list
    return _movements(rows, params.limit)


def stock_movements_as_of(params: StockMovements, log: Log) -> Mapping[str, Json]:
    rows = past.movements(log, params.sku, params.location, _before(params), params.limit)
    if not rows and not params.cursor and not params.location:
        get_stock_as_of(GetStock(params.sku), log)
    return _movements(rows, params.limit)


def _before(params: StockMovements) -> int:
    mark = mark_of(params.cursor, NEWEST) if params.cursor else NEWEST
    return int(mark[0])


def _movements(rows: Sequence[Mapping[str, object]], limit: int) -> dict[str, Json]:
    last: Mark | None = [column(rows[-1], "position", int)] if rows else None
    return page([movement(row) for row in rows], limit, last)


@dataclass(frozen=True, slots=True, config=STRICT)
class ListProducts:
    """`q` is looked for in SKU and title; not together with `as_of`. Without `with_sensitive`, as
    always without the scope sensitive:read, sensitive products are left out."""

    q: str | None = None
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def list_products(params: ListProducts, reader: Reader) -> Mapping[str, Json]:
    q = containing(params.q) if params.q else None
    rows = reader.rows(
        "list_products",
        q=q,
        with_sensitive=params.with_sensitive,
        after=_after_sku(params),
        limit=params.limit,
    )
    return _products(rows, params.limit)


def list_products_as_of(params: ListProducts, log: Log) -> Mapping[str, Json]:
    if params.q:
        raise AsOfNotSupported(
            "To look for words in the products of a past moment, all that there ever were would"
            " have to be read. List them without `q`, or ask for one: GET /v1/products/{sku}."
        )
    rows = past.products(log, _after_sku(params), params.limit, params.with_sensitive)
    return _products(rows, params.limit)


def _after_sku(params: ListProducts) -> str:
    return str(mark_of(params.cursor, [""])[0]) if params.cursor else ""


def _products(rows: Sequence[Mapping[str, object]], limit: int) -> dict[str, Json]:
    last: Mark | None = [column(rows[-1], "sku", str)] if rows else None
    return page([product(row) for row in rows], limit, last)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetProduct:
    sku: str


def _product(params: GetProduct, rows: Rows) -> Mapping[str, Json]:
    if not rows:
        raise NotFound(
            f"There is no product {params.sku!r}. PUT /v1/products/{params.sku} defines it."
        )
    return product(rows[0])


PRODUCT = Lookup("products_of_skus", lambda params: params.sku, _product)


def get_product(params: GetProduct, reader: Reader) -> Mapping[str, Json]:
    return looked_up(PRODUCT, params, reader)


def get_product_as_of(params: GetProduct, log: Log) -> Mapping[str, Json]:
    row = past.product_row(log, params.sku)
    if row is None:
        raise _not_then(f"product {params.sku!r}")
    return product(asdict(row))


@dataclass(frozen=True, slots=True, config=STRICT)
class ListLocations:
    """Nothing to choose: places are few."""


def list_locations(params: ListLocations, reader: Reader) -> Mapping[str, Json]:
    return _locations(reader.rows("list_locations"))


def list_locations_as_of(params: ListLocations, log: Log) -> Mapping[str, Json]:
    return _locations(past.locations(log))


def _locations(rows: Sequence[Mapping[str, object]]) -> dict[str, Json]:
    return {"items": [location(row) for row in rows], "next_cursor": None}


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


def get_location_as_of(params: GetLocation, log: Log) -> Mapping[str, Json]:
    row = past.location_row(log, params.code)
    if row is None:
        raise _not_then(f"location {params.code!r}")
    return location(asdict(row))


def _not_then(what: str) -> NotFound:
    return NotFound(f"There was no {what} then. Ask without as_of, or for a later time.")


FILTER = "with_sensitive"

DIRECT = {"/v1/stock/{sku}": STOCK, "/v1/products/{sku}": PRODUCT}

OF_ORDERS = frozenset({"/v1/stock/{sku}/movements"})
"""Paths whose answers name orders. Of the others, what they say is the same for all channels."""

QUERIES = tuple(
    Query(
        run.__name__,
        path,
        "stock:read",
        READ_MODEL.name,
        params,
        run,
        summary,
        as_of,
        sensitive_filter=sensitive_filter,
        within_channels=path not in OF_ORDERS,
        answer_type=answer_type,
        direct=DIRECT.get(path),
    )
    for path, params, run, as_of, summary, sensitive_filter, answer_type in (
        (
            "/v1/stock",
            ListStock,
            list_stock,
            list_stock_as_of,
            "Stock by SKU and location",
            FILTER,
            StockLevelsAnswer,
        ),
        (
            "/v1/stock/{sku}",
            GetStock,
            get_stock,
            get_stock_as_of,
            "Stock of one SKU, in all and by location",
            None,
            StockOfSkuAnswer,
        ),
        (
            "/v1/stock/{sku}/movements",
            StockMovements,
            stock_movements,
            stock_movements_as_of,
            "Every change of a SKU",
            None,
            MovementsAnswer,
        ),
        (
            "/v1/products",
            ListProducts,
            list_products,
            list_products_as_of,
            "Products",
            FILTER,
            ProductsAnswer,
        ),
        (
            "/v1/products/{sku}",
            GetProduct,
            get_product,
            get_product_as_of,
            "One product",
            None,
            ProductAnswer,
        ),
        (
            "/v1/locations",
            ListLocations,
            list_locations,
            list_locations_as_of,
            "Locations, by priority",
            None,
            LocationsAnswer,
        ),
        (
            "/v1/locations/{code}",
            GetLocation,
            get_location,
            get_location_as_of,
            "One location",
            None,
            LocationAnswer,
        ),
    )
)
