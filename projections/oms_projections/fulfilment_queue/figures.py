"""Figures of how fast and how well is picked and packed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.disclosure_control import suppress
from oms_ledger.domain.figures.ratios import ratio
from oms_ledger.kernel import Json, Reader
from oms_projections.order_analytics.figures import hours, number
from oms_projections.shipping_analytics.performance import too_few
from oms_projections.values import Within, column
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class FulfilmentPerformance:
    """Fulfilment orders by the time at which work on them began: `from` inclusive, `to` exclusive;
    a day alone is meant whole, in the time zone `tz`. Those that were shipped without any are no
    part of it. Sensitive ones are counted where there are at least `smallest_count` in a group; the
    ledger's setting says what it is at least."""

    from_: DayOrTime | None = Field(default=None, alias="from")
    to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    group_by: Literal["none", "day", "week", "month", "location", "channel"] = "day"
    location: str | None = None
    channel: str | None = None
    smallest_count: int = Field(default=1, ge=1)
    within: Within = field(default=None, init=False)


def fulfilment_performance(params: FulfilmentPerformance, reader: Reader) -> Mapping[str, Json]:
    """Per group. A group with too few sensitive fulfilment orders counts the others alone."""
    rows = _rows(params, reader)
    counts = [column(row, "sensitive_fulfilments", int) for row in rows]
    few = suppress(counts, params.smallest_count)
    if any(few):
        others = {row["group"]: row for row in _rows(params, reader, ordinary=True)}
        nothing: dict[str, object] = {}
        rows = [
            {**others.get(row["group"], nothing), "group": row["group"], "hidden": True}
            if hide
            else row
            for row, hide in zip(rows, few, strict=True)
        ]
    if params.group_by == "none" and not rows:
        rows = [{"group": ""}]
    figures = [_figures(row, params.smallest_count) for row in rows]
    return {"group_by": params.group_by, "tz": params.tz, "rows": figures}


def _rows(
    params: FulfilmentPerformance, reader: Reader, *, ordinary: bool = False
) -> list[dict[str, object]]:
    return reader.rows(
        "fulfilment_performance",
        **{"from": period_start(params.from_, params.tz)},
        to=period_end(params.to, params.tz),
        tz=params.tz,
        group_by=params.group_by,
        location=params.location,
        channel=params.channel,
        within=None if params.within is None else list(params.within),
        ordinary=ordinary or None,
    )


COUNTS = ("fulfilments", "accepted", "rejected", "overdue", "picks", "short_picks")
UNITS = ("units_picked", "units_short")
HOURS = ("accept_hours", "pick_hours", "pack_hours")


def _figures(row: Mapping[str, object], least: int) -> dict[str, Json]:
    hidden = bool(row.get("hidden"))
    picked, short = number(row, "units_picked"), number(row, "units_short")
    return {
        "group": column(row, "group", str) or None,
        **{name: number(row, name) for name in (*COUNTS, *UNITS)},
        "reject_rate": ratio(number(row, "rejected"), number(row, "offered")),
        "overdue_rate": ratio(number(row, "overdue"), number(row, "fulfilments")),
        "short_rate": ratio(short, picked + short),
        **{name: hours(row, name) for name in HOURS},
        "sensitive_fulfilments": None if hidden else number(row, "sensitive_fulfilments"),
        "suppressed": too_few(least) if hidden else None,
    }
