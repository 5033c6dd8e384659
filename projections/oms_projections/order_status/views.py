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
from oms_ledger.domain.prepared_text import PART_MARK
from oms_ledger.kernel import Json, Recorded
from oms_projections.order_status.document import (
    OrderDocument,
    OrderShipment,
    follow,
    shipment_after,
)
from oms_projections.order_status.rows import OrderRow
from oms_projections.values import prepared_person, replaceable, text_of

_decode: Callable[[str], dict[str, Json]] = msgspec.json.Decoder(dict[str, object]).decode  # type: ignore[assignment]  # JSON it is
_decode_shipments: Callable[[str], list[dict[str, str]]] = msgspec.json.Decoder(
    list[dict[str, object]]
).decode  # type: ignore[assignment]  # of what is read these two are texts


def detail(
    document: OrderDocument,
    parcels: Iterable[OrderShipment] = (),
    statuses: Statuses | None = None,
    persons: Callable[[object], Json] = plain,
) -> dict[str, Json]:
    """The body of one order: where it stands as commands answer it, what was agreed, its
    shipments and its times. `persons` makes JSON of persons and addresses."""
    order = document.order
    placed = order.first_event
    by_id = {parcel.shipment_id: parcel for parcel in parcels}
    shipments = [
        shipment(shipment_id, status, by_id.get(shipment_id))
        for shipment_id, status in order.shipments.items()
    ]
    return {
        **order_view(order, statuses),
        **agreed(order.terms, persons),
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


def prepared(
    document: OrderDocument, statuses: Statuses | None = None
) -> tuple[dict[str, Json], str]:
    """The body of one order as its stored answer has it, and that answer: text with marks around
    its personal texts and around its shipments."""
    body = detail(document, statuses=statuses, persons=prepared_person)
    body["shipments"] = replaceable(body["shipments"])
    return body, text_of(body)


def with_shipments(answer: str, parcels: Iterable[OrderShipment]) -> str:
    """The stored answer for an order, with what its shipments say of themselves."""
    before, mark, rest = answer.partition(PART_MARK)
    if not mark:  # a build of an earlier version of the read model
        body = _decode(answer)
        body["shipments"] = _shipments(cast("list[dict[str, str]]", body["shipments"]), parcels)
        return text_of(body)
    stored, _, after = rest.partition(PART_MARK)
    return f"{before}{text_of(_shipments(_decode_shipments(stored), parcels))}{after}"


def _shipments(stored: Iterable[Mapping[str, str]], parcels: Iterable[OrderShipment]) -> list[Json]:
    by_id = {parcel.shipment_id: parcel for parcel in parcels}
    return [
        shipment(each["shipment_id"], each["status"], by_id.get(each["shipment_id"]))
        for each in stored
    ]


def agreed(terms: OrderTerms, persons: Callable[[object], Json] = plain) -> dict[str, Json]:
    charge = terms.shipping
    return {
        "customer": persons(terms.customer),
        "shipping_address": persons(terms.shipping_address),
        "billing_address": persons(terms.billing_address),
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
