"""Events of an inbound delivery's stream."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, Sku
from oms_ledger.kernel import Event, Record


class InboundStreamEvent(Event, frozen=True):
    """An event of an inbound delivery's stream."""

    category: ClassVar[str] = "inbound"
    inbound_id: Harmless

    @property
    def key(self) -> str:
        return self.inbound_id


class InboundLine(Record, frozen=True):
    """Units that are expected of a SKU. `unit_cost` is in minor units of `currency`."""

    sku: Sku
    quantity: int
    unit_cost: int | None = None
    currency: Harmless | None = None


class InboundReceipt(Record, frozen=True):
    """Units of a SKU that came. Of `quantity`, `damaged` are damaged, and `expected` were still
    expected: the rest is more than was ordered."""

    sku: Sku
    quantity: int
    damaged: int = 0
    expected: int = 0
    lot: str | None = None


class InboundCreated(InboundStreamEvent, frozen=True):
    """A delivery is expected at a location. `reference` is the supplier's or the purchase
    order's."""

    type: ClassVar[str] = "inbound.created.v1"
    inbound_id: Harmless
    location: Harmless
    expected_at: HarmlessTime
    lines: tuple[InboundLine, ...]
    supplier: str | None = None
    reference: str | None = None


class InboundReceived(InboundStreamEvent, frozen=True):
    """Some of the delivery came."""

    type: ClassVar[str] = "inbound.received.v1"
    inbound_id: Harmless
    lines: tuple[InboundReceipt, ...]


class InboundClosed(InboundStreamEvent, frozen=True):
    """Nothing more comes of the delivery, whatever is missing."""

    type: ClassVar[str] = "inbound.closed.v1"
    inbound_id: Harmless
    reason: str | None = None


class InboundCancelled(InboundStreamEvent, frozen=True):
    """The delivery does not come. Nothing of it was received."""

    type: ClassVar[str] = "inbound.cancelled.v1"
    inbound_id: Harmless
    reason: str | None = None


InboundEvent: TypeAlias = InboundCreated | InboundReceived | InboundClosed | InboundCancelled
INBOUND_EVENTS: tuple[type[InboundEvent], ...] = get_args(InboundEvent)
