"""Events of transfers as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, assert_never

from oms_ledger.domain.phrases import note_suffix, plural
from oms_ledger.domain.transfers.events import (
    TransferCancelled,
    TransferClosed,
    TransferCreated,
    TransferEvent,
    TransferReceived,
    TransferShipped,
)


class _Quantity(Protocol):
    @property
    def quantity(self) -> int: ...


def describe_transfer(event: TransferEvent) -> str:
    match event:
        case TransferCreated():
            way = f"from {event.from_location} to {event.to_location}"
            return f"Transfer of {_units(event.lines)} {way} created"
        case TransferShipped():
            return f"{_units(event.lines)} of the transfer shipped"
        case TransferReceived():
            return f"{_units(event.lines)} of the transfer received"
        case TransferClosed():
            lost = f"; {_units(event.lost)} lost" if event.lost else ""
            return f"Transfer closed{lost}{note_suffix(event.reason)}"
        case TransferCancelled():
            return f"Transfer cancelled{note_suffix(event.reason)}"
        case _:
            assert_never(event)


def _units(lines: Iterable[_Quantity]) -> str:
    return plural(sum(line.quantity for line in lines), "unit")
