"""Rows of stock, movements, products and locations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class StockRow(Row):
    """The counters of one SKU at one location, in units. What is available also depends on
    the product's safety stock, which may change on its own: queries compute it."""

    table: ClassVar[str] = "stock"
    key: ClassVar[tuple[str, ...]] = ("sku", "location")
    sku: str
    location: str
    on_hand: int
    allocated: int
    held: int
    backordered: int
    incoming: int
    version: int
    updated_at: datetime
    damaged: int = 0
    quarantine: int = 0
    blocked: int = 0


@dataclass(slots=True)
class MovementRow(Row):
    """One change of the counters: the event's own quantity, the counters after it, and what
    it changed each by (so that before = after - change), and its cause."""

    table: ClassVar[str] = "stock_movements"
    key: ClassVar[tuple[str, ...]] = ("sku", "position")
    append_only: ClassVar[bool] = True
    sku: str
    position: int
    location: str
    kind: str
    quantity: int
    on_hand: int
    on_hand_change: int
    allocated: int
    allocated_change: int
    backordered: int
    backordered_change: int
    held: int
    held_change: int
    order_id: str | None
    line_id: str | None
    shipment_id: str | None
    reference: str | None
    reason: str | None
    actor: str
    recorded_at: datetime
    occurred_at: datetime | None
    reservation_id: str | None


@dataclass(slots=True)
class ProductRow(Row):
    """`unit_cost` in minor units of `currency`; `safety_stock_at` are units by
    location. `search` is what `q` is looked for in: SKU and
    title, folded (`search.py`)."""

    table: ClassVar[str] = "products"
    key: ClassVar[tuple[str, ...]] = ("sku",)
    sku: str
    title: str
    stocked: bool
    weight_g: int | None
    dimensions_mm: dict[str, object] | None
    unit_cost: int | None
    currency: str | None
    backorder_limit: int | None
    safety_stock: int
    safety_stock_at: dict[str, int]
    preorder: dict[str, object] | None
    components: list[dict[str, object]]
    search: str
    sensitive: bool
    product_category: str | None
    unit_of_measure: dict[str, object] | None
    version: int
    updated_at: datetime


@dataclass(slots=True)
class LocationRow(Row):
    """`latitude` and `longitude` in millionths of a degree."""

    table: ClassVar[str] = "locations"
    key: ClassVar[tuple[str, ...]] = ("code",)
    code: str
    name: str
    kind: str
    site: dict[str, object]
    priority: int
    daily_capacity: int | None
    latitude: int | None
    longitude: int | None
    closed: bool
    version: int
    updated_at: datetime


@dataclass(slots=True)
class AlertRow(Row):
    """The alert of a SKU at a location, for a channel, or where both are empty at all locations. A
    `threshold` of None: there is none any more. `version` is that of the stream when it was set;
    `low`, `available` and `crossed_at` are of the newest crossing."""

    table: ClassVar[str] = "stock_alerts"
    key: ClassVar[tuple[str, ...]] = ("sku", "location", "channel")
    sku: str
    location: str
    channel: str
    threshold: int | None
    low: bool
    available: int | None
    crossed_at: datetime | None
    version: int


@dataclass(slots=True)
class SalesChannelRow(Row):
    """The version of a channel's settings, among which are the locations whose stock it sells."""

    table: ClassVar[str] = "sales_channels"
    key: ClassVar[tuple[str, ...]] = ("channel",)
    channel: str
    version: int
