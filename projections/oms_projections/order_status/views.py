"""The answers for one order, alone and in lists, made from its document, stored or folded from the
log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

import msgspec

from oms_ledger.domain.json_values import plain, rfc3339
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.orders.status import ENDED, Statuses
from oms_ledger.domain.orders.terms import OrderTerms, ShippingCharge
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.payments.views import order_payment_view
from oms_ledger.kernel import Json, Recorded
from oms_projections.order_status.document import (
    OrderDocument,
    OrderShipment,
    follow,
    shipment_after,
)
from oms_projections.order_status.rows import OrderRow

_encode = msgspec.json.Encoder().encode
_decode: Callable[[str], dict[str, Json]] = msgspec.json.Decoder(dict[str, object]).decode  # type: ignore[assignment]  # JSON it is


def detail(
    document: OrderDocument,
    parcels: Iterable[OrderShipment] = (),
    statuses: Statuses | None = None,
) -> dict[str, Json]:
    """The body of one order: where it stands as commands answer it, what was agreed, its
    shipments and its times."""
    order = document.order
    placed = order.placed
    if placed is None:
        raise ValueError("an order's first event is OrderPlaced")
    by_id = {parcel.shipment_id: parcel for parcel in parcels}
    shipments = [
        shipment(shipment_id, status, by_id.get(shipment_id))
        for shipment_id, status in order.shipments.items()
    ]
    return {
        **order_view(order, statuses),
        **agreed(order.terms),
        "payments": [
            order_payment_view(payment_id, payment, order.terms.currency)
            for payment_id, payment in order.settlement.payments.items()
        ],
        "shipments": shipments,
        "locations": document.locations,
        "placed_at": rfc3339(placed.placed_at),
        "timestamps": timestamps(document, placed),
        "doubtful_dates": [doubt._asdict() for doubt in document.doubtful_dates],
    }


def item(row: OrderRow, customer: Json) -> dict[str, Json]:
    """The order as an item of lists."""
    return {
        "order_id": row.order_id,
        "order_number": row.number,
        "version": row.version,
        "channel": row.channel,
        "external_id": row.external_id,
        "sensitive": row.sensitive,
        "status": {
            "order": row.status,
            "payment": row.payment,
            "fulfilment": row.fulfilment,
            "return": row.returned,
        },
        "on_hold": row.on_hold and row.status not in ENDED,
        "tags": row.tags,
        "archived": row.archived,
        "total": to_text(row.total, row.currency),
        "currency": row.currency,
        "units": row.units,
        "line_count": row.line_count,
        "locations": row.locations,
        "customer": customer,
        "placed_at": rfc3339(row.placed_at),
        "ship_by": rfc3339(row.ship_by),
        "deliver_by": rfc3339(row.deliver_by),
        "shipped_at": rfc3339(row.shipped_at) if row.shipped_at else None,
        "updated_at": rfc3339(row.updated_at),
    }


def text_of(body: Mapping[str, Json]) -> str:
    """An answer as JSON text."""
    return _encode(body).decode()


def with_shipments(answer: str, parcels: Iterable[OrderShipment]) -> str:
    """The stored answer for an order, with what its shipments say of themselves."""
    body = _decode(answer)
    by_id = {parcel.shipment_id: parcel for parcel in parcels}
    stored = cast("list[dict[str, str]]", body["shipments"])
    body["shipments"] = [
        shipment(each["shipment_id"], each["status"], by_id.get(each["shipment_id"]))
        for each in stored
    ]
    return text_of(body)


def agreed(terms: OrderTerms) -> dict[str, Json]:
    charge = terms.shipping
    return {
        "customer": plain(terms.customer),
        "shipping_address": plain(terms.shipping_address),
        "billing_address": plain(terms.billing_address),
        "shipping": shipping_charge(charge, terms.currency) if charge else None,
        "presentment": presented(terms),
        "backorder": terms.backorder,
    }


def shipping_charge(charge: ShippingCharge, currency: str) -> dict[str, Json]:
    return {
        "service": charge.service,
        "price": to_text(charge.price, currency),
        "tax": to_text(charge.tax, currency),
        "tax_included": charge.tax_included,
    }


def presented(terms: OrderTerms) -> Json:
    """The total as the buyer saw it; None where that was in the order's currency."""
    if terms.presentment is None:
        return None
    total = terms.presentment.shown(Money(terms.total, terms.currency))
    return {
        "currency": total.currency,
        "rate": terms.presentment.rate,
        "total": to_text(total.minor, total.currency),
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
        "ship_by": document.order.ship_by,
        "deliver_by": document.order.deliver_by,
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
