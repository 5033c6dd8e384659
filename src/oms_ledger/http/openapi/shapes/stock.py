"""Stock, products and locations as answers show them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class Counters(TypedDict):
    sku: str
    on_hand: int
    allocated: int
    held: int
    available: int
    backordered: int
    incoming: int


class Stock(Counters):
    location: str
    safety_stock: int
    sensitive: bool
    version: int


class StockLevel(Stock):
    updated_at: str


class StockLevels(TypedDict):
    items: list[StockLevel]
    next_cursor: str | None


class StockOfSku(Counters):
    sensitive: bool
    locations: list[StockLevel]


Moved = TypedDict("Moved", {"from": Stock, "to": Stock})


class CounterChange(TypedDict):
    before: int
    after: int
    change: int


class Movement(TypedDict):
    """Who may not see what a sensitive order took sees that something was taken, and neither by
    what nor when: `position` is null then, and `sensitive` true."""

    position: int | None
    sku: str
    location: str
    kind: str
    quantity: int
    on_hand: CounterChange
    allocated: CounterChange
    backordered: CounterChange
    cause: dict[str, str]
    actor: str
    recorded_at: str
    occurred_at: str | None
    sensitive: NotRequired[bool]


class Movements(TypedDict):
    items: list[Movement]
    next_cursor: str | None


class ProductDefined(TypedDict):
    sku: str
    title: str
    stocked: bool
    weight_g: int | None
    unit_cost: str | None
    currency: str | None
    backorder_limit: int | None
    safety_stock: int
    sensitive: bool
    version: int


class Product(ProductDefined):
    dimensions_mm: dict[str, int] | None
    components: list[dict[str, Any]]
    updated_at: str


class Products(TypedDict):
    items: list[Product]
    next_cursor: str | None


class LocationDefined(TypedDict):
    code: str
    name: str
    type: Literal["warehouse", "store", "3pl"]
    address: dict[str, str | None]
    priority: int
    daily_capacity: int | None
    version: int


class Location(LocationDefined):
    updated_at: str


class Locations(TypedDict):
    items: list[Location]
    next_cursor: None
