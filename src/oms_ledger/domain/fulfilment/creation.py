"""What must be so before a shipment is made."""

from __future__ import annotations

from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order

CARRIERS = ("manual",)


def require_carrier(carrier: str) -> None:
    if carrier not in CARRIERS:
        raise Refused(
            f"Carrier {carrier} is not connected. Use one of: {', '.join(CARRIERS)}.",
            code="unknown_carrier",
        )


def require_shippable(order: Order) -> None:
    """`Refused` with `illegal_transition` where nothing of the order can be shipped yet, or any
    more."""
    status = order.statuses.order
    if status == "pending":
        raise illegal_transition(
            "The order", "pending", "shipped", "Confirm it first with POST .../confirm."
        )
    if status == "scheduled" and order.terms.fulfil_at:
        raise illegal_transition(
            "The order",
            "scheduled",
            "shipped",
            f"Its fulfil_at is {rfc3339(order.terms.fulfil_at)}. Wait until then, or release"
            " it with POST .../release-schedule.",
        )
    if status not in ("confirmed", "processing"):
        raise illegal_transition("The order", status, "shipped", "It has no open units.")
