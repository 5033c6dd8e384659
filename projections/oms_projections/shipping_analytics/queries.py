"""Queries about shipments: for staff, for recipients, and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from datetime import datetime

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.fulfilment.answers import (
    LocationFiguresOfPeriodAnswer,
    ParcelAnswer,
    ShipmentDetailAnswer,
    ShipmentsAnswer,
    ShippingPerformanceAnswer,
)
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.given_names import FAMILY_NAME_FIRST, given_name
from oms_ledger.domain.json_values import revealed_json
from oms_ledger.domain.personal import SEALED
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.direct import looked_up
from oms_projections.shipping_analytics.fold import READ_MODEL, row_of
from oms_projections.shipping_analytics.lists import (
    ListShipments,
    list_shipments,
    list_shipments_as_of,
)
from oms_projections.shipping_analytics.locations import LocationFigures, location_figures
from oms_projections.shipping_analytics.performance import (
    ShippingPerformance,
    shipping_performance,
)
from oms_projections.shipping_analytics.views import shipment
from oms_projections.values import WITHIN, Within, column, is_of, maybe, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetShipment:
    shipment_id: str
    within: Within = field(default=None, init=False)


def _shipment(params: GetShipment, rows: Rows) -> Mapping[str, Json]:
    if not rows or not is_of(column(rows[0], "channel", str), params.within):
        raise NotFound(
            f"There is no shipment {params.shipment_id!r}. GET /v1/shipments lists them."
        )
    return shipment(rows[0])


SHIPMENT = Lookup("shipments_by_id", lambda params: params.shipment_id, _shipment)


def get_shipment(params: GetShipment, reader: Reader) -> Mapping[str, Json]:
    return looked_up(SHIPMENT, params, reader)


def get_shipment_as_of(params: GetShipment, log: Log) -> Mapping[str, Json]:
    row = row_of(events_of(log, stream_id(Shipment, params.shipment_id)))
    if row is None or not is_of(row.channel, params.within):
        raise NotFound(
            f"There was no shipment {params.shipment_id!r} then. Ask without as_of, or for a later"
            " time."
        )
    return shipment(asdict(row))


@dataclass(frozen=True, slots=True, config=STRICT)
class Track:
    token: str


def track(params: Track, reader: Reader) -> Mapping[str, Json]:
    """What a recipient may see without a key: nothing personal beyond first name and town, and
    nothing of the contents. The field `sensitive` is for the HTTP layer, which removes it."""
    rows = reader.rows("tracked", token=params.token)
    if not rows:
        raise NotFound("There is no parcel behind this link. Check that the link is complete.")
    row = rows[0]
    return {
        **({"sensitive": True} if column(row, "sensitive", bool) else {}),
        "order_number": column(row, "order_number", str),
        "status": column(row, "status", str),
        "exception": maybe(row, "trouble", str),
        "carrier": column(row, "carrier", str),
        "tracking_number": maybe(row, "tracking_number", str),
        "first_name": first_name(row),
        "town": maybe(row, "city", str),
        "promised_at": maybe_time(row, "deliver_by"),
        "dispatched_at": maybe_time(row, "dispatched_at"),
        "delivered_at": maybe_time(row, "delivered_at"),
        "scans": [
            {key: scan[key] for key in ("code", "scanned_at", "place")}
            for scan in sorted(column(row, "scans", list), key=_scanned_at)
        ],
    }


def first_name(row: Mapping[str, object]) -> str | None:
    """The recipient's given name. A sealed name stays sealed: the given name is taken when it is
    opened. None where names of the country begin with the family name."""
    name = revealed_json(maybe(row, "recipient", dict))
    if not isinstance(name, str) or maybe(row, "country", str) in FAMILY_NAME_FIRST:
        return None
    return name if name.startswith(SEALED) else given_name(name)


def _scanned_at(scan: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(scan["scanned_at"])


QUERIES = (
    Query(
        "get_shipment",
        "/v1/shipments/{shipment_id}",
        "shipments:read",
        READ_MODEL.name,
        GetShipment,
        get_shipment,
        "One shipment",
        get_shipment_as_of,
        within_channels=WITHIN,
        answer_type=ShipmentDetailAnswer,
        direct=SHIPMENT,
    ),
    Query(
        "list_shipments",
        "/v1/shipments",
        "shipments:read",
        READ_MODEL.name,
        ListShipments,
        list_shipments,
        "Shipments",
        list_shipments_as_of,
        within_channels=WITHIN,
        answer_type=ShipmentsAnswer,
    ),
    Query(
        "track",
        "/v1/tracking/{token}",
        "public",
        READ_MODEL.name,
        Track,
        track,
        "A parcel, for its recipient",
        "A link shows where the parcel is now. Staff can ask for a shipment's past:"
        " GET /v1/shipments/{shipment_id}?as_of=.",
        answer_type=ParcelAnswer,
    ),
    Query(
        "shipping_performance",
        "/v1/analytics/shipping",
        "analytics:read",
        READ_MODEL.name,
        ShippingPerformance,
        shipping_performance,
        "How fast and how well is shipped",
        "Figures of a past moment would take the whole log to answer. Ask for a period with `from`"
        " and `to`, and judge it at a time of your own with `now`.",
        minimum_count="smallest_count",
        within_channels=WITHIN,
        answer_type=ShippingPerformanceAnswer,
    ),
    Query(
        "location_figures",
        "/v1/analytics/locations",
        "analytics:read",
        READ_MODEL.name,
        LocationFigures,
        location_figures,
        "What each location has sent, and what waits there",
        "What waits somewhere is what waits now. Name a past period with `from` and `to`.",
        sensitive_filter="with_sensitive",
        within_channels=WITHIN,
        answer_type=LocationFiguresOfPeriodAnswer,
    ),
)
