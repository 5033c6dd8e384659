"""Answers about shipments, as types: to staff, to recipients, and as figures."""

from __future__ import annotations

from typing_extensions import TypedDict


class PackedLineAnswer(TypedDict):
    line_id: str
    sku: str
    quantity: int


class DoubtfulDateAnswer(TypedDict):
    """A date that lies before another which it can only follow. `date` and `before` are names of
    fields."""

    date: str
    before: str


class ShipmentAnswer(TypedDict):
    shipment_id: str
    order_id: str
    order_number: str
    version: int
    sensitive: bool
    status: str
    exception: str | None
    location: str
    carrier: str
    service: str | None
    tracking_number: str | None
    tracking_token: str
    lines: list[PackedLineAnswer]
    dispatched_at: str | None
    delivered_at: str | None
    doubtful_dates: list[DoubtfulDateAnswer]


class PromisedAnswer(TypedDict):
    ship_by: str | None
    deliver_by: str | None


class ShipmentDetailAnswer(ShipmentAnswer):
    channel: str
    units: int
    packages: list[dict[str, object]]
    scans: list[dict[str, object]]
    exceptions: int
    recipient: str | None
    city: str | None
    country: str | None
    promised: PromisedAnswer
    placed_at: str
    created_at: str
    updated_at: str
    simulated: bool


class ShipmentsAnswer(TypedDict):
    items: list[ShipmentDetailAnswer]
    next_cursor: str | None


class ScanAnswer(TypedDict):
    code: str
    scanned_at: str
    place: str | None


class ParcelAnswer(TypedDict):
    order_number: str
    status: str
    exception: str | None
    carrier: str
    tracking_number: str | None
    first_name: str | None
    town: str | None
    promised_at: str | None
    dispatched_at: str | None
    delivered_at: str | None
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
