"""The states of a lot, and of a unit with a serial number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.domain.lots.events import (
    LotDefined,
    SerialReturned,
    SerialShipped,
)
from oms_ledger.domain.stock.lots import APPROVED
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class Lot(State):
    """`status` is approved, on_hold, quarantined, recalled or expired. `expires_on` (YYYY-MM-DD) is
    the last day on which its units can be used."""

    category: ClassVar[str] = "lot"
    version: int = 0
    status: str = APPROVED
    expires_on: str | None = None
    reason: str | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, LotDefined):
            raise TypeError(f"{event.type} does not belong to a lot")
        self.status, self.expires_on, self.reason = event.status, event.expires_on, event.reason


@dataclass(slots=True)
class Serial(State):
    """`shipped` is the shipment that the unit left with; None where it has not left, or came
    back."""

    category: ClassVar[str] = "serial"
    version: int = 0
    shipped: SerialShipped | None = None

    def apply(self, event: Event) -> None:
        match event:
            case SerialShipped():
                self.shipped = event
            case SerialReturned():
                self.shipped = None
            case _:
                raise TypeError(f"{event.type} does not belong to a serial number")
