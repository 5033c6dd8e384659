"""Answers about stock, as types."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from oms_ledger.domain.catalogue.answers import MeasuredAnswer
from oms_ledger.domain.text_kinds import (
    Harmless,
    LinkNumber,
    LinkText,
    OrderId,
    ReservationId,
    ShipmentId,
    Sku,
)


class CountersAnswer(MeasuredAnswer):
    """Units. Those that are `damaged`, in `quarantine` or `blocked` (of a lot that is not approved)
    are on hand and not sold."""

    sku: Sku
    on_hand: int
    allocated: int
    held: int
    available: int
    backordered: int
    incoming: int
    damaged: int
    quarantine: int
    blocked: int


class StockAnswer(CountersAnswer):
    location: Harmless
    safety_stock: int
    sensitive: bool
    version: int


class StockLevelAnswer(StockAnswer):
    """`low`: by an alert of the SKU, at this location or in all."""

    low: bool
    updated_at: Harmless


class StockLevelsAnswer(TypedDict):
    items: list[StockLevelAnswer]
    next_cursor: Harmless | None


class StockOfSkuAnswer(CountersAnswer):
    """Sums over the `locations`."""

    safety_stock: int
    sensitive: bool
    locations: list[StockLevelAnswer]


MovedAnswer = TypedDict("MovedAnswer", {"from": StockAnswer, "to": StockAnswer})


class CounterChangeAnswer(TypedDict):
    before: int
    after: int
    change: int


class MovementCauseAnswer(TypedDict, total=False):
    """What moved the stock, as far as there is such."""

    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId
    reservation_id: ReservationId
    reference: str
    reason: str


class MovementAnswer(TypedDict):
    """Who may not see what a sensitive order took sees that something was taken, and neither by
    what nor when: `position` is null then, and `sensitive` true."""

    position: LinkNumber | None
    sku: Sku
    location: Harmless
    kind: Harmless
    quantity: int
    on_hand: CounterChangeAnswer
    allocated: CounterChangeAnswer
    backordered: CounterChangeAnswer
    held: CounterChangeAnswer
    cause: MovementCauseAnswer
    actor: Harmless
    recorded_at: LinkText
    occurred_at: LinkText | None
    sensitive: NotRequired[bool]


class MovementsAnswer(TypedDict):
    items: list[MovementAnswer]
    next_cursor: Harmless | None


class BackorderAnswer(TypedDict):
    """`quantity` units of the stock of `sku` that a line of an order waits for; of a kit those of a
    component. `preorder_available_at` is when they are to be there, where they were sold as a
    preorder."""

    sku: Sku
    location: Harmless
    order_id: OrderId
    order_number: Harmless
    channel: Harmless
    line_id: LinkText
    quantity: int
    waiting_since: Harmless
    promised_ship_at: Harmless
    preorder_available_at: Harmless | None
    sensitive: bool


class PreorderRowAnswer(TypedDict):
    """A product is sold before it is there, until `available_at`. Of at most `cap` units
    `preordered` were sold and not given up since; `left` can still be."""

    sku: Sku
    available_at: Harmless
    cap: int
    preordered: int
    left: int
    sensitive: bool


class PreordersAnswer(TypedDict):
    items: list[PreorderRowAnswer]
    next_cursor: Harmless | None


class BackordersAnswer(TypedDict):
    items: list[BackorderAnswer]
    next_cursor: Harmless | None


class PromisedStockAnswer(TypedDict):
    date: str
    quantity: int


class StockPromiseAnswer(TypedDict):
    """`dates` (YYYY-MM-DD, UTC) are days on which more can be promised than before, each with all
    that can be promised by then. Of a kit, whole kits."""

    sku: Sku
    available_now: int
    dates: list[PromisedStockAnswer]
