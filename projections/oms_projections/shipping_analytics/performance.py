"""Figures of how fast and how well is shipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.disclosure_control import suppress
from oms_ledger.kernel import Json, Reader
from oms_projections.values import Moment, Within, column, maybe, now
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)
FOR_EVER = datetime.max.replace(tzinfo=UTC)
GroupBy = Literal["none", "day", "week", "month", "carrier", "service", "location", "channel"]


@dataclass(frozen=True, slots=True, config=STRICT)
class ShippingPerformance:
    """Orders by the time they were placed: `from` inclusive, `to` exclusive; a day alone is meant
    whole. Days, weeks and months are those of the time zone `tz`. `group_by=none` gives one row of
    all. `on_time_ship_rate` is `shipped_on_time` divided by `ship_promises`: orders of which every
    unit that was not cancelled was dispatched by the time promised, of all orders with a promise
    that was kept or whose time has passed, those without a shipment among them. These are in the
    group null of carriers, services and locations, and left out where `carrier` or `location` is
    given. Late is what was not shipped or not delivered by the time promised. With `now`, as it
    was at that time: what was placed, dispatched, delivered or cancelled later was not yet.
    Sensitive orders are counted where there are at least `smallest_count` in a group; the ledger's
    setting says what it is at least."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    group_by: GroupBy = "day"
    carrier: str | None = None
    location: str | None = None
    channel: str | None = None
    smallest_count: int = Field(default=1, ge=1)
    now: Moment | None = None
    within: Within = field(default=None, init=False)


def shipping_performance(params: ShippingPerformance, reader: Reader) -> Mapping[str, Json]:
    """Per group. A rate is null where there is nothing yet to judge. A group with too few sensitive
    orders counts the others alone, and its number of sensitive orders is null."""
    rows = _performances(params, reader)
    few = _too_few_sensitive(rows, params.smallest_count)
    if any(few):
        others = {row["group"]: row for row in _performances(params, reader, ordinary=True)}
        rows = [
            {**others.get(row["group"], NOTHING), "group": row["group"], "sensitive_orders": None}
            if hide
            else row
            for row, hide in zip(rows, few, strict=True)
        ]
    if params.group_by == "none" and not rows:
        rows = [{**NOTHING, "group": "", "sensitive_orders": 0}]
    figures = [performance(row, params.smallest_count) for row in rows]
    return {"group_by": params.group_by, "tz": params.tz, "rows": figures}


def _too_few_sensitive(rows: Sequence[Mapping[str, object]], least: int) -> list[bool]:
    """The groups that have too few sensitive orders, or too few with shipments: those have figures
    of their own."""
    columns = ("sensitive_orders", "sensitive_packed")
    few = [suppress([column(row, name, int) for row in rows], least) for name in columns]
    return [any(hidden) for hidden in zip(*few, strict=True)]


def _performances(
    params: ShippingPerformance, reader: Reader, *, ordinary: bool = False
) -> list[dict[str, object]]:
    return reader.rows(
        "shipping_performance",
        **{"from": period_start(params.from_, params.tz)},
        to=period_end(params.to, params.tz),
        tz=params.tz,
        group_by=params.group_by,
        carrier=params.carrier,
        location=params.location,
        channel=params.channel,
        within=None if params.within is None else list(params.within),
        parcels_alone=True if params.carrier or params.location else None,
        until=params.now or FOR_EVER,
        now=params.now or now(),
        ordinary=ordinary or None,
    )


COUNTS = (
    "orders",
    "orders_late",
    "ship_promises",
    "shipped_on_time",
    "shipments",
    "units",
    "delivered",
    "late",
    "doubtful",
)
RATES = ("on_time_ship_rate", "on_time_delivery_rate", "split_rate", "exception_rate")
HOURS = ("order_to_ship_hours", "ship_to_deliver_hours")
NOTHING: dict[str, object] = dict.fromkeys(COUNTS, 0) | dict.fromkeys((*RATES, *HOURS))


def performance(row: Mapping[str, object], least: int) -> dict[str, Json]:
    sensitive = maybe(row, "sensitive_orders", int)
    return {
        "group": column(row, "group", str) or None,
        **{name: column(row, name, int) for name in COUNTS},
        **{name: _rate(row, name) for name in RATES},
        **{name: _percentiles(row, name) for name in HOURS},
        "sensitive_orders": sensitive,
        "suppressed": too_few(least) if sensitive is None else None,
    }


def too_few(least: int) -> str:
    return (
        f"Fewer than {least} sensitive orders are in this group, or they would tell how few are in"
        " another. None of them is counted here."
    )


def _rate(row: Mapping[str, object], name: str) -> float | None:
    rate = maybe(row, name, float)
    return None if rate is None else round(rate, 4)


def _percentiles(row: Mapping[str, object], name: str) -> dict[str, Json]:
    percentiles = maybe(row, name, list) or [None, None, None]
    hours = [None if each is None else round(each, 2) for each in percentiles]
    return dict(zip(("p50", "p90", "p95"), hours, strict=True))
