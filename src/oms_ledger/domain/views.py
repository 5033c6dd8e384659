"""States as people and programs are shown them: the shapes of the HTTP API, money as text."""

from __future__ import annotations

from oms_ledger.domain.catalogue.product import Product
from oms_ledger.domain.fulfilment.shipment import Shipment
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.lines import LineProgress
from oms_ledger.domain.orders.order import Order
from oms_ledger.domain.stock.stock import StockLevel
from oms_ledger.kernel import Json


def order_view(order: Order) -> dict[str, Json]:
    """Where an order stands: its statuses, and every line with its counters."""
    placed = order.placed
    if placed is None:
        raise ValueError("an order's first event is OrderPlaced")
    statuses, currency = order.statuses, placed.terms.currency
    return {
        "order_id": placed.order_id,
        "order_number": placed.number,
        "version": order.version,
        "channel": placed.terms.channel,
        "external_id": placed.terms.external_id,
        "sensitive": order.sensitive,
        "status": {
            "order": statuses.order,
            "payment": statuses.payment,
            "fulfilment": statuses.fulfilment,
            "return": statuses.returned,
        },
        "on_hold": bool(order.holds),
        "holds": [
            {"hold_id": hold.hold_id, "reason": hold.reason, "note": hold.note}
            for hold in order.holds.values()
        ],
        "lines": [line_view(line, currency) for line in order.lines.values()],
        "total": to_text(placed.terms.total, currency),
        "currency": currency,
    }


def line_view(progress: LineProgress, currency: str) -> dict[str, Json]:
    line = progress.line
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "title": line.title,
        "stocked": line.stocked,
        "unit_price": to_text(line.unit_price, currency),
        "tax": to_text(line.tax, currency),
        "discount": to_text(line.discount, currency),
        "ordered": line.quantity,
        "allocated": progress.allocated,
        "packed": progress.packed,
        "backordered": progress.backordered,
        "shipped": progress.shipped,
        "delivered": progress.delivered,
        "cancelled": progress.cancelled,
        "returned": progress.returned,
        "allocations": [
            {"location": location, "quantity": quantity}
            for location, quantity in progress.allocated_at.items()
        ],
    }


def shipment_view(shipment: Shipment) -> dict[str, Json]:
    created = shipment.created
    if created is None:
        raise ValueError("a shipment's first event is ShipmentCreated")
    return {
        "shipment_id": created.shipment_id,
        "order_id": created.order_id,
        "order_number": created.order_number,
        "version": shipment.version,
        "sensitive": created.sensitive,
        "status": shipment.status,
        "trouble": shipment.trouble,
        "location": created.location,
        "carrier": created.carrier,
        "service": created.service,
        "tracking_number": shipment.tracking_number,
        "tracking_token": created.tracking_token,
        "lines": [
            {"line_id": line.line_id, "sku": line.sku, "quantity": line.quantity}
            for line in created.lines
        ],
        "delivered_at": rfc3339(shipment.delivered_at) if shipment.delivered_at else None,
    }


def stock_view(sku: str, location: str, stock: StockLevel, product: Product) -> dict[str, Json]:
    safety = product.defined.safety_stock if product.defined else 0
    return {
        "sku": sku,
        "location": location,
        "on_hand": stock.on_hand,
        "allocated": stock.allocated,
        "held": stock.held,
        "available": stock.available(safety),
        "backordered": stock.backordered,
        "incoming": stock.incoming,
        "safety_stock": safety,
        "sensitive": product.sensitive,
        "version": stock.version,
    }
