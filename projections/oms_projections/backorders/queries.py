"""Queries about backorders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.answers import BackordersAnswer, PreordersAnswer
from oms_ledger.kernel import Json, Query, Reader, Rows
from oms_projections.backorders.fold import READ_MODEL
from oms_projections.pages import Cursor, Limit, Mark, cursor_for, mark_of, page
from oms_projections.values import column, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

FIRST: Mark = [0]


@dataclass(frozen=True, slots=True, config=STRICT)
class ListBackorders:
    """Those that have waited longest first, which get stock first. `order` is an order's id;
    `preorder`: only what was sold before it is there, or not. A page may have fewer items than its
    `limit`. Without `with_sensitive`, as always without the scope
    sensitive:read, sensitive orders are left out."""

    sku: Annotated[str, Field(max_length=100)] | None = None
    order: Annotated[str, Field(max_length=200)] | None = None
    preorder: bool | None = None
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def list_backorders(params: ListBackorders, reader: Reader) -> Mapping[str, Json]:
    (after,) = mark_of(params.cursor, FIRST) if params.cursor else FIRST
    rows = reader.rows(
        "list_backorders",
        sku=params.sku,
        order_id=params.order,
        preorder=params.preorder,
        after=after,
        limit=params.limit,
    )
    items = [_item(row, reader) for row in rows]
    shown = [item for item in items if params.with_sensitive or not item["sensitive"]]
    return {"items": shown, "next_cursor": _next(params.limit, rows)}


def _next(limit: int, rows: Rows) -> str | None:
    """The cursor by the rows that were read, of which some may not be shown."""
    return cursor_for([column(rows[-1], "position", int)]) if len(rows) == limit else None


def _item(row: Mapping[str, object], reader: Reader) -> Mapping[str, Json]:
    order = reader.fold(Order, column(row, "order_id", str))
    return {
        "sku": column(row, "sku", str),
        "location": column(row, "location", str),
        "order_id": column(row, "order_id", str),
        "order_number": order.first_event.number,
        "channel": order.terms.channel,
        "line_id": column(row, "line_id", str),
        "quantity": column(row, "quantity", int),
        "waiting_since": maybe_time(row, "waiting_since"),
        "promised_ship_at": rfc3339(order.ship_by),
        "preorder_available_at": maybe_time(row, "available_at"),
        "sensitive": order.sensitive,
    }


@dataclass(frozen=True, slots=True, config=STRICT)
class ListPreorders:
    """By SKU. Without `with_sensitive`, as always without the scope sensitive:read, sensitive
    products are left out."""

    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def list_preorders(params: ListPreorders, reader: Reader) -> Mapping[str, Json]:
    (after,) = mark_of(params.cursor, [""]) if params.cursor else [""]
    rows = reader.rows(
        "list_preorders", with_sensitive=params.with_sensitive, after=after, limit=params.limit
    )
    last: Mark | None = [column(rows[-1], "sku", str)] if rows else None
    return page([_preorder(row) for row in rows], params.limit, last)


def _preorder(row: Mapping[str, object]) -> dict[str, Json]:
    cap, preordered = column(row, "cap", int), column(row, "preordered", int)
    return {
        "sku": column(row, "sku", str),
        "available_at": maybe_time(row, "available_at"),
        "cap": cap,
        "preordered": preordered,
        "left": max(0, cap - preordered),
        "sensitive": column(row, "sensitive", bool),
    }


QUERIES = (
    Query(
        "list_preorders",
        "/v1/preorders",
        "stock:read",
        READ_MODEL.name,
        ListPreorders,
        list_preorders,
        "Products that are sold before they are there",
        "Preorders are shown as they are now. That of a product in the past:"
        " GET /v1/products/{sku}?as_of=.",
        sensitive_filter="with_sensitive",
        within_channels=True,
        answer_type=PreordersAnswer,
    ),
    Query(
        "list_backorders",
        "/v1/backorders",
        "orders:read",
        READ_MODEL.name,
        ListBackorders,
        list_backorders,
        "Who waits for stock, the longest first",
        "Backorders are shown as they are now. What an order waited for in the past:"
        " GET /v1/orders/{order_id}?as_of=.",
        sensitive_filter="with_sensitive",
        answer_type=BackordersAnswer,
    ),
)
