"""Events of a lot's stream, and of a unit with a serial number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.identifiers import lot_key
from oms_ledger.domain.text_kinds import Harmless, LinkText, OrderId, ShipmentId, Sku
from oms_ledger.kernel import Event


class LotStreamEvent(Event):
    """An event of a lot of a product."""

    __slots__ = ()
    category: ClassVar[str] = "lot"
    sku: Sku
    lot: str

    @property
    def key(self) -> str:
        return lot_key(self.sku, self.lot)


@dataclass(frozen=True, slots=True)
class LotDefined(LotStreamEvent):
    """The lot has this `status` from now on: approved, on_hold, quarantined, recalled or expired.
    `expires_on` (YYYY-MM-DD) is the last day on which its units can be used."""

    type: ClassVar[str] = "lot.defined.v1"
    sku: Sku
    lot: str
    status: Harmless
    expires_on: Harmless | None = None
    reason: str | None = None


class SerialStreamEvent(Event):
    """An event of the unit of a product that has a serial number."""

    __slots__ = ()
    category: ClassVar[str] = "serial"
    sku: Sku
    serial: str

    @property
    def key(self) -> str:
        return lot_key(self.sku, self.serial)


@dataclass(frozen=True, slots=True)
class SerialShipped(SerialStreamEvent):
    """The unit left with a shipment of an order."""

    type: ClassVar[str] = "serial.shipped.v1"
    sku: Sku
    serial: str
    location: Harmless
    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId


@dataclass(frozen=True, slots=True)
class SerialReturned(SerialStreamEvent):
    """The unit came back, and can be shipped again."""

    type: ClassVar[str] = "serial.returned.v1"
    sku: Sku
    serial: str
    location: Harmless
    order_id: OrderId
    reference: str | None = None


SerialEvent: TypeAlias = SerialShipped | SerialReturned
SERIAL_EVENTS: tuple[type[SerialEvent], ...] = get_args(SerialEvent)
