"""The state of an order, folded from its events part by part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, assert_never

from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
    BackordersAllocated,
    CreditGranted,
    HoldReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderHeld,
    OrderPlaced,
    PaymentProgressed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.holds import Holds, apply_to_holds
from oms_ledger.domain.orders.progress import Lines, apply_to_lines
from oms_ledger.domain.orders.settlement import (
    Balance,
    Settlement,
    apply_to_settlement,
    balance_of,
    payment_status,
)
from oms_ledger.domain.orders.shipments import Shipments, apply_to_shipments
from oms_ledger.domain.orders.status import Statuses, statuses_of
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class Order(State):
    """`placed` has the terms; `lines`, `holds`, `shipments` and `settlement` (its money) are parts
    that fold themselves."""

    category: ClassVar[str] = "order"
    grows: ClassVar[bool] = True
    version: int = 0
    placed: OrderPlaced | None = None
    confirmed: bool = False
    lines: Lines = field(default_factory=dict)
    holds: Holds = field(default_factory=dict)
    shipments: Shipments = field(default_factory=dict)
    settlement: Settlement = field(default_factory=Settlement)

    @property
    def sensitive(self) -> bool:
        return self.placed is not None and self.placed.sensitive

    @property
    def cancelled_total(self) -> int:
        """Minor units: what of the total is cancelled. Shipping is, once every unit of the order
        is."""
        if self.placed is None:
            return 0
        cancelled, whole = 0, True
        for line in self.lines.values():
            whole = whole and line.cancelled == line.line.quantity
            if line.cancelled:
                cancelled += line.line.amount_of(line.cancelled)
        return self.placed.terms.total if whole else cancelled

    @property
    def owed(self) -> int:
        """Minor units: what the buyer is to pay in all."""
        if self.placed is None:
            return 0
        back, whole = 0, True
        for line in self.lines.values():
            whole = whole and line.cancelled == line.line.quantity
            back += line.amount_back
        granted = self.settlement.shipping_credited + self.settlement.adjustments
        return 0 if whole else max(0, self.placed.terms.total - back - granted)

    @property
    def balance(self) -> Balance:
        return balance_of(self.settlement, self.owed)

    @property
    def statuses(self) -> Statuses:
        return statuses_of(
            self.lines,
            self.shipments,
            confirmed=self.confirmed,
            payment=order_payment_status(self),
        )

    def apply(self, event: Event) -> None:
        if not isinstance(event, ORDER_EVENTS):
            raise TypeError(f"{event.type} does not belong to an order")
        _apply(self, event)


def _apply(order: Order, event: OrderEvent) -> None:
    match event:
        case OrderPlaced():
            order.placed = event
            apply_to_lines(order.lines, event)
        case OrderConfirmed():
            order.confirmed = True
        case OrderHeld() | HoldReleased():
            apply_to_holds(order.holds, event)
        case UnitsPacked() | UnitsUnpacked() | UnitsShipped() | UnitsDelivered():
            apply_to_lines(order.lines, event)
            apply_to_shipments(order.shipments, event)
        case UnitsDateCorrected():
            pass  # no guard reads dates
        case OrderCancelled() | BackordersAllocated() | UnitsReturned():
            apply_to_lines(order.lines, event)
        case PaymentProgressed():
            apply_to_settlement(order.settlement, event)
        case CreditGranted():
            apply_to_settlement(order.settlement, event)
            apply_to_lines(order.lines, event)
        case _:
            assert_never(event)


def order_payment_status(order: Order) -> str:
    if not order.settlement.payments:
        return "none"
    return payment_status(order.settlement, order.balance)
