"""Answers about lots and serial numbers, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import (
    Harmless,
    LinkText,
    OrderId,
    ShipmentId,
    Sku,
)


class LotAtLocationAnswer(TypedDict):
    """Units of a lot at a location. Of those on hand, `damaged` ones and those in `quarantine` are
    never sold, and the others while the lot is approved. `short` are units of the SKU there that
    are promised to orders and cannot be sent, whatever their lot."""

    location: Harmless
    on_hand: int
    damaged: int
    quarantine: int
    sellable: int
    short: int


class LotAnswer(TypedDict):
    """`status` is approved, on_hold, quarantined, recalled or expired. `expires_on` (YYYY-MM-DD) is
    the last day on which it can be used."""

    sku: Sku
    lot: str
    version: int
    status: Harmless
    expires_on: Harmless | None
    reason: str | None
    on_hand: int
    locations: list[LotAtLocationAnswer]


class LotRowAnswer(TypedDict):
    """Units of a lot at a location; of one that has never had any, a row without location."""

    sku: Sku
    lot: str
    status: Harmless
    expires_on: Harmless | None
    location: Harmless
    on_hand: int
    damaged: int
    quarantine: int
    sellable: int
    received_at: Harmless
    updated_at: Harmless


class LotsAnswer(TypedDict):
    items: list[LotRowAnswer]
    next_cursor: Harmless | None


class LotOrderAnswer(TypedDict):
    """Units of a lot that left with a shipment, in the order with the number `order_ref`, for the
    customer with the id `buyer_id`."""

    order_id: OrderId
    line_id: LinkText
    order_ref: LinkText | None
    buyer_id: LinkText | None
    shipment_id: ShipmentId
    location: Harmless
    quantity: int
    left_at: LinkText


class LotOrdersAnswer(TypedDict):
    items: list[LotOrderAnswer]
    next_cursor: Harmless | None


class SerialAnswer(TypedDict):
    """`status` is shipped or returned. The order and the shipment are those that it left with
    last."""

    sku: Sku
    serial: str
    status: Harmless
    location: Harmless
    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId | None
    left_at: LinkText
    came_back_at: LinkText | None


class SerialsAnswer(TypedDict):
    items: list[SerialAnswer]
    next_cursor: Harmless | None
