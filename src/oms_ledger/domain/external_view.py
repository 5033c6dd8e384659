"""What may go outside of an order: to carriers, payment providers, and into messages to people.

Integrations and messages take their data from here, and never from an order, a shipment or
their events. Of a sensitive order nothing is in it that tells what was ordered.
"""

from __future__ import annotations

from dataclasses import dataclass

from oms_ledger.domain.fulfilment.events import Package
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import Address


@dataclass(frozen=True, slots=True)
class OutsideItem:
    sku: str
    title: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class OutsideParcel:
    shipment_id: str
    carrier: str
    service: str | None
    status: str
    packages: tuple[Package, ...]
    tracking_number: str | None
    tracking_token: str


@dataclass(frozen=True, slots=True)
class OutsideView:
    """With `sensitive`, a message or label may say no more than that there is a parcel.
    `total` is in minor units; the address is sealed as it is in the order. Of a sensitive
    order there are no items, and no `reference` of the channel's."""

    order_number: str
    sensitive: bool
    reference: str | None
    currency: str
    total: int
    items: tuple[OutsideItem, ...]
    ship_to: Address | None
    parcel: OutsideParcel | None


def outside_view(order: Order, shipment: Shipment | None = None) -> OutsideView:
    """An order as others may see it; with a shipment of it, that parcel and its items.
    `ValueError` for an order that was never placed, or another order's shipment."""
    placed = order.placed
    if placed is None:
        raise ValueError("an order's first event is OrderPlaced")
    created = shipment.created if shipment else None
    if created is not None and created.order_id != placed.order_id:
        raise ValueError(f"shipment {created.shipment_id} is of order {created.order_id}")
    sensitive = order.sensitive or (created is not None and created.sensitive)
    terms = order.terms
    return OutsideView(
        order_number=placed.number,
        sensitive=sensitive,
        reference=None if sensitive else terms.external_id,
        currency=terms.currency,
        total=terms.total,
        items=() if sensitive else _items(order, shipment),
        ship_to=terms.shipping_address,
        parcel=_parcel(shipment) if shipment else None,
    )


def _items(order: Order, shipment: Shipment | None) -> tuple[OutsideItem, ...]:
    agreed = {line_id: progress.line for line_id, progress in order.lines.items()}
    units = {line_id: line.quantity for line_id, line in agreed.items()}
    if shipment is not None and shipment.created is not None:
        units = {line.line_id: line.quantity for line in shipment.created.lines}
    return tuple(
        OutsideItem(agreed[line_id].sku, agreed[line_id].title, quantity)
        for line_id, quantity in units.items()
        if quantity
    )


def _parcel(shipment: Shipment) -> OutsideParcel | None:
    created = shipment.created
    if created is None:
        return None
    return OutsideParcel(
        created.shipment_id,
        created.carrier,
        created.service,
        shipment.status,
        created.packages,
        shipment.tracking_number,
        created.tracking_token,
    )
