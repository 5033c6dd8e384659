"""Orders as answers show them. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

StatusesShape = TypedDict(
    "StatusesShape", {"order": str, "payment": str, "fulfilment": str, "return": str}
)


class AllocatedShape(TypedDict):
    location: str
    quantity: int


class HoldShape(TypedDict):
    hold_id: str
    reason: str
    note: str | None


class LineShape(TypedDict):
    line_id: str
    sku: str
    title: str | None
    stocked: bool
    unit_price: str
    tax: str
    discount: str
    ordered: int
    allocated: int
    packed: int
    backordered: int
    shipped: int
    delivered: int
    cancelled: int
    returned: int
    allocations: list[AllocatedShape]


class OrderShape(TypedDict):
    order_id: str
    order_number: str
    version: int
    channel: str
    external_id: str | None
    sensitive: bool
    status: StatusesShape
    on_hold: bool
    holds: list[HoldShape]
    lines: list[LineShape]
    total: str
    currency: str


class HeldOrderShape(OrderShape):
    hold_id: str


class CustomerShape(TypedDict):
    id: str | None
    name: str | None
    email: str | None
    phone: str | None


class AddressShape(TypedDict):
    name: str | None
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None


class ShippingShape(TypedDict):
    service: str
    price: str


class OrderShipmentShape(TypedDict):
    shipment_id: str
    status: str
    location: str | None
    carrier: str | None
    service: str | None
    tracking_number: str | None


class TimestampsShape(TypedDict):
    placed_at: str
    ship_by: str | None
    deliver_by: str | None
    confirmed_at: str | None
    shipped_at: str | None
    delivered_at: str | None
    updated_at: str | None


class OrderInFullShape(OrderShape):
    customer: CustomerShape | None
    shipping_address: AddressShape | None
    shipping: ShippingShape | None
    backorder: str
    payments: list[dict[str, Any]]
    shipments: list[OrderShipmentShape]
    locations: list[str]
    placed_at: str
    timestamps: TimestampsShape


class OrderDetailShape(OrderInFullShape):
    position: int


class ListedOrderShape(TypedDict):
    order_id: str
    order_number: str
    version: int
    channel: str
    external_id: str | None
    sensitive: bool
    status: StatusesShape
    on_hold: bool
    total: str
    currency: str
    units: int
    line_count: int
    locations: list[str]
    customer: CustomerShape | None
    placed_at: str
    ship_by: str | None
    deliver_by: str | None
    shipped_at: str | None
    updated_at: str | None


class OrdersShape(TypedDict):
    items: list[ListedOrderShape]
    next_cursor: str | None


class TimelineItemShape(TypedDict):
    at: str
    actor: str
    event: str
    text: str
    position: int


class TimelineShape(TypedDict):
    order_id: str
    sensitive: bool
    items: list[TimelineItemShape]
