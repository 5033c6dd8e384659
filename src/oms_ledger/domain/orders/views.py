"""Orders as the API answers them; money as text."""

from __future__ import annotations

from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import Statuses
from oms_ledger.domain.payments.views import money_view
from oms_ledger.kernel import Json


def order_view(order: Order, statuses: Statuses | None = None) -> dict[str, Json]:
    """Where an order stands: its statuses, and every line with its counters. `statuses` are the
    order's, where they were made already."""
    placed = order.placed
    if placed is None:
        raise ValueError("an order's first event is OrderPlaced")
    statuses, currency = statuses or order.statuses, placed.terms.currency
    total, cancelled = placed.terms.total, order.cancelled_total
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
        "on_hold": bool(order.holds) and statuses.order != "cancelled",
        "holds": [
            {"hold_id": hold.hold_id, "reason": hold.reason, "note": hold.note}
            for hold in order.holds.values()
        ],
        "lines": [line_view(line, currency) for line in order.lines.values()],
        "total": to_text(total, currency),
        "tax_total": to_text(placed.terms.tax_total, currency),
        "cancelled_total": to_text(cancelled, currency),
        "open_total": to_text(total - cancelled, currency),
        "money": money_view(order.balance, currency),
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
        "tax_rate": line.tax_rate,
        "tax_included": line.tax_included,
        "discount": to_text(line.discount, currency),
        "order_discount": to_text(line.order_discount, currency),
        "ordered": line.quantity,
        "allocated": progress.allocated,
        "packed": progress.packed,
        "backordered": progress.backordered,
        "shipped": progress.shipped,
        "delivered": progress.delivered,
        "cancelled": progress.cancelled,
        "returned": progress.returned,
        "credited": progress.credited,
        "allocations": [
            {"location": location, "quantity": quantity}
            for location, quantity in progress.allocated_at.items()
        ],
    }
