"""Queries about shipments: for staff, for recipients, and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.disclosure_control import suppress
from oms_ledger.domain.errors import AsOfNotSupported, NotFound
from oms_ledger.domain.fulfilment.answers import (
    ParcelAnswer,
    ShipmentDetailAnswer,
    ShipmentsAnswer,
    ShippingPerformanceAnswer,
)
from oms_ledger.domain.fulfilment.dates import doubtful_dates
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.given_names import FAMILY_NAME_FIRST, given_name
from oms_ledger.domain.json_values import revealed_json, rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.personal import SEALED
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.direct import looked_up
from oms_projections.pages import Cursor, Limit, Mark, invalid, mark_of, page
from oms_projections.shipping_analytics.fold import READ_MODEL, row_of
from oms_projections.shipping_analytics.rows import ShipmentRow
from oms_projections.values import (
    From,
    Moment,
    Until,
    column,
    maybe,
    maybe_time,
    now,
)

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)
NEWEST: Mark = ["infinity", ""]
TIMES = ("created_at", "dispatched_at", "delivered_at", "updated_at")
GroupBy = Literal["day", "week", "month", "carrier", "service", "location", "channel"]
Status = Literal[
    "created",
    "labelled",
    "dispatched",
    "in_transit",
    "out_for_delivery",
    "delivered",
    "cancelled",
]


@dataclass(frozen=True, slots=True, config=STRICT)
class GetShipment:
    shipment_id: str


def _shipment(params: GetShipment, rows: Rows) -> Mapping[str, Json]:
    if not rows:
        raise NotFound(
            f"There is no shipment {params.shipment_id!r}. GET /v1/shipments lists them."
        )
    return shipment(rows[0])


SHIPMENT = Lookup("shipments_by_id", lambda params: params.shipment_id, _shipment)


def get_shipment(params: GetShipment, reader: Reader) -> Mapping[str, Json]:
    return looked_up(SHIPMENT, params, reader)


def get_shipment_as_of(params: GetShipment, log: Log) -> Mapping[str, Json]:
    row = _row(params.shipment_id, log)
    if row is None:
        raise NotFound(
            f"There was no shipment {params.shipment_id!r} then. Ask without as_of, or for a later"
            " time."
        )
    return shipment(asdict(row))


def _row(shipment_id: str, log: Log) -> ShipmentRow | None:
    return row_of(events_of(log, stream_id(Shipment, shipment_id)))


@dataclass(frozen=True, slots=True, config=STRICT)
class ListShipments:
    """`late`: not dispatched, or not delivered, by the time promised, judged at `now`. `as_of`
    needs an `order_id`."""

    status: Status | None = None
    carrier: str | None = None
    location: str | None = None
    channel: str | None = None
    order_id: str | None = None
    late: bool | None = None
    now: Moment = Field(default_factory=now)
    cursor: Cursor = None
    limit: Limit = 50


def list_shipments(params: ListShipments, reader: Reader) -> Mapping[str, Json]:
    after = mark_of(params.cursor, NEWEST) if params.cursor else NEWEST
    rows = reader.rows(
        "list_shipments",
        status=params.status,
        carrier=params.carrier,
        location=params.location,
        channel=params.channel,
        order_id=params.order_id,
        late=params.late,
        now=params.now,
        after=after[0],
        after_id=after[1],
        limit=params.limit,
    )
    return page([shipment(row) for row in rows], params.limit, _last(rows))


def list_shipments_as_of(params: ListShipments, log: Log) -> Mapping[str, Json]:
    if params.order_id is None:
        raise AsOfNotSupported(
            "All shipments of a past moment would take the whole log to answer. Name an"
            " `order_id`, or ask for one: GET /v1/shipments/{shipment_id}."
        )
    created_before, id_before = mark_of(params.cursor, NEWEST) if params.cursor else NEWEST
    before = (_time(str(created_before)), str(id_before))
    found = (_row(each, log) for each in log.fold(Order, params.order_id).shipments)
    rows = [
        row
        for row in found
        if row and _chosen(row, params) and (row.created_at, row.shipment_id) < before
    ]
    rows.sort(key=lambda row: (row.created_at, row.shipment_id), reverse=True)
    shown = [asdict(row) for row in rows[: params.limit]]
    return page([shipment(row) for row in shown], params.limit, _last(shown))


def _time(mark: str) -> datetime:
    if mark == NEWEST[0]:
        return datetime.max.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(mark)
    except ValueError:
        raise invalid("cursor", "Use the next_cursor of the page before.") from None


def _chosen(row: ShipmentRow, params: ListShipments) -> bool:
    """The conditions of the statement `list_shipments`."""
    late = row.status != "cancelled" and (
        (row.dispatched_at or params.now) > row.ship_by
        or (row.delivered_at or params.now) > row.deliver_by
    )
    return (
        params.status in (None, row.status)
        and params.carrier in (None, row.carrier)
        and params.location in (None, row.location)
        and params.channel in (None, row.channel)
        and params.late in (None, late)
    )


def _last(rows: Sequence[Mapping[str, object]]) -> Mark | None:
    if not rows:
        return None
    created_at = column(rows[-1], "created_at", datetime)
    return [rfc3339(created_at), column(rows[-1], "shipment_id", str)]


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


def shipment(row: Mapping[str, object]) -> dict[str, Json]:
    texts = ("shipment_id", "order_id", "order_number", "channel", "location", "carrier")
    return {
        **{name: column(row, name, str) for name in texts},
        "sensitive": column(row, "sensitive", bool),
        "service": maybe(row, "service", str),
        "status": column(row, "status", str),
        "exception": maybe(row, "trouble", str),
        "tracking_number": maybe(row, "tracking_number", str),
        "tracking_token": column(row, "tracking_token", str),
        "units": column(row, "units", int),
        "lines": column(row, "lines", list),
        "packages": column(row, "packages", list),
        "scans": column(row, "scans", list),
        "exceptions": column(row, "exceptions", int),
        "recipient": revealed_json(row["recipient"]),
        "city": maybe(row, "city", str),
        "country": maybe(row, "country", str),
        "promised": {
            "ship_by": maybe_time(row, "ship_by"),
            "deliver_by": maybe_time(row, "deliver_by"),
        },
        "placed_at": maybe_time(row, "placed_at"),
        **{name: maybe_time(row, name) for name in TIMES},
        "doubtful_dates": [
            {"date": doubt.date, "before": doubt.before}
            for doubt in doubtful_dates(
                column(row, "placed_at", datetime),
                maybe(row, "dispatched_at", datetime),
                maybe(row, "delivered_at", datetime),
            )
        ],
        "simulated": column(row, "simulated", bool),
        "version": column(row, "version", int),
    }


@dataclass(frozen=True, slots=True, config=STRICT)
class ShippingPerformance:
    """Orders by the time they were placed: `from` inclusive, `to` exclusive; a day alone is
    meant whole. What is late is judged at `now`. Sensitive orders are counted where there are at
    least `smallest_count` in a group; the ledger's setting says what it is at least."""

    from_: From | None = Field(default=None, alias="from")
    to: Until | None = None
    group_by: GroupBy = "day"
    carrier: str | None = None
    location: str | None = None
    channel: str | None = None
    smallest_count: int = Field(default=1, ge=1)
    now: Moment = Field(default_factory=now)


