"""Answers about fulfilment orders, as types. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import (
    FulfilmentId,
    Harmless,
    LinkText,
    OrderId,
    ShipmentId,
    Sku,
)


class FulfilmentLineAnswer(TypedDict):
    """Of `quantity` units of a line, `open` ones are allocated and not packed, of which `picked`
    are taken from the shelf; `packed` ones are in shipments that have not left."""

    line_id: LinkText
    sku: Sku
    title: str | None
    quantity: int
    open: int
    picked: int
    packed: int
    shipped: int


class FulfilmentAnswer(TypedDict):
    """`part` is 1, or the number of a part that was split off. `rejection` and `hold` are reasons.
    `late`: units that have not left should have by now; `overdue`: that was recorded when `ship_by`
    passed. `version` is 0 until the first command about it."""

    fulfilment_id: FulfilmentId
    order_id: OrderId
    order_number: Harmless
    channel: Harmless
    location: Harmless
    part: int
    status: Harmless
    accepted: bool
    rejection: str | None
    hold: str | None
    not_before: Harmless | None
    ship_by: Harmless
    placed_at: Harmless
    late: bool
    overdue: bool
    lines: list[FulfilmentLineAnswer]
    units: int
    shipments: list[ShipmentId]
    sensitive: bool
    version: int


class SplitFulfilmentAnswer(FulfilmentAnswer):
    """The fulfilment order that is left; `new_fulfilment_id` has the units that were split off."""

    new_fulfilment_id: FulfilmentId


class FulfilmentsAnswer(TypedDict):
    items: list[FulfilmentAnswer]
    next_cursor: Harmless | None
