"""Answers about shipments, as types: to staff, to recipients, and as figures."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.catalogue.answers import MeasuredAnswer
from oms_ledger.domain.text_kinds import (
    FulfilmentId,
    Harmless,
    LinkText,
    OrderId,
    SealedGivenName,
    SealedRecipient,
    ShipmentId,
    Sku,
)


class PackedLineAnswer(MeasuredAnswer):
    line_id: LinkText
    sku: Sku
    quantity: int


class DoubtfulDateAnswer(TypedDict):
    """A date that lies before another which it can only follow. `date` and `before` are names of
    fields."""

    date: str
    before: str


class ShipmentAnswer(TypedDict):
    shipment_id: ShipmentId
    order_id: OrderId
    order_number: Harmless
    version: int
    sensitive: bool
    status: Harmless
    exception: Harmless | None
    location: Harmless
    carrier: Harmless
    service: Harmless | None
    tracking_number: Harmless | None
    tracking_token: Harmless
    lines: list[PackedLineAnswer]
    dispatched_at: Harmless | None
    delivered_at: Harmless | None
    doubtful_dates: list[DoubtfulDateAnswer]


class PackageLineAnswer(TypedDict):
    line_id: LinkText
    quantity: int


class PackageAnswer(TypedDict):
    """Null: not measured. `lines` are its units, where they were recorded."""

    weight_g: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    lines: list[PackageLineAnswer]


class ScanAnswer(TypedDict):
    code: Harmless
    scanned_at: Harmless
    place: Harmless | None


class RecordedScanAnswer(ScanAnswer):
    """`raw` is the carrier's own text."""

    raw: str | None


class PromisedAnswer(TypedDict):
    ship_by: Harmless | None
    deliver_by: Harmless | None


class ShipmentDetailAnswer(ShipmentAnswer):
    """`fulfilment_id` is the fulfilment order that it was packed of, once work on that had begun;
    null: the first one of its location."""

    fulfilment_id: FulfilmentId | None
    channel: Harmless
    units: int
    packages: list[PackageAnswer]
    scans: list[RecordedScanAnswer]
    exceptions: int
    recipient: SealedRecipient | None
    city: Harmless | None
    country: Harmless | None
    promised: PromisedAnswer
    placed_at: Harmless
    created_at: Harmless
    updated_at: Harmless
    simulated: bool


class ShipmentsAnswer(TypedDict):
    items: list[ShipmentDetailAnswer]
    next_cursor: Harmless | None


class ParcelAnswer(TypedDict):
    order_number: Harmless
    status: Harmless
    exception: Harmless | None
    carrier: Harmless
    tracking_number: Harmless | None
    first_name: SealedGivenName | None
    town: Harmless | None
    promised_at: Harmless | None
    dispatched_at: Harmless | None
    delivered_at: Harmless | None
    scans: list[ScanAnswer]


class HoursAnswer(TypedDict):
    p50: float | None
    p90: float | None
    p95: float | None


class PerformanceAnswer(TypedDict):
    """`on_time_ship_rate` is `shipped_on_time` divided by `ship_promises`: orders of which every
    unit was dispatched by the time promised, of all orders with a promise that was kept or whose
    time has passed, those without a shipment among them. `orders_late` counts orders, `late`
    shipments that were not shipped or not delivered by the time promised. `order_to_ship_hours`
    ends with the last unit of an order. `doubtful` counts shipments with doubtful dates: hours and
    on-time rates are of the others alone. `sensitive_orders` is null where they are too few to be
    counted, as `suppressed` says."""

    group: str | None
    orders: int
    orders_late: int
    ship_promises: int
    shipped_on_time: int
    shipments: int
    units: int
    delivered: int
    late: int
    doubtful: int
    on_time_ship_rate: float | None
    on_time_delivery_rate: float | None
    order_to_ship_hours: HoursAnswer
    ship_to_deliver_hours: HoursAnswer
    split_rate: float | None
    exception_rate: float | None
    sensitive_orders: int | None
    suppressed: str | None


class ShippingPerformanceAnswer(TypedDict):
    group_by: str
    tz: str
    rows: list[PerformanceAnswer]


class LocationPeriodAnswer(TypedDict):
    """What a location has dispatched in the period, and what is packed there and has not left.
    `capacity_use`: `units` divided by what `daily_capacity` allows in the period."""

    location: Harmless
    shipments: int
    units: int
    late_shipments: int
    units_per_hour: float | None
    waiting_shipments: int
    waiting_units: int
    daily_capacity: int | None
    capacity_use: float | None


class LocationFiguresOfPeriodAnswer(TypedDict):
    tz: str
    rows: list[LocationPeriodAnswer]
