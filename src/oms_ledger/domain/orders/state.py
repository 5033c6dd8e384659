"""The state of an order, folded from its events part by part."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, assert_never

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.course import Course, apply_to_course
from oms_ledger.domain.orders.edits import Edits, edits_after
from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
    BackordersAllocated,
    CreditGranted,
    FulfilmentReleased,
    HoldReleased,
    OrderArchived,
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderEvent,
    OrderHeld,
    OrderNoted,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    OrderResumed,
    OrderRiskAssessed,
    OrderTagged,
    OrderUnarchived,
    PaymentProgressed,
    ReturnProgressed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.holds import Holds, apply_to_holds
from oms_ledger.domain.orders.labels import Labels, apply_to_labels
from oms_ledger.domain.orders.progress import Lines, apply_to_lines
from oms_ledger.domain.orders.returns import Returns, apply_to_returns
from oms_ledger.domain.orders.settlement import (
    Balance,
    Settlement,
    apply_to_settlement,
    balance_of,
    payment_status,
)
from oms_ledger.domain.orders.shipments import Shipments, apply_to_shipments
from oms_ledger.domain.orders.status import Statuses, statuses_of
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class Order(State):
    """`placed` has the terms as placed, or as received where it waits in the queue; `terms` are
    those agreed now. `lines`, `holds`, `shipments`, `settlement` (its money), `labels`, `course`,
    `edits` and `returns` are parts that fold themselves. `released`: it need not wait for its
    `fulfil_at` any more."""

    category: ClassVar[str] = "order"
    grows: ClassVar[bool] = True
    version: int = 0
    placed: OrderPlaced | None = None
    confirmed: bool = False
    released: bool = False
    lines: Lines = field(default_factory=dict)
    holds: Holds = field(default_factory=dict)
    shipments: Shipments = field(default_factory=dict)
    settlement: Settlement = field(default_factory=Settlement)
    labels: Labels = field(default_factory=Labels)
    course: Course = field(default_factory=Course)
    edits: Edits | None = None
    returns: Returns = field(default_factory=dict)

    @property
    def channel(self) -> str | None:
        return None if self.placed is None else channel_key(self.placed.terms.channel)

    @property
    def first_event(self) -> OrderPlaced:
        """`ValueError` for an order that was never placed."""
        if self.placed is None:
            raise ValueError("an order's first event is OrderPlaced")
        return self.placed

    @property
    def terms(self) -> OrderTerms:
        """What is agreed now. `ValueError` for an order that was never placed."""
        return self._current.terms

    @property
    def ship_by(self) -> datetime:
        """When it is promised to be shipped, as of now; `deliver_by` likewise."""
        return self._current.ship_by

    @property
    def deliver_by(self) -> datetime:
        return self._current.deliver_by

    @property
    def postal_area(self) -> str | None:
        """Of the shipping address as of now, where it is kept."""
        return self._current.postal_area

    @property
    def _current(self) -> Edits | OrderPlaced:
        return self.edits or self.first_event

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
                cancelled += line.cancelled_amount
        return self.terms.total if whole else cancelled

    @property
    def open_total(self) -> int:
        """Minor units: the total less what is cancelled of it."""
        return 0 if self.placed is None else self.terms.total - self.cancelled_total

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
        return 0 if whole else max(0, self.terms.total - back - granted)

    @property
    def balance(self) -> Balance:
        return balance_of(self.settlement, self.owed)

    @property
    def scheduled(self) -> bool:
        """Whether it waits for its `fulfil_at`, confirmed or not."""
        terms = self.placed.terms if self.placed is not None else None
        return terms is not None and terms.fulfil_at is not None and not self.released

    @property
    def statuses(self) -> Statuses:
        return statuses_of(
            self.lines,
            self.shipments,
            self.returns,
            confirmed=self.confirmed,
            scheduled=self.scheduled,
            payment=order_payment_status(self),
            ending=self.course.ending,
            unplaced=self.course.unplaced,
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
            apply_to_course(order.course, event)
        case OrderReceived():
            order.placed = placed_of(event)
            apply_to_lines(order.lines, event)
            apply_to_course(order.course, event)
        case OrderConfirmed():
            order.confirmed = True
        case FulfilmentReleased():
            order.released = True
        case OrderHeld() | HoldReleased():
            apply_to_holds(order.holds, event)
        case OrderEdited():
            apply_to_lines(order.lines, event)
            if order.placed is not None:
                order.edits = edits_after(order.placed, order.edits, event)
        case UnitsPacked() | UnitsUnpacked() | UnitsShipped() | UnitsDelivered():
            apply_to_lines(order.lines, event)
            apply_to_shipments(order.shipments, event)
        case UnitsDateCorrected():
            pass  # no guard reads dates
        case OrderCancelled() | OrderRejected() | OrderResumed():
            apply_to_course(order.course, event)
            apply_to_lines(order.lines, event)
        case BackordersAllocated() | UnitsReturned():
            apply_to_lines(order.lines, event)
        case OrderTagged() | OrderArchived() | OrderUnarchived():
            apply_to_labels(order.labels, event)
        case OrderNoted() | OrderRiskAssessed():
            pass  # no guard reads notes; of a risk, its hold
        case ReturnProgressed():
            apply_to_returns(order.returns, event)
        case PaymentProgressed():
            apply_to_settlement(order.settlement, event)
        case CreditGranted():
            apply_to_settlement(order.settlement, event)
            apply_to_lines(order.lines, event)
        case _:
            assert_never(event)


def placed_of(received: OrderReceived) -> OrderPlaced:
    """What an order that was received becomes when it is placed, without its stock."""
    return OrderPlaced(
        received.order_id,
        received.number,
        received.terms,
        received.placed_at,
        received.ship_by,
        received.deliver_by,
        sensitive=received.sensitive,
        postal_area=received.postal_area,
    )


def order_payment_status(order: Order) -> str:
    if not order.settlement.payments:
        return "none"
    return payment_status(order.settlement, order.balance)
