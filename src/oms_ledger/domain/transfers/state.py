"""The state of a transfer. A unit that was shipped and has not arrived is in transit: on hand at
neither location, and incoming at the second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, assert_never

from oms_ledger.domain.errors import NotFound, illegal_transition
from oms_ledger.domain.stock.events import LotChange
from oms_ledger.domain.transfers.events import (
    TRANSFER_EVENTS,
    ReceivedTransferLine,
    ShippedTransferLine,
    TransferCancelled,
    TransferClosed,
    TransferCreated,
    TransferEvent,
    TransferReceived,
    TransferShipped,
)
from oms_ledger.kernel import Event, Given, State


@dataclass(slots=True)
class TransferProgress:
    """Units of a SKU: `requested`, `shipped`, `received` (of which `damaged` arrived damaged, and
    `surplus` are more than were shipped) and `lost`. `lots` are those in transit, with their units
    as `change`. `reasons` are of differences."""

    requested: int
    shipped: int = 0
    received: int = 0
    damaged: int = 0
    surplus: int = 0
    lost: int = 0
    reason: str | None = None
    lots: dict[str, LotChange] = field(default_factory=dict)

    @property
    def in_transit(self) -> int:
        return self.shipped - (self.received - self.surplus) - self.lost


@dataclass(slots=True)
class Transfer(State):
    """`stage` is open, closed or cancelled. `lines` are by SKU."""

    category: ClassVar[str] = "transfer"
    version: int = 0
    from_location: str = ""
    to_location: str = ""
    expected_at: datetime | None = None
    reference: str | None = None
    stage: str = "open"
    lines: dict[str, TransferProgress] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """draft, in_transit, partially_received, received, closed or cancelled. A transfer is
        received once all that was requested was shipped, and has arrived or is lost."""
        if self.stage != "open":
            return self.stage
        if not any(line.shipped for line in self.lines.values()):
            return "draft"
        if all(
            line.shipped >= line.requested and not line.in_transit for line in self.lines.values()
        ):
            return "received"
        arrived = any(line.received for line in self.lines.values())
        return "partially_received" if arrived else "in_transit"

    def apply(self, event: Event) -> None:
        if not isinstance(event, TRANSFER_EVENTS):
            raise TypeError(f"{event.type} does not belong to a transfer")
        _apply(self, event)


def _apply(transfer: Transfer, event: TransferEvent) -> None:
    match event:
        case TransferCreated():
            transfer.from_location, transfer.to_location = event.from_location, event.to_location
            transfer.expected_at, transfer.reference = event.expected_at, event.reference
            for line in event.lines:
                transfer.lines[line.sku] = TransferProgress(line.quantity)
        case TransferShipped():
            _ship(transfer, event.lines)
        case TransferReceived():
            _receive(transfer, event.lines)
        case TransferClosed():
            transfer.stage = "closed"
            for lost in event.lost:
                transfer.lines[lost.sku].lost += lost.quantity
        case TransferCancelled():
            transfer.stage = "cancelled"
        case _:
            assert_never(event)


def _ship(transfer: Transfer, lines: Iterable[ShippedTransferLine]) -> None:
    for each in lines:
        line = transfer.lines[each.sku]
        line.shipped += each.quantity
        _add_lots(line, each.lots, -1)


def _receive(transfer: Transfer, lines: Iterable[ReceivedTransferLine]) -> None:
    for each in lines:
        line = transfer.lines[each.sku]
        line.received += each.quantity
        line.damaged += each.damaged
        line.surplus += each.surplus
        line.reason = each.reason or line.reason
        _add_lots(line, each.lots, -1)


def _add_lots(line: TransferProgress, lots: Iterable[LotChange], sign: int) -> None:
    for lot in lots:
        there = line.lots[lot.lot].change if lot.lot in line.lots else 0
        units = there + sign * lot.change
        line.lots[lot.lot] = LotChange(lot.lot, units, lot.status, lot.expires_on)
        if not units:
            del line.lots[lot.lot]


def open_transfer(given: Given, transfer_id: str, wanted: str) -> Transfer:
    """The transfer. `NotFound` where there is none; `Refused` with `illegal_transition` where it is
    closed or cancelled."""
    transfer = given.state(Transfer, transfer_id)
    if not transfer.version:
        raise NotFound(f"There is no transfer {transfer_id}. GET /v1/transfers lists them.")
    if transfer.stage != "open":
        raise illegal_transition(
            "The transfer", transfer.stage, wanted, "Create another one with POST /v1/transfers."
        )
    return transfer
