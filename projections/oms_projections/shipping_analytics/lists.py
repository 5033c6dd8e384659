"""Lists of shipments: filtered and searched, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import AsOfNotSupported, invalid_field
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.times import bounded
from oms_ledger.kernel import Json, Log, Reader, events_of, stream_id
from oms_projections.pages import NEWEST, Cursor, Limit, Mark, mark_of, page
from oms_projections.search import facets_of, folded, text_filter
from oms_projections.shipping_analytics.fold import row_of
from oms_projections.shipping_analytics.rows import ShipmentRow
from oms_projections.shipping_analytics.views import shipment
from oms_projections.values import Moment, Several, Within, column, is_of, now
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)
Text = Annotated[str, Field(max_length=200)]
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
class ListShipments:
    """Newest first. Statuses, carriers, locations, channels and countries may be several, with
    commas between. `q` is looked for, whatever its case, in order number and tracking number;
    `tracking_number` is a whole one. `late`: not dispatched or not delivered by the time promised.
    With `now`, as it was at that time: what was created, dispatched, delivered or cancelled later
    was not yet. `..._from` is inclusive, `..._to` exclusive; a day alone is meant whole, in the
    time zone `tz`. `as_of` needs an `order_id`."""

    status: Several[Status] = None
    carrier: Several[str] = None
    location: Several[str] = None
    channel: Several[str] = None
    country: Several[str] = None
    order_id: str | None = None
    tracking_number: Text | None = None
    q: Text | None = None
    created_from: DayOrTime | None = None
    created_to: DayOrTime | None = None
    dispatched_from: DayOrTime | None = None
    dispatched_to: DayOrTime | None = None
    delivered_from: DayOrTime | None = None
    delivered_to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    late: bool | None = None
    now: Moment | None = None
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


def list_shipments(params: ListShipments, reader: Reader) -> Mapping[str, Json]:
    created_before, id_before = _place(params.cursor)
    rows = reader.rows(
        "list_shipments",
        **_facets(params),
        **_periods(params),
        order_id=params.order_id,
        within=None if params.within is None else list(params.within),
        **text_filter(params.q),
        late=params.late,
        is_late=params.late or None,
        late_then=True if params.late is not None and params.now else None,
        until=params.now,
        now=params.now or now(),
        after=created_before,
        after_id=id_before,
        limit=params.limit,
    )
    return page([shipment(row) for row in rows], params.limit, _last(rows))


def list_shipments_as_of(params: ListShipments, log: Log) -> Mapping[str, Json]:
    if params.order_id is None:
        raise AsOfNotSupported(
            "All shipments of a past moment would take the whole log to answer. Name an"
            " `order_id`, or ask for one: GET /v1/shipments/{shipment_id}."
        )
    created_before, id_before = _place(params.cursor)
    before = (created_before or datetime.max.replace(tzinfo=UTC), id_before)
    shipments = log.fold(Order, params.order_id).shipments
    streams = (stream_id(Shipment, shipment_id) for shipment_id in shipments)
    every = (row_of(events_of(log, stream)) for stream in streams)
    rows = [
        row
        for row in every
        if row and chosen(row, params) and (row.created_at, row.shipment_id) < before
    ]
    rows.sort(key=lambda row: (row.created_at, row.shipment_id), reverse=True)
    shown = [asdict(row) for row in rows[: params.limit]]
    return page([shipment(row) for row in shown], params.limit, _last(shown))


def chosen(row: ShipmentRow, params: ListShipments) -> bool:
    """The conditions of the statement `list_shipments`."""
    facets = [set(values) for values in _facets(params).values() if values is not None]
    periods = _periods(params)
    return (
        all(not values.isdisjoint(row.facets) for values in facets)
        and all(
            _within(at, periods[f"{name}_from"], periods[f"{name}_to"])
            for name, at in (
                ("created", row.created_at),
                ("dispatched", row.dispatched_at),
                ("delivered", row.delivered_at),
            )
        )
        and params.order_id in (None, row.order_id)
        and is_of(row.channel, params.within)
        and (params.q is None or folded(params.q) in row.search)
        and (params.now is None or max(row.created_at, row.placed_at) <= params.now)
        and params.late in (None, is_late(row, params.now))
    )


def is_late(row: ShipmentRow, until: datetime | None) -> bool:
    """Whether a shipment was not dispatched or not delivered by the time promised; with `until`
    as of that time."""
    at = until or now()
    if row.cancelled_at is not None and (until is None or row.cancelled_at <= until):
        return False
    sent, arrived = min(row.dispatched_at or at, at), min(row.delivered_at or at, at)
    return sent > row.ship_by or arrived > row.deliver_by


def _within(at: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    if at is None:
        return start is None and end is None
    return (start is None or at >= start) and (end is None or at < end)


def _facets(params: ListShipments) -> dict[str, list[str] | None]:
    """Values of filters as they stand in `ShipmentRow.facets`."""
    tracking = None if params.tracking_number is None else (folded(params.tracking_number),)
    filters: dict[str, Sequence[str] | None] = {
        "status": params.status,
        "carrier": params.carrier,
        "location": params.location,
        "channel": params.channel,
        "country": params.country,
        "tracking": tracking,
    }
    return {name: facets_of(name, values) for name, values in filters.items()}


def _periods(params: ListShipments) -> dict[str, datetime | None]:
    starts: dict[str, date | None] = {
        "created_from": params.created_from,
        "dispatched_from": params.dispatched_from,
        "delivered_from": params.delivered_from,
    }
    ends: dict[str, date | None] = {
        "created_to": params.created_to,
        "dispatched_to": params.dispatched_to,
        "delivered_to": params.delivered_to,
    }
    return {
        **{name: period_start(bound, params.tz) for name, bound in starts.items()},
        **{name: period_end(bound, params.tz) for name, bound in ends.items()},
    }


def _place(cursor: str | None) -> tuple[datetime | None, str]:
    """When the last shipment of the page before was created, and its id; None on the first page.
    `Invalid` names the cursor where it has no such time."""
    if cursor is None:
        return None, ""
    mark, shipment_id = mark_of(cursor, NEWEST)
    try:
        return bounded(datetime.fromisoformat(str(mark))), str(shipment_id)
    except ValueError:
        raise invalid_field("cursor", "Use the next_cursor of the page before.") from None


def _last(rows: Sequence[Mapping[str, object]]) -> Mark | None:
    if not rows:
        return None
    created_at = column(rows[-1], "created_at", datetime)
    return [rfc3339(created_at), column(rows[-1], "shipment_id", str)]
