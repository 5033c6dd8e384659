"""The state of an order, folded from its events part by part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, assert_never

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
    BackordersAllocated,
    HoldReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderHeld,
    OrderPlaced,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.holds import Holds, apply_to_holds
from oms_ledger.domain.orders.progress import Lines, apply_to_lines
from oms_ledger.domain.orders.shipments import Shipments, apply_to_shipments
from oms_ledger.domain.orders.status import Statuses, statuses_of
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class Order(State):
    """`placed` has the terms; `lines`, `holds` and `shipments` are parts that fold themselves."""

    category: ClassVar[str] = "order"
    grows: ClassVar[bool] = True
    version: int = 0
    placed: OrderPlaced | None = None
    confirmed: bool = False
    lines: Lines = field(default_factory=dict)
    holds: Holds = field(default_factory=dict)
    shipments: Shipments = field(default_factory=dict)

    @property
    def channel(self) -> str | None:
        return None if self.placed is None else channel_key(self.placed.terms.channel)

    @property
    def sensitive(self) -> bool:
        return self.placed is not None and self.placed.sensitive

    @property
    def cancelled_total(self) -> int:
        """Minor units: what of the total is cancelled. Shipping is, once every unit of the order
        is."""
        if self.placed is None:
            return 0
        lines = self.lines.values()
        if all(line.cancelled == line.line.quantity for line in lines):
            return self.placed.terms.total
        return sum(line.line.amount_of(line.cancelled) for line in lines)

    @property
    def statuses(self) -> Statuses:
        return statuses_of(self.lines, self.shipments, confirmed=self.confirmed)

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
        case _:
            assert_never(event)
