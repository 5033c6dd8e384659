"""Orders as answers show them. Money is decimal text, times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

Statuses = TypedDict("Statuses", {"order": str, "payment": str, "fulfilment": str, "return": str})


class Allocated(TypedDict):
    location: str
    quantity: int


class Hold(TypedDict):
    hold_id: str
    reason: str
    note: str | None


class Line(TypedDict):
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
    allocations: list[Allocated]


class Order(TypedDict):
    order_id: str
    order_number: str
    version: int
    channel: str
    external_id: str | None
    sensitive: bool
    status: Statuses
    on_hold: bool
    holds: list[Hold]
    lines: list[Line]
    total: str
    currency: str


class HeldOrder(Order):
    hold_id: str


class Customer(TypedDict):
    id: str | None
    name: str | None
    email: str | None
    phone: str | None


class Address(TypedDict):
    name: str | None
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None


class Shipping(TypedDict):
    service: str
    price: str


class OrderShipment(TypedDict):
    shipment_id: str
    status: str
    location: str | None
    carrier: str | None
    service: str | None
    tracking_number: str | None


class Timestamps(TypedDict):
    placed_at: str
    ship_by: str | None
    deliver_by: str | None
    confirmed_at: str | None
    shipped_at: str | None
    delivered_at: str | None
    updated_at: str | None


class OrderInFull(Order):
    customer: Customer | None
    shipping_address: Address | None
    shipping: Shipping | None
    backorder: str
    payments: list[dict[str, Any]]
    shipments: list[OrderShipment]
    locations: list[str]
    placed_at: str
    timestamps: Timestamps


class OrderDetail(OrderInFull):
    position: int


class ListedOrder(TypedDict):
    order_id: str
    order_number: str
    version: int
    channel: str
    external_id: str | None
    sensitive: bool
    status: Statuses
    on_hold: bool
    total: str
    currency: str
    units: int
    line_count: int
    locations: list[str]
    customer: Customer | None
    placed_at: str
    ship_by: str | None
    deliver_by: str | None
    shipped_at: str | None
    updated_at: str | None


class Orders(TypedDict):
    items: list[ListedOrder]
    next_cursor: str | None


class TimelineItem(TypedDict):
    at: str
    actor: str
    event: str
    text: str
    position: int


class Timeline(TypedDict):
    order_id: str
    sensitive: bool
    items: list[TimelineItem]