def shipping_performance(params: ShippingPerformance, reader: Reader) -> Mapping[str, Json]:
    """Per group, of orders that have a shipment; cancelled shipments do not count. A rate is
    null where there is nothing yet to judge. A group with too few sensitive orders
    counts the others alone, and its number of sensitive orders is null."""
    rows = _performances(params, reader)
    few = suppress([column(row, "sensitive_orders", int) for row in rows], params.smallest_count)
    if any(few):
        others = {row["group"]: row for row in _performances(params, reader, sensitive=False)}
        rows = [
            {**others.get(row["group"], NOTHING), "group": row["group"], "sensitive_orders": None}
            if hide
            else row
            for row, hide in zip(rows, few, strict=True)
        ]
    figures = [performance(row, params.smallest_count) for row in rows]
    return {"group_by": params.group_by, "rows": figures}


def _performances(
    params: ShippingPerformance, reader: Reader, *, sensitive: bool = True
) -> list[dict[str, object]]:
    return reader.rows(
        "shipping_performance",
        **{"from": params.from_},
        to=params.to,
        group_by=params.group_by,
        carrier=params.carrier,
        location=params.location,
        channel=params.channel,
        now=params.now,
        with_sensitive=sensitive,
    )


COUNTS = ("orders", "shipments", "units", "delivered", "late", "doubtful")
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
    found = maybe(row, name, list) or [None, None, None]
    hours = [None if each is None else round(each, 2) for each in found]
    return dict(zip(("p50", "p90", "p95"), hours, strict=True))


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
        answer_type=ShippingPerformanceAnswer,
    ),
)
