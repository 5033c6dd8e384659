"""Figures of locations: what they have sent, and what waits there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.figures.ratios import ratio
from oms_ledger.kernel import Json, Reader
from oms_projections.values import Within, column
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

HOUR_SECONDS, DAY_SECONDS = 3600, 86_400


@dataclass(frozen=True, slots=True, config=STRICT)
class LocationFigures:
    """Shipments that were dispatched in a period: `from` inclusive, `to` exclusive; a day alone is
    meant whole, in the time zone `tz`. With `with_sensitive` false without sensitive orders."""

    from_: Annotated[DayOrTime, Field(alias="from")]
    to: DayOrTime
    tz: Zone = UTC_NAME
    with_sensitive: bool = True
    within: Within = field(default=None, init=False)


def location_figures(params: LocationFigures, reader: Reader) -> Mapping[str, Json]:
    """Per location that has sent something in the period, or from which something is to be sent. A
    rate is null where there is nothing to divide by."""
    start, end = period_start(params.from_, params.tz), period_end(params.to, params.tz)
    assert start is not None  # both are required
    assert end is not None
    seconds = max(0.0, (end - start).total_seconds())
    rows = reader.rows(
        "location_figures",
        **{"from": start, "to": end},
        ordinary=None if params.with_sensitive else True,
        within=None if params.within is None else list(params.within),
    )
    return {"tz": params.tz, "rows": [_figures(row, seconds, reader) for row in rows]}


def _figures(row: Mapping[str, object], seconds: float, reader: Reader) -> dict[str, Json]:
    code, units = column(row, "location", str), column(row, "units", int)
    defined = reader.fold(Location, code).defined
    capacity = defined.daily_capacity if defined else None
    return {
        "location": code,
        "shipments": column(row, "shipments", int),
        "units": units,
        "late_shipments": column(row, "late_shipments", int),
        "units_per_hour": ratio(units, seconds / HOUR_SECONDS),
        "waiting_shipments": column(row, "waiting_shipments", int),
        "waiting_units": column(row, "waiting_units", int),
        "daily_capacity": capacity,
        "capacity_use": ratio(units, (capacity or 0) * seconds / DAY_SECONDS),
    }
