"""Queries about lots and serial numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.identifiers import lot_key, stock_group
from oms_ledger.domain.lots.answers import (
    LotAnswer,
    LotOrdersAnswer,
    LotsAnswer,
    SerialsAnswer,
)
from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.lots.views import lot_view
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.patterns import DAY
from oms_ledger.domain.stock.lots import APPROVED
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Json, Log, Query, Reader
from oms_projections.lots.fold import READ_MODEL
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page
from oms_projections.values import Several, column, maybe, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

Status = Literal["approved", "on_hold", "quarantined", "recalled", "expired"]


@dataclass(frozen=True, slots=True, config=STRICT)
class ListLots:
    """By SKU, lot and location. `expires_before` is a day, which is not included. With `empty` also
    lots of which a location has no units left. Without `with_sensitive`, as always without the
    scope sensitive:read, sensitive products are left out."""

    sku: Several[str] = None
    location: Several[str] = None
    status: Several[Status] = None
    expires_before: Annotated[str, Field(pattern=DAY)] | None = None
    empty: bool = False
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def list_lots(params: ListLots, reader: Reader) -> Mapping[str, Json]:
    start: Mark = ["", "", ""]
    after: Mark | list[None] = mark_of(params.cursor, start) if params.cursor else [None] * 3
    rows = reader.rows(
        "list_lots",
        sku=_array(params.sku),
        location=_array(params.location),
        status=_array(params.status),
        expires_before=params.expires_before,
        with_units=None if params.empty else True,
        with_sensitive=params.with_sensitive,
        after_sku=after[0],
        after_lot=after[1],
        after_location=after[2],
        limit=params.limit,
    )
    names = ("sku", "lot", "location")
    last: Mark | None = [column(rows[-1], name, str) for name in names] if rows else None
    return page([_lot(row) for row in rows], params.limit, last)


def _array(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _lot(row: Mapping[str, object]) -> dict[str, Json]:
    on_hand, damaged = column(row, "on_hand", int), column(row, "damaged", int)
    quarantine, status = column(row, "quarantine", int), column(row, "status", str)
    return {
        "sku": column(row, "sku", str),
        "lot": column(row, "lot", str),
        "status": status,
        "expires_on": maybe(row, "expires_on", str),
        "location": column(row, "location", str),
        "on_hand": on_hand,
        "damaged": damaged,
        "quarantine": quarantine,
        "sellable": on_hand - damaged - quarantine if status == APPROVED else 0,
        "received_at": maybe_time(row, "received_at"),
        "updated_at": maybe_time(row, "updated_at"),
    }


@dataclass(frozen=True, slots=True, config=STRICT)
class GetLot:
    sku: str
    lot: str


def get_lot(params: GetLot, log: Log) -> Mapping[str, Json]:
    lot = log.fold(Lot, lot_key(params.sku, params.lot))
    if not lot.version:
        raise _not_there(params.sku, params.lot)
    keys = log.keys(StockLevel, stock_group(params.sku))
    stock = {
        place: log.fold(StockLevel, key)
        for key in keys
        for owner, _, place in [key.rpartition("@")]
        if owner == params.sku
    }
    return lot_view(params.sku, params.lot, lot, stock)


def _not_there(sku: str, lot: str) -> NotFound:
    return NotFound(
        f"There is no lot {lot!r} of {sku!r}, or was none yet. GET /v1/lots lists them."
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class OrdersOfLot:
    """Oldest first."""

    sku: str
    lot: str
    cursor: Cursor = None
    limit: Limit = 50


def orders_of_lot(params: OrdersOfLot, reader: Reader) -> Mapping[str, Json]:
    after = int(mark_of(params.cursor, [0])[0]) if params.cursor else 0
    rows = reader.rows(
        "orders_of_lot", sku=params.sku, lot=params.lot, after=after, limit=params.limit
    )
    if not rows and not params.cursor:
        get_lot(GetLot(params.sku, params.lot), reader)  # a lot that is unknown is no empty list
    last: Mark | None = [column(rows[-1], "position", int)] if rows else None
    return page([_shipped(row, reader) for row in rows], params.limit, last)


def _shipped(row: Mapping[str, object], log: Log) -> dict[str, Json]:
    order_id = column(row, "order_id", str)
    placed = log.fold(Order, order_id).placed
    customer = placed.terms.customer if placed else None
    return {
        "order_id": order_id,
        "line_id": column(row, "line_id", str),
        "order_ref": placed.number if placed else None,
        "buyer_id": customer.id if customer else None,
        "shipment_id": column(row, "shipment_id", str),
        "location": column(row, "location", str),
        "quantity": column(row, "quantity", int),
        "left_at": maybe_time(row, "shipped_at"),
    }


@dataclass(frozen=True, slots=True, config=STRICT)
class ListSerials:
    """By SKU and serial number. `order` is the id of the one that the unit left with last. Without
    `with_sensitive`, as always without the scope sensitive:read, sensitive products are left
    out."""

    sku: Several[str] = None
    serial: Several[str] = None
    order: Several[str] = None
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def list_serials(params: ListSerials, reader: Reader) -> Mapping[str, Json]:
    start: Mark = ["", ""]
    after: Mark | list[None] = mark_of(params.cursor, start) if params.cursor else [None] * 2
    rows = reader.rows(
        "list_serials",
        sku=_array(params.sku),
        serial=_array(params.serial),
        order=_array(params.order),
        with_sensitive=params.with_sensitive,
        after_sku=after[0],
        after_serial=after[1],
        limit=params.limit,
    )
    last: Mark | None = (
        [column(rows[-1], name, str) for name in ("sku", "serial")] if rows else None
    )
    return page([_serial(row) for row in rows], params.limit, last)


def _serial(row: Mapping[str, object]) -> dict[str, Json]:
    texts = ("sku", "serial", "status", "location", "order_id", "line_id", "shipment_id")
    return {
        **{name: column(row, name, str) for name in texts},
        "left_at": maybe_time(row, "shipped_at"),
        "came_back_at": maybe_time(row, "returned_at"),
    }


FILTER = "with_sensitive"

_LISTS = (
    "The {what} of a past moment would take the whole log to answer. List those of now, or ask for"
    " one lot: GET /v1/lots/{{sku}}/{{lot}}?as_of=."
)

QUERIES = (
    Query(
        "list_lots",
        "/v1/lots",
        "stock:read",
        READ_MODEL.name,
        ListLots,
        list_lots,
        "Lots by location",
        _LISTS.format(what="lots"),
        sensitive_filter=FILTER,
        answer_type=LotsAnswer,
    ),
    Query(
        "get_lot",
        "/v1/lots/{sku}/{lot}",
        "stock:read",
        None,
        GetLot,
        get_lot,
        "One lot",
        get_lot,
        answer_type=LotAnswer,
    ),
    Query(
        "orders_of_lot",
        "/v1/lots/{sku}/{lot}/orders",
        "orders:read",
        READ_MODEL.name,
        OrdersOfLot,
        orders_of_lot,
        "The orders that got units of a lot",
        _LISTS.format(what="orders that had got units of a lot"),
        answer_type=LotOrdersAnswer,
    ),
    Query(
        "list_serials",
        "/v1/serials",
        "orders:read",
        READ_MODEL.name,
        ListSerials,
        list_serials,
        "Units with serial numbers, and the orders that they left with",
        _LISTS.format(what="serial numbers"),
        sensitive_filter=FILTER,
        answer_type=SerialsAnswer,
    ),
)
