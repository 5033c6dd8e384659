"""Lists of orders: filtered, searched, sorted, counted and summed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from string import digits
from typing import Literal, NamedTuple, TypeAlias

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.kernel import Json, PreparedAnswer, Reader, Rows, Selection
from oms_projections.direct import selected
from oms_projections.order_status.fold import ON_HOLD
from oms_projections.order_status.weeks import ARCHIVED, delivered_facet, week_of
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page_text
from oms_projections.search import facets_of, folded, text_filter
from oms_projections.values import Moment, Several, Within, column, now
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

OrderStatus = Literal[
    "received",
    "pending",
    "scheduled",
    "confirmed",
    "processing",
    "fulfilled",
    "completed",
    "cancelled",
    "expired",
    "rejected",
]
PaymentStatus = Literal[
    "none",
    "pending",
    "requires_action",
    "authorised",
    "partially_authorised",
    "partially_paid",
    "paid",
    "credit_owed",
    "partially_refunded",
    "refunded",
    "charged_back",
    "voided",
    "failed",
]
FulfilmentStatus = Literal[
    "not_required",
    "unfulfilled",
    "backordered",
    "partially_shipped",
    "shipped",
    "partially_delivered",
    "delivered",
    "cancelled",
]
ReturnStatus = Literal["none", "requested", "approved", "partially_returned", "returned"]
Periods: TypeAlias = Mapping[str, datetime | None]
Sort = Literal["-placed_at", "placed_at", "-updated_at", "updated_at", "number", "total"]


@dataclass(frozen=True, slots=True, config=STRICT)
class ListOrders:
    """Statuses, channels, locations, countries and tags may be several, with commas between. `q` is
    looked for, whatever its case, in number, external id and tracking numbers; with an `@` in it,
    it is a whole e-mail address, and finds the orders placed with it. Names are sealed and cannot
    be looked for. `late`: not shipped or not delivered by the time promised. With `now`, as it was
    at that time: what was placed, shipped or delivered later was not yet. `..._from` is inclusive,
    `..._to` exclusive; a day alone is meant whole, in the time zone `tz`. With `count`, the answer
    also says how many orders there are on all pages, and what they add up to. Without
    `with_sensitive`, as always without the scope sensitive:read, sensitive orders are not found by
    `sku` or external id."""

    status: Several[OrderStatus] = None
    payment: Several[PaymentStatus] = None
    fulfilment: Several[FulfilmentStatus] = None
    returned: Several[ReturnStatus] = Field(default=None, alias="return")
    on_hold: bool | None = None
    tag: Several[str] = None
    archived: bool | None = None
    channel: Several[str] = None
    location: Several[str] = None
    country: Several[str] = None
    sku: str | None = None
    customer: str | None = None
    external_id: str | None = None
    q: str | None = Field(default=None, max_length=200)
    placed_from: DayOrTime | None = None
    placed_to: DayOrTime | None = None
    updated_from: DayOrTime | None = None
    updated_to: DayOrTime | None = None
    delivered_from: DayOrTime | None = None
    delivered_to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    late: bool | None = None
    now: Moment | None = None
    with_sensitive: bool = True
    count: bool = False
    sort: Sort = "-placed_at"
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


class Sorting(NamedTuple):
    """An order of sorting: its statement, and the mark before the first row."""

    statement: str
    start: str | int


SORTINGS: Mapping[Sort, Sorting] = {
    "-placed_at": Sorting("list_orders", "infinity"),
    "placed_at": Sorting("list_orders_oldest", "-infinity"),
    "-updated_at": Sorting("list_orders_by_newest_change", "infinity"),
    "updated_at": Sorting("list_orders_by_oldest_change", "-infinity"),
    "number": Sorting("list_orders_by_number", ""),
    "total": Sorting("list_orders_by_total", -(2**63)),
}


SHORT = timedelta(days=31)
"""A time so short that the orders of it are quickly read and sorted."""


class Looked(NamedTuple):
    """How many of the orders that come next are looked through for words or a SKU before all that
    have them are gathered by their index: `through` at most, and only where there are no more, or
    there are `enough`. For words, `enough` of a sample have them, in which is every `each`th of
    these orders. A SKU has `enough` lines, and there are `each` orders at least."""

    through: int
    each: int
    enough: int


FOR_WORDS = Looked(4000, 5, 10)
FOR_SKU = Looked(8000, 500, 5000)

FREQUENT = frozenset({"now", "with_sensitive", "placed_by", "late", "not_archived", "not_held"})
"""Filters that most orders pass, of those that are no periods; but for `late=true`."""

OPEN_STATUSES: Mapping[str, frozenset[str]] = {
    "status": frozenset({"pending", "scheduled", "confirmed", "processing", "fulfilled"}),
    "fulfilment": frozenset(
        {"unfulfilled", "backordered", "partially_shipped", "shipped", "partially_delivered"}
    ),
    "payment": frozenset(
        {
            "pending",
            "requires_action",
            "authorised",
            "partially_authorised",
            "partially_paid",
            "credit_owed",
        }
    ),
}
"""What orders have that are not settled, by the filter; an index has these orders alone."""


def _page(params: ListOrders) -> tuple[str, Mapping[str, object]]:
    statement, first = SORTINGS[params.sort]
    periods = _periods(params)
    filters = _filters(params)
    if _is_by_weeks(params.sort, filters, periods):
        statement += "_by_weeks"
        filters |= _weeks_of(periods)
    elif _is_gathered(params.sort, periods):
        statement += "_gathered"
    elif filters["q"] is not None:
        statement += "_with_words"
        filters |= {**_word_parts(params.q or ""), **_looked(FOR_WORDS)}
    elif params.sku is not None:
        statement += "_with_sku"
        filters |= _looked(FOR_SKU)
    start: Mark = [params.sort, _bound(params, periods) or first, ""]
    after = mark_of(params.cursor, start) if params.cursor else start
    if after[0] != params.sort:
        raise invalid_field(
            "cursor", f"It belongs to a list sorted by {after[0]}. Use the same sort."
        )
    place = {"after": after[1], "after_id": after[2], "limit": params.limit}
    return statement, {**filters, **_weekly(filters), **place}


def _other_dates(sort: Sort, periods: Periods) -> list[tuple[datetime | None, datetime | None]]:
    """The periods that are given, by other dates than that of the sort."""
    every = {
        name: (periods[f"{name}_from"], periods[f"{name}_to"])
        for name in ("placed", "updated", "delivered")
    }
    return [each for name, each in every.items() if name not in sort and any(each)]


def _is_gathered(sort: Sort, periods: Periods) -> bool:
    """Whether a short period is given, by another date than that of the sort."""
    return any(
        begin is not None and end is not None and end - begin <= SHORT
        for begin, end in _other_dates(sort, periods)
    )


def _is_by_weeks(sort: Sort, filters: Mapping[str, object], periods: Periods) -> bool:
    """Whether a period is given by another date than that of the sort, and else only filters that
    most orders pass. No index has the totals of a week."""
    given = {name for name, value in filters.items() if value is not None}
    rare = given - periods.keys() - FREQUENT or filters["late"]
    return sort != "total" and not rare and bool(_other_dates(sort, periods))


def _weeks_of(periods: Periods) -> dict[str, object]:
    """Between which facets of weeks those stand in which orders of the periods were placed, and
    whether they were updated in a period."""
    begin, end = periods["delivered_from"], periods["delivered_to"]
    first, last = "channel:", "channel;"
    if begin or end:
        first = delivered_facet(week_of(begin)) if begin else "delivered:"
        last = delivered_facet(week_of(end)) if end else "delivered;"
    changed = periods["updated_from"] or periods["updated_to"]
    return {"weekly_from": first, "weekly_to": last, "changed": bool(changed) or None}


def _word_parts(words: str) -> dict[str, object]:
    """Words as a number of a channel may have them: its digits are at its end."""
    text = folded(words)
    head = text.rstrip(digits)
    return {"words": text, "word_head": head, "word_digits": text[len(head) :]}


def _looked(looked: Looked) -> dict[str, object]:
    return {
        "looked_through": looked.through,
        "each": looked.each,
        "enough": looked.enough,
    }


def _bound(params: ListOrders, periods: Periods) -> str | None:
    """Where the sorted rows of a period begin, so that none is passed on the way to it."""
    bounds = {
        "-placed_at": "placed_to",
        "placed_at": "placed_from",
        "-updated_at": "updated_to",
        "updated_at": "updated_from",
    }
    bound = periods.get(bounds.get(params.sort, ""))
    return rfc3339(bound) if bound else None


def _weekly(filters: Mapping[str, object]) -> dict[str, object]:
    """The filters by values of which the weeks are known, as `dated_1` to `dated_3`. More of them
    make the walk no longer than these. `undated` where there are none."""
    names = ("tag", "archived", "country", "location", "channel", "within")
    given = [filters[name] for name in names if filters[name] is not None]
    dated = dict(zip(("dated_1", "dated_2", "dated_3"), given, strict=False))
    return dated or {"undated": True}


def _is_open(params: ListOrders) -> bool:
    """Whether one of the filters lets orders pass that are not settled, and no others."""
    given = {
        "status": params.status,
        "fulfilment": params.fulfilment,
        "payment": params.payment,
    }
    return any(values and OPEN_STATUSES[name].issuperset(values) for name, values in given.items())


def _periods(params: ListOrders) -> Periods:
    """The bounds of periods by the names of their parameters; days are those of the zone."""
    return {
        "placed_from": period_start(params.placed_from, params.tz),
        "placed_to": period_end(params.placed_to, params.tz),
        "updated_from": period_start(params.updated_from, params.tz),
        "updated_to": period_end(params.updated_to, params.tz),
        "delivered_from": period_start(params.delivered_from, params.tz),
        "delivered_to": period_end(params.delivered_to, params.tz),
    }


def _listed(params: ListOrders, rows: Rows) -> PreparedAnswer:
    last = _mark(params.sort, rows[-1]) if rows else None
    items = ",".join([column(row, "item", str) for row in rows])
    sensitive = any(row["sensitive"] for row in rows)
    return PreparedAnswer(page_text(items, len(rows), params.limit, last), sensitive)


ORDERS = Selection(_page, _listed, lambda params: not params.count)


def list_orders(params: ListOrders, reader: Reader) -> Mapping[str, Json]:
    body = selected(ORDERS, params, reader)
    return {**body, **_sums(params, reader)} if params.count else body


def _sums(params: ListOrders, reader: Reader) -> dict[str, Json]:
    """How many orders the list has on all its pages, and what they add up to."""
    rows = reader.rows("sum_orders", **_filters(params))
    totals: list[dict[str, Json]] = [
        {
            "currency": (currency := column(row, "currency", str)),
            "orders": column(row, "orders", int),
            "total": to_text(column(row, "total", int), currency),
            "cancelled_total": to_text(column(row, "cancelled_total", int), currency),
        }
        for row in rows
    ]
    return {"count": sum(column(row, "orders", int) for row in rows), "totals": totals}


def _filters(params: ListOrders) -> dict[str, object]:
    q = params.q
    blind = q.removeprefix("@") if q and "@" in q else None  # as it stands in the index by now
    return {
        "status": facets_of("status", params.status),
        "payment": facets_of("payment", params.payment),
        "fulfilment": facets_of("fulfilment", params.fulfilment),
        "returned": facets_of("return", params.returned),
        "channel": _channels(params.channel),
        "location": facets_of("location", params.location),
        "country": facets_of("country", params.country),
        "tag": facets_of("tag", params.tag),
        "archived": [ARCHIVED] if params.archived is True else None,
        "not_archived": params.archived is False or None,
        "held": [ON_HOLD] if params.on_hold is True else None,
        "not_held": [ON_HOLD] if params.on_hold is False else None,
        "sku": params.sku,
        "customer": params.customer,
        "external_id": params.external_id,
        **text_filter(None if blind else q),
        "blind": blind,
        **_periods(params),
        "placed_by": params.now,
        "late": params.late,
        "is_late": params.late or None,
        "now": params.now or now(),
        "with_sensitive": params.with_sensitive,
        "within": _channels(params.within),
        "is_open": _is_open(params) or None,
    }


def _channels(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else facets_of("channel", map(channel_key, names))


def _mark(sort: Sort, row: Mapping[str, object]) -> Mark:
    mark, order_id = row["mark"], column(row, "order_id", str)
    return [sort, rfc3339(mark) if isinstance(mark, datetime) else _value(mark), order_id]


def _value(mark: object) -> str | int:
    if not isinstance(mark, (str, int)):
        raise TypeError(f"orders are not sorted by {type(mark).__name__}")
    return mark
