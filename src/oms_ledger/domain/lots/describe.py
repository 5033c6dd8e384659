"""Events of lots and serial numbers as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.lots.events import (
    LotDefined,
    SerialEvent,
    SerialReturned,
    SerialShipped,
)
from oms_ledger.domain.phrases import note_suffix


def describe_lot(event: LotDefined) -> str:
    until = f", to be used by {event.expires_on}" if event.expires_on else ""
    return f"Lot {event.lot} of {event.sku} is {event.status}{until}{note_suffix(event.reason)}"


def describe_serial(event: SerialEvent) -> str:
    match event:
        case SerialShipped():
            return f"{event.sku} {event.serial} left {event.location}"
        case SerialReturned():
            return f"{event.sku} {event.serial} came back to {event.location}"
        case _:
            assert_never(event)
