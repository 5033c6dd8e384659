"""Events of a transfer's stream."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.stock.events import LotChange
from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, Sku
from oms_ledger.kernel import Event, Record


class TransferStreamEvent(Event, frozen=True):
    """An event of a transfer's stream."""

    category: ClassVar[str] = "transfer"
    transfer_id: Harmless

    @property
    def key(self) -> str:
        return self.transfer_id


class TransferLine(Record, frozen=True):
    sku: Sku
    quantity: int


class ShippedTransferLine(Record, frozen=True):
    """Units of a SKU that left. `lots` has those that are of lots, with a `change` below 0."""

    sku: Sku
    quantity: int
    lots: tuple[LotChange, ...] = ()


class ReceivedTransferLine(Record, frozen=True):
    """Units of a SKU that arrived, of which `damaged` are damaged. `surplus` are more than were
    under way. `reason` is that of what is damaged, missing or too many. `lots` as in
    `ShippedTransferLine`, with a `change` above 0."""

    sku: Sku
    quantity: int
    damaged: int = 0
    surplus: int = 0
    reason: str | None = None
    lots: tuple[LotChange, ...] = ()


class TransferCreated(TransferStreamEvent, frozen=True):
    """Goods are to go from one location to another. They stay where they are until they are
    shipped."""

    type: ClassVar[str] = "transfer.created.v1"
    transfer_id: Harmless
    from_location: Harmless
    to_location: Harmless
    lines: tuple[TransferLine, ...]
    expected_at: HarmlessTime | None = None
    reference: str | None = None


class TransferShipped(TransferStreamEvent, frozen=True):
    """Units left the one location, and are in transit."""

    type: ClassVar[str] = "transfer.shipped.v1"
    transfer_id: Harmless
    lines: tuple[ShippedTransferLine, ...]


class TransferReceived(TransferStreamEvent, frozen=True):
    """Units arrived at the other location."""

    type: ClassVar[str] = "transfer.received.v1"
    transfer_id: Harmless
    lines: tuple[ReceivedTransferLine, ...]


class TransferClosed(TransferStreamEvent, frozen=True):
    """Nothing more is shipped or received. `lost` are the units that left and never arrived."""

    type: ClassVar[str] = "transfer.closed.v1"
    transfer_id: Harmless
    lost: tuple[TransferLine, ...] = ()
    reason: str | None = None


class TransferCancelled(TransferStreamEvent, frozen=True):
    """Nothing was shipped, and nothing is."""

    type: ClassVar[str] = "transfer.cancelled.v1"
    transfer_id: Harmless
    reason: str | None = None


TransferEvent: TypeAlias = (
    TransferCreated | TransferShipped | TransferReceived | TransferClosed | TransferCancelled
)
TRANSFER_EVENTS: tuple[type[TransferEvent], ...] = get_args(TransferEvent)
