"""Answers about fulfilment orders, as types. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.catalogue.answers import MeasuredAnswer
from oms_ledger.domain.fulfilment.answers import HoursAnswer
from oms_ledger.domain.text_kinds import (
    FulfilmentId,
    Harmless,
    LinkText,
    OrderId,
    ShipmentId,
    Sku,
)


class FulfilmentLineAnswer(MeasuredAnswer):
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


class FulfilmentShipmentAnswer(TypedDict):
    shipment_id: ShipmentId
    status: Harmless
    carrier: Harmless


class FulfilmentAnswer(TypedDict):
    """`part` is 1, or the number of a part that was split off. `rejection` and `hold` are reasons.
    `late`: units that have not left should have by now; `overdue`: that was recorded when `ship_by`
    passed. `shipments` are those that were not cancelled. `version` is 0 until the first command
    about it."""

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
    shipments: list[FulfilmentShipmentAnswer]
    sensitive: bool
    version: int


class SplitFulfilmentAnswer(FulfilmentAnswer):
    """The fulfilment order that is left; `new_fulfilment_id` has the units that were split off."""

    new_fulfilment_id: FulfilmentId


class PickAnswer(MeasuredAnswer):
    fulfilment_id: FulfilmentId
    order_id: OrderId
    order_number: Harmless
    ship_by: Harmless
    line_id: LinkText
    quantity: int


class PickListItemAnswer(MeasuredAnswer):
    """The units of a SKU that are to be picked, and what for. Those of sensitive orders are an item
    of their own."""

    sku: Sku
    title: str | None
    quantity: int
    sensitive: bool
    picks: list[PickAnswer]


class PickListAnswer(TypedDict):
    """One wave: `fulfilments` counts its fulfilment orders, `next_cursor` leads to the next."""

    location: Harmless
    fulfilments: int
    items: list[PickListItemAnswer]
    next_cursor: Harmless | None


class FulfilmentFiguresRowAnswer(TypedDict):
    """`reject_rate` is `rejected` divided by those that were accepted or rejected; `short_rate` is
    `units_short` divided by these and `units_picked`. Hours are from the beginning of the work to
    its acceptance and to the last pick, and from that to the first shipment.
    `sensitive_fulfilments` is null where they are too few to be counted, as `suppressed` says."""

    group: str | None
    fulfilments: int
    accepted: int
    rejected: int
    reject_rate: float | None
    overdue: int
    overdue_rate: float | None
    picks: int
    short_picks: int
    units_picked: int
    units_short: int
    short_rate: float | None
    accept_hours: HoursAnswer
    pick_hours: HoursAnswer
    pack_hours: HoursAnswer
    sensitive_fulfilments: int | None
    suppressed: str | None


class FulfilmentFiguresAnswer(TypedDict):
    group_by: str
    tz: str
    rows: list[FulfilmentFiguresRowAnswer]


class FulfilmentsAnswer(TypedDict):
    items: list[FulfilmentAnswer]
    next_cursor: Harmless | None
