"""The state of an inbound delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from oms_ledger.domain.errors import NotFound, illegal_transition
from oms_ledger.domain.inbound.events import (
    InboundCancelled,
    InboundClosed,
    InboundCreated,
    InboundReceipt,
    InboundReceived,
)
from oms_ledger.kernel import Event, Given, State


@dataclass(slots=True)
class InboundProgress:
    """Units of a SKU: `ordered`, `received` (more than ordered too), of which `damaged` were
    damaged. `unit_cost` is in minor units of `currency`."""

    ordered: int
    received: int = 0
    damaged: int = 0
    unit_cost: int | None = None
    currency: str | None = None

    @property
    def missing(self) -> int:
        return max(0, self.ordered - self.received)

    @property
    def over(self) -> int:
        """Units that came beyond those that were ordered."""
        return max(0, self.received - self.ordered)


@dataclass(slots=True)
class Inbound(State):
    """`stage` is open, closed or cancelled. `lines` are by SKU."""

    category: ClassVar[str] = "inbound"
    version: int = 0
    location: str = ""
    expected_at: datetime | None = None
    supplier: str | None = None
    reference: str | None = None
    stage: str = "open"
    lines: dict[str, InboundProgress] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """expected, partially_received, received, closed or cancelled."""
        if self.stage != "open":
            return self.stage
        if not any(line.received for line in self.lines.values()):
            return "expected"
        return "partially_received" if self.awaited else "received"

    @property
    def awaited(self) -> dict[str, int]:
        """Units that are still to come, by SKU."""
        if self.stage != "open":
            return {}
        return {sku: line.missing for sku, line in self.lines.items() if line.missing}

    def apply(self, event: Event) -> None:
        match event:
            case InboundCreated():
                _create(self, event)
            case InboundReceived():
                _receive(self, event.lines)
            case InboundClosed():
                self.stage = "closed"
            case InboundCancelled():
                self.stage = "cancelled"
            case _:
                raise TypeError(f"{event.type} does not belong to an inbound delivery")


def _create(inbound: Inbound, event: InboundCreated) -> None:
    inbound.location, inbound.expected_at = event.location, event.expected_at
    inbound.supplier, inbound.reference = event.supplier, event.reference
    for line in event.lines:
        cost, currency = line.unit_cost, line.currency
        inbound.lines[line.sku] = InboundProgress(line.quantity, 0, 0, cost, currency)


def _receive(inbound: Inbound, receipts: Iterable[InboundReceipt]) -> None:
    for each in receipts:
        line = inbound.lines[each.sku]
        line.received += each.quantity
        line.damaged += each.damaged


def open_inbound(given: Given, inbound_id: str, wanted: str) -> Inbound:
    """The delivery. `NotFound` where there is none; `Refused` with `illegal_transition` where it is
    closed or cancelled."""
    inbound = given.state(Inbound, inbound_id)
    if not inbound.version:
        raise NotFound(f"There is no inbound delivery {inbound_id}. GET /v1/inbound lists them.")
    if inbound.stage != "open":
        raise illegal_transition(
            "The inbound delivery",
            inbound.stage,
            wanted,
            "Create another one, or receive the goods with POST /v1/stock/receipts.",
        )
    return inbound
