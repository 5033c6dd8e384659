"""Queries for figures of orders, payments and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.disclosure_control import suppress
from oms_ledger.domain.figures.answers import OrderFigures, PaymentFigures, ReturnFigures
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.kernel import Json, Query, Reader
from oms_projections.order_analytics.figures import (
    number,
    order_figures,
    payment_figures,
    return_figures,
)
from oms_projections.order_analytics.fold import READ_MODEL
from oms_projections.shipping_analytics.performance import too_few
from oms_projections.values import WITHIN, Within, column, now
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)
GroupBy = Literal["none", "day", "week", "month", "channel"]
Figures = Callable[[Mapping[str, object]], dict[str, Json]]


@dataclass(frozen=True, slots=True, config=STRICT)
class FiguresOfOrders:
    """Orders by the time they were placed: `from` inclusive, `to` exclusive; a day alone is meant
    whole. Days, weeks and months are those of the time zone `tz`. `group_by=none` gives one row of
    all. What happened to the orders since, up to now, counts for the group they were placed in.
    Sensitive orders are counted where there are at least `smallest_count` in a group; the ledger's
    setting says what it is at least."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    group_by: GroupBy = "day"
    channel: str | None = None
    smallest_count: int = Field(default=1, ge=1)
    within: Within = field(default=None, init=False)


def figures_of_orders(params: FiguresOfOrders, reader: Reader) -> Mapping[str, Json]:
    return _answer(params, reader, "order_figures", order_figures, now=now())


@dataclass(frozen=True, slots=True, config=STRICT)
class FiguresOfPayments:
    """Payments by the time they were requested, otherwise as the figures of orders."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    group_by: Literal["none", "day", "week", "month", "channel", "provider"] = "day"
    channel: str | None = None
    provider: str | None = None
    smallest_count: int = Field(default=1, ge=1)
    within: Within = field(default=None, init=False)


def figures_of_payments(params: FiguresOfPayments, reader: Reader) -> Mapping[str, Json]:
    return _answer(params, reader, "payment_figures", payment_figures, provider=params.provider)


@dataclass(frozen=True, slots=True, config=STRICT)
class FiguresOfReturns:
    """Returns, exchanges and claims by the time they were requested. `return_rate`,
    `exchange_rate` and `claim_rate` are of the orders of which the first units were shipped in the
    period. Otherwise as the figures of orders. `reasons` are the 20 most frequent; those of
    sensitive orders are left out."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    group_by: GroupBy = "day"
    channel: str | None = None
    smallest_count: int = Field(default=1, ge=1)
    within: Within = field(default=None, init=False)


def figures_of_returns(params: FiguresOfReturns, reader: Reader) -> Mapping[str, Json]:
    return _answer(params, reader, "return_figures", return_figures)


Params = FiguresOfOrders | FiguresOfPayments | FiguresOfReturns


def _answer(
    params: Params, reader: Reader, statement: str, figures: Figures, **more: object
) -> Mapping[str, Json]:
    """A row for each group. One with too few sensitive orders counts the others alone."""
    rows = _rows(params, reader, statement, more)
    few = _too_few_sensitive(rows, params.smallest_count)
    others: dict[object, Mapping[str, object]] = {}
    if any(few):
        ordinary = _rows(params, reader, statement, {**more, "ordinary": True})
        others = {row["group"]: row for row in ordinary}
    items: list[Json] = []
    for row, hide in zip(rows, few, strict=True):
        shown = others.get(row["group"], {}) if hide else row
        items.append(
            {
                "group": column(row, "group", str) or None,
                **figures(shown),
                "sensitive_orders": None if hide else number(row, "sensitive_orders"),
                "suppressed": too_few(params.smallest_count) if hide else None,
            }
        )
    if params.group_by == "none" and not items:
        items = [{"group": None, **figures({}), "sensitive_orders": 0, "suppressed": None}]
    return {"group_by": params.group_by, "tz": params.tz, "rows": items}


def _too_few_sensitive(rows: Sequence[Mapping[str, object]], least: int) -> list[bool]:
    """The groups with too few sensitive orders, or too few among those shipped, which have figures
    of their own."""
    columns = ("sensitive_orders", "sensitive_shipped")
    few = [suppress([number(row, name) for row in rows], least) for name in columns]
    return [any(hidden) for hidden in zip(*few, strict=True)]


def _rows(
    params: Params, reader: Reader, statement: str, more: Mapping[str, object]
) -> list[dict[str, object]]:
    return reader.rows(
        statement,
        **{
            "from": period_start(params.from_, params.tz),
            "to": period_end(params.to, params.tz),
            "tz": params.tz,
            "group_by": params.group_by,
            "channel": None if params.channel is None else channel_key(params.channel),
            "within": None if params.within is None else list(params.within),
            "ordinary": None,
            **more,
        },
    )


NOW_ALONE = (
    "Figures of a past moment would take the whole log to answer. Ask for a period with `from` and"
    " `to`; what became of it since counts too."
)

QUERIES = (
    Query(
        "order_figures",
        "/v1/analytics/orders",
        "analytics:read",
        READ_MODEL.name,
        FiguresOfOrders,
        figures_of_orders,
        "Figures of orders: value, times, promises, cancellations, holds, edits",
        NOW_ALONE,
        minimum_count="smallest_count",
        within_channels=WITHIN,
        answer_type=OrderFigures,
    ),
    Query(
        "payment_figures",
        "/v1/analytics/payments",
        "analytics:read",
        READ_MODEL.name,
        FiguresOfPayments,
        figures_of_payments,
        "Figures of payments: authorised, captured, refunded, charged back",
        NOW_ALONE,
        minimum_count="smallest_count",
        within_channels=WITHIN,
        answer_type=PaymentFigures,
    ),
    Query(
        "return_figures",
        "/v1/analytics/returns",
        "analytics:read",
        READ_MODEL.name,
        FiguresOfReturns,
        figures_of_returns,
        "Figures of returns, exchanges and claims",
        NOW_ALONE,
        minimum_count="smallest_count",
        within_channels=WITHIN,
        answer_type=ReturnFigures,
    ),
)
