"""Orders as the API answers them; money as text."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.catalogue.views import in_unit_view
from oms_ledger.domain.json_values import plain, rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.events import OrderRejected
from oms_ledger.domain.orders.holds import Hold
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.returns import units_in_returns
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED, Statuses
from oms_ledger.domain.payments.views import money_view
from oms_ledger.kernel import Json


def order_view(order: Order, statuses: Statuses | None = None) -> dict[str, Json]:
    """Where an order stands: its statuses, and every line with its counters. `statuses` are the
    order's, where they were made already."""
    placed = order.first_event
    statuses, terms = statuses or order.statuses, order.terms
    currency, total, cancelled = terms.currency, terms.total, order.cancelled_total
    in_returns = units_in_returns(order.returns)
    view: dict[str, Json] = {
        "order_id": placed.order_id,
        "order_number": placed.number,
        "version": order.version,
        "channel": terms.channel,
        "external_id": terms.external_id,
        "sensitive": order.sensitive,
        "replacement_for": placed.replacement_for,
        "status": {
            "order": statuses.order,
            "payment": statuses.payment,
            "fulfilment": statuses.fulfilment,
            "return": statuses.returned,
        },
        "rejection": _rejection_view(order.course.rejection),
        "fulfil_at": rfc3339(terms.fulfil_at) if terms.fulfil_at else None,
        "pay_by": rfc3339(terms.pay_by) if terms.pay_by else None,
        "on_hold": bool(order.holds) and statuses.order not in ENDED,
        "tags": list(order.labels.tags),
        "archived": order.labels.archived,
        "holds": [hold_view(hold) for hold in order.holds.values()],
        "lines": [
            line_view(line, currency, in_returns.get(line_id, 0))
            for line_id, line in order.lines.items()
        ],
        "total": to_text(total, currency),
        "tax_total": to_text(terms.tax_total, currency),
        "cancelled_total": to_text(cancelled, currency),
        "open_total": to_text(total - cancelled, currency),
        "money": money_view(order.balance, currency),
        "currency": currency,
    }
    if placed.imported is not None:
        view["imported"] = placed.imported.stock
    return view


def is_received(answer: Mapping[str, Json]) -> bool:
    """Whether the answer is an order that was received and is not placed yet."""
    statuses = answer.get("status")
    return isinstance(statuses, Mapping) and statuses.get("order") == "received"


def _rejection_view(rejection: OrderRejected | None) -> Json:
    """Why an order was rejected, as the refusal would have been."""
    if rejection is None:
        return None
    return {
        "code": rejection.code,
        "detail": rejection.detail,
        "errors": [
            {
                "line": fault.line_id,
                "sku": fault.sku,
                "requested": fault.requested,
                "available": fault.available,
            }
            for fault in rejection.faults
        ],
    }


def edited_order_view(order: Order, edit_id: str) -> dict[str, Json]:
    """As `order_view`, with what the edit has changed of the amount to be paid; an edit that found
    everything so already has changed nothing."""
    edits, currency = order.edits, order.terms.currency
    mine = edits is not None and edits.newest_id == edit_id
    difference = edits.newest_difference if edits is not None and mine else 0
    return {
        **order_view(order),
        "difference": to_text(difference, currency),
        "amount_due": to_text(order.balance.due, currency),
    }


def hold_view(hold: Hold) -> dict[str, Json]:
    return {
        "hold_id": hold.hold_id,
        "reason": hold.reason,
        "note": hold.note,
        "lines": list(hold.lines),
        "rule": hold.rule,
        "inputs": [{"name": each.name, "value": each.value} for each in hold.inputs],
    }


def line_view(progress: LineProgress, currency: str, in_returns: int) -> dict[str, Json]:
    """`in_returns` are the units that open returns and claims take up."""
    line = progress.line
    units = {
        "ordered": line.quantity,
        "allocated": progress.allocated,
        "packed": progress.packed,
        "backordered": progress.backordered,
        "shipped": progress.shipped,
        "delivered": progress.delivered,
        "cancelled": progress.cancelled,
        "returned": progress.returned,
        "return_requested": in_returns,
        "credited": progress.credited,
    }
    view: dict[str, Json] = {
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
        **units,
        "allocations": [
            {"location": location, "quantity": quantity}
            for location, quantity in progress.allocated_at.items()
        ],
    }
    if line.unit is not None:
        view |= in_unit_view(line.unit, units)
    if progress.preorder is not None:
        view["preorder"] = {
            "available_at": rfc3339(progress.preorder.available_at),
            "quantity": progress.preordered,
        }
    if progress.untracked:
        view["untracked"] = progress.untracked
    if line.components:
        view["components"] = [plain(each) for each in line.components]
    return view
