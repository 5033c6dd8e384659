"""Events of a lot's stream, and of a unit with a serial number."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.identifiers import lot_key
from oms_ledger.domain.text_kinds import Harmless, LinkText, OrderId, ShipmentId, Sku
from oms_ledger.kernel import Event


class LotStreamEvent(Event, frozen=True):
    """An event of a lot of a product."""

    category: ClassVar[str] = "lot"
    sku: Sku
    lot: str

    @property
    def key(self) -> str:
        return lot_key(self.sku, self.lot)


class LotDefined(LotStreamEvent, frozen=True):
    """The lot has this `status` from now on: approved, on_hold, quarantined, recalled or expired.
    `expires_on` (YYYY-MM-DD) is the last day on which its units can be used."""

    type: ClassVar[str] = "lot.defined.v1"
    sku: Sku
    lot: str
    status: Harmless
    expires_on: Harmless | None = None
    reason: str | None = None


class SerialStreamEvent(Event, frozen=True):
    """An event of the unit of a product that has a serial number."""

    category: ClassVar[str] = "serial"
    sku: Sku
    serial: str

    @property
    def key(self) -> str:
        return lot_key(self.sku, self.serial)


class SerialShipped(SerialStreamEvent, frozen=True):
    """The unit left with a shipment of an order."""

    type: ClassVar[str] = "serial.shipped.v1"
    sku: Sku
    serial: str
    location: Harmless
    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId


class SerialReturned(SerialStreamEvent, frozen=True):
    """The unit came back, and can be shipped again."""

    type: ClassVar[str] = "serial.returned.v1"
    sku: Sku
    serial: str
    location: Harmless
    order_id: OrderId
    reference: str | None = None


SerialEvent: TypeAlias = SerialShipped | SerialReturned
SERIAL_EVENTS: tuple[type[SerialEvent], ...] = get_args(SerialEvent)
