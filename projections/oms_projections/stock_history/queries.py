"""Queries about what stock was worth, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.figures.ratios import ratio
from oms_ledger.domain.figures.stock_answers import StockFiguresAnswer, StockValuesAnswer
from oms_ledger.domain.money import to_text
from oms_ledger.kernel import Json, Query, Reader
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page
from oms_projections.stock_history.fold import READ_MODEL
from oms_projections.values import Several, column, maybe, now
from oms_projections.zones import DayOrTime

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

VALUES = ("value_unit_cost", "value_fifo", "value_average")


@dataclass(frozen=True, slots=True, config=STRICT)
class StockValues:
    """At the end of `day` (UTC; today where it is left out). Only SKUs whose cost was known by
    then, and units that came since it is. Without `with_sensitive`, as always without the scope
    sensitive:read, sensitive products are left out."""

    day: DayOrTime | None = None
    sku: Several[str] = None
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def stock_values(params: StockValues, reader: Reader) -> Mapping[str, Json]:
    day = _day_of(params.day or now())
    chosen: dict[str, object] = {
        "day": day.isoformat(),
        "sku": None if params.sku is None else list(params.sku),
        "with_sensitive": params.with_sensitive,
    }
    after = _after(params.cursor)
    rows = reader.rows("stock_values", **chosen, after=after, limit=params.limit)
    last: Mark | None = [column(rows[-1], "sku", str)] if rows else None
    listed = page([_value(row) for row in rows], params.limit, last)
    totals: list[Json] = [
        {
            "currency": column(row, "currency", str),
            "skus": column(row, "skus", int),
            "units": column(row, "units", int),
            **{name: money(row, name) for name in VALUES},
        }
        for row in reader.rows("stock_totals", **chosen)
    ]
    return {"day": day.isoformat(), "totals": totals, **listed}


def _day_of(bound: date) -> date:
    """The day, in UTC, of a time or of a day alone."""
    return bound.astimezone(UTC).date() if isinstance(bound, datetime) else bound


def _after(cursor: str | None) -> str | None:
    return str(mark_of(cursor, [""])[0]) if cursor else None


def money(row: Mapping[str, object], name: str) -> str:
    return to_text(column(row, name, int), column(row, "currency", str))


def _value(row: Mapping[str, object]) -> dict[str, Json]:
    return {
        "sku": column(row, "sku", str),
        "units": column(row, "on_hand", int),
        "currency": column(row, "currency", str),
        **{name: money(row, name) for name in VALUES},
        **{name: maybe(row, name, str) for name in ("received_on", "sold_on")},
    }


@dataclass(frozen=True, slots=True, config=STRICT)
class FiguresOfStock:
    """Stock from a day to another (UTC), both included: by default the last 30 days. A row for each
    currency, or for each SKU. Only SKUs whose cost was known by then, and units that came since it
    is. Without `with_sensitive`, as always without the scope sensitive:read, sensitive products are
    left out."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    to: DayOrTime | None = None
    group_by: Literal["currency", "sku"] = "currency"
    sku: Several[str] = None
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def stock_figures(params: FiguresOfStock, reader: Reader) -> Mapping[str, Json]:
    last = _day_of(params.to or now())
    first = _day_of(params.from_ or last - timedelta(days=29))
    if first > last:
        raise invalid_field("from", "It is after `to`. Write an earlier day.")
    rows = reader.rows(
        "stock_figures",
        first=first.isoformat(),
        last=last.isoformat(),
        sku=None if params.sku is None else list(params.sku),
        by_sku=params.group_by == "sku",
        with_sensitive=params.with_sensitive,
        after=_after(params.cursor),
        limit=params.limit,
    )
    days = (last - first).days + 1
    end: Mark | None = [column(rows[-1], "group", str)] if rows else None
    listed = page([_figures(row, days) for row in rows], params.limit, end)
    (counts,) = reader.rows("count_accuracy", first=first.isoformat(), last=last.isoformat())
    return {
        "group_by": params.group_by,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "rows": listed["items"],
        "counts": _accuracy(counts),
        "next_cursor": listed["next_cursor"],
    }


UNITS = ("start_units", "end_units", "received", "sold", "returned", "lost", "gained")


def _figures(row: Mapping[str, object], days: int) -> dict[str, Json]:
    cost = column(row, "cost_average", int)
    mean = (column(row, "start_value", int) + column(row, "value_average", int)) / 2
    sold, end = column(row, "sold", int), column(row, "end_units", int)
    available = column(row, "start_units", int) + column(row, "received", int)
    return {
        "group": column(row, "group", str),
        "currency": column(row, "currency", str),
        **{name: column(row, name, int) for name in UNITS},
        "start_value": money(row, "start_value"),
        "end_value": money(row, "value_average"),
        "end_value_unit_cost": money(row, "value_unit_cost"),
        "end_value_fifo": money(row, "value_fifo"),
        "cost_of_goods_sold": money(row, "cost_average"),
        "cost_of_goods_sold_fifo": money(row, "cost_fifo"),
        "lost_value": money(row, "lost_value"),
        "turnover": ratio(cost, mean),
        "days_of_supply": ratio(end * days, sold),
        "days_inventory_outstanding": ratio(mean * days, cost),
        "sell_through": ratio(sold, available),
        "shrinkage": ratio(column(row, "lost_value", int), mean),
        "ageing": {
            "to_30_days": column(row, "to_30", int),
            "to_90_days": column(row, "to_90", int),
            "to_180_days": column(row, "to_180", int),
            "to_365_days": column(row, "to_365", int),
            "older": column(row, "older", int),
        },
    }


def _accuracy(row: Mapping[str, object]) -> dict[str, Json]:
    skus, exact = column(row, "skus", int), column(row, "exact", int)
    variance, units = column(row, "variance", int), column(row, "units", int)
    wrong = ratio(variance, units)
    return {
        "counts": column(row, "counts", int),
        "skus": skus,
        "exact": exact,
        "accuracy": ratio(exact, skus),
        "unit_accuracy": None if wrong is None else round(1 - wrong, 4),
    }


FILTER = "with_sensitive"

_AS_OF = (
    "The figures have a day of their own: name it with {name}. Stock of one SKU as of a position:"
    " GET /v1/stock/{{sku}}?as_of=."
)

QUERIES = (
    Query(
        "stock_values",
        "/v1/analytics/stock/values",
        "analytics:read",
        READ_MODEL.name,
        StockValues,
        stock_values,
        "What stock was worth at the end of a day",
        _AS_OF.format(name="`day`"),
        sensitive_filter=FILTER,
        answer_type=StockValuesAnswer,
    ),
    Query(
        "stock_figures",
        "/v1/analytics/stock",
        "analytics:read",
        READ_MODEL.name,
        FiguresOfStock,
        stock_figures,
        "Turnover, supply, sell-through, shrinkage and ageing of stock; accuracy of counts",
        _AS_OF.format(name="`from` and `to`"),
        sensitive_filter=FILTER,
        answer_type=StockFiguresAnswer,
    ),
)
