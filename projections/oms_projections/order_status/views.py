"""The answer for one order, made from its document, stored or folded from the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oms_ledger.domain.json_values import plain, rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.orders.views import order_view
from oms_ledger.kernel import Json, Recorded
from oms_projections.order_status.document import (
    OrderDocument,
    OrderShipment,
    follow,
    shipment_after,
)


def detail(document: OrderDocument, parcels: Iterable[OrderShipment]) -> dict[str, Json]:
    """The body of one order: where it stands as commands answer it, what was agreed, its
    shipments and its times."""
    order = document.order
    placed = order.placed
    if placed is None:
        raise ValueError("an order's first event is OrderPlaced")
    known = {parcel.shipment_id: parcel for parcel in parcels}
    shipments = [
        shipment(shipment_id, status, known.get(shipment_id))
        for shipment_id, status in order.shipments.items()
    ]
    return {
        **order_view(order),
        **agreed(placed),
        "payments": [],
        "shipments": shipments,
        "locations": document.locations,
        "placed_at": rfc3339(placed.placed_at),
        "timestamps": timestamps(document, placed),
    }


def agreed(placed: OrderPlaced) -> dict[str, Json]:
    terms = placed.terms
    charge = terms.shipping
    return {
        "customer": plain(terms.customer),
        "shipping_address": plain(terms.shipping_address),
        "shipping": {"service": charge.service, "price": to_text(charge.price, terms.currency)}
        if charge
        else None,
        "backorder": terms.backorder,
    }


def shipment(shipment_id: str, status: str, parcel: OrderShipment | None) -> dict[str, Json]:
    return {
        "shipment_id": shipment_id,
        "status": status,
        "location": parcel.location if parcel else None,
        "carrier": parcel.carrier if parcel else None,
        "service": parcel.service if parcel else None,
        "tracking_number": parcel.tracking_number if parcel else None,
    }


def timestamps(document: OrderDocument, placed: OrderPlaced) -> dict[str, Json]:
    times = {
        "placed_at": placed.placed_at,
        "ship_by": placed.ship_by,
        "deliver_by": placed.deliver_by,
        "confirmed_at": document.confirmed_at,
        "shipped_at": document.shipped_at,
        "delivered_at": document.delivered_at,
        "updated_at": document.updated_at,
    }
    return {name: rfc3339(at) if at else None for name, at in times.items()}


def document_of(history: Sequence[Recorded]) -> OrderDocument:
    document = OrderDocument()
    for r in history:
        follow(document, r)
    return document


def shipment_of(history: Sequence[Recorded]) -> OrderShipment | None:
    parcel: OrderShipment | None = None
    for r in history:
        parcel = shipment_after(parcel, r)
    return parcel
