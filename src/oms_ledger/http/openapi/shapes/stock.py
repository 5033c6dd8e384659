"""Stock, products and locations as answers show them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class CountersShape(TypedDict):
    sku: str
    on_hand: int
    allocated: int
    held: int
    available: int
    backordered: int
    incoming: int


class StockShape(CountersShape):
    location: str
    safety_stock: int
    sensitive: bool
    version: int


class StockLevelShape(StockShape):
    updated_at: str


class StockLevelsShape(TypedDict):
    items: list[StockLevelShape]
    next_cursor: str | None


class StockOfSkuShape(CountersShape):
    sensitive: bool
    locations: list[StockLevelShape]


MovedShape = TypedDict("MovedShape", {"from": StockShape, "to": StockShape})


class CounterChangeShape(TypedDict):
    before: int
    after: int
    change: int


class MovementShape(TypedDict):
    """Who may not see what a sensitive order took sees that something was taken, and neither by
    what nor when: `position` is null then, and `sensitive` true."""

    position: int | None
    sku: str
    location: str
    kind: str
    quantity: int
    on_hand: CounterChangeShape
    allocated: CounterChangeShape
    backordered: CounterChangeShape
    cause: dict[str, str]
    actor: str
    recorded_at: str
    occurred_at: str | None
    sensitive: NotRequired[bool]


class MovementsShape(TypedDict):
    items: list[MovementShape]
    next_cursor: str | None


class ProductDefinedShape(TypedDict):
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


class ProductShape(ProductDefinedShape):
    dimensions_mm: dict[str, int] | None
    components: list[dict[str, Any]]
    updated_at: str


class ProductsShape(TypedDict):
    items: list[ProductShape]
    next_cursor: str | None


class LocationDefinedShape(TypedDict):
    code: str
    name: str
    type: Literal["warehouse", "store", "3pl"]
    address: dict[str, str | None]
    priority: int
    daily_capacity: int | None
    version: int


class LocationShape(LocationDefinedShape):
    updated_at: str


class LocationsShape(TypedDict):
    items: list[LocationShape]
    next_cursor: None
