"""The query of alerts of stock."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.stock_alerts.answers import StockAlertRowsAnswer
from oms_ledger.kernel import Json, Query, Reader
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page
from oms_projections.stock_levels.fold import READ_MODEL
from oms_projections.values import column, maybe, maybe_time

STRICT = ConfigDict(extra="forbid")

FIRST: Mark = ["", "", ""]

KEY = ("sku", "location", "channel")


@dataclass(frozen=True, slots=True, config=STRICT)
class ListStockAlerts:
    """By SKU. `low`: only where stock is low, or is not. Without `with_sensitive`, as always
    without the scope sensitive:read, sensitive products are left out."""

    sku: str | None = None
    location: str | None = None
    channel: str | None = None
    low: bool | None = None
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def list_stock_alerts(params: ListStockAlerts, reader: Reader) -> Mapping[str, Json]:
    sku, location, channel = mark_of(params.cursor, FIRST) if params.cursor else FIRST
    rows = reader.rows(
        "list_alerts",
        sku=params.sku,
        location=params.location,
        channel=None if params.channel is None else channel_key(params.channel),
        low=params.low,
        with_sensitive=params.with_sensitive,
        after_sku=sku,
        after_location=location,
        after_channel=channel,
        limit=params.limit,
    )
    last: Mark | None = [column(rows[-1], name, str) for name in KEY] if rows else None
    return page([_item(row) for row in rows], params.limit, last)


def _item(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        "sku": column(row, "sku", str),
        "location": column(row, "location", str) or None,
        "channel": column(row, "channel", str) or None,
        "threshold": column(row, "threshold", int),
        "low": column(row, "low", bool),
        "available": maybe(row, "available", int),
        "crossed_at": maybe_time(row, "crossed_at"),
        "sensitive": column(row, "sensitive", bool),
    }


QUERIES = (
    Query(
        "list_stock_alerts",
        "/v1/stock-alerts",
        "stock:read",
        READ_MODEL.name,
        ListStockAlerts,
        list_stock_alerts,
        "Alerts of stock, and where it is low",
        "Alerts are shown as they are now. What was low in the past: GET /v1/stock?sku=&as_of=, and"
        " the events of type stock_alert in GET /v1/events.",
        sensitive_filter="with_sensitive",
        within_channels=True,
        answer_type=StockAlertRowsAnswer,
    ),
)
