"""Events of a transfer's stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.stock.events import LotChange
from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, Sku
from oms_ledger.kernel import Event


class TransferStreamEvent(Event):
    """An event of a transfer's stream."""

    __slots__ = ()
    category: ClassVar[str] = "transfer"
    transfer_id: Harmless

    @property
    def key(self) -> str:
        return self.transfer_id


@dataclass(frozen=True, slots=True)
class TransferLine:
    sku: Sku
    quantity: int


@dataclass(frozen=True, slots=True)
class ShippedTransferLine:
    """Units of a SKU that left. `lots` has those that are of lots, with a `change` below 0."""

    sku: Sku
    quantity: int
    lots: tuple[LotChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedTransferLine:
    """Units of a SKU that arrived, of which `damaged` are damaged. `surplus` are more than were
    under way. `reason` is that of what is damaged, missing or too many. `lots` as in
    `ShippedTransferLine`, with a `change` above 0."""

    sku: Sku
    quantity: int
    damaged: int = 0
    surplus: int = 0
    reason: str | None = None
    lots: tuple[LotChange, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferCreated(TransferStreamEvent):
    """Goods are to go from one location to another. They stay where they are until they are
    shipped."""

    type: ClassVar[str] = "transfer.created.v1"
    transfer_id: Harmless
    from_location: Harmless
    to_location: Harmless
    lines: tuple[TransferLine, ...]
    expected_at: HarmlessTime | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class TransferShipped(TransferStreamEvent):
    """Units left the one location, and are in transit."""

    type: ClassVar[str] = "transfer.shipped.v1"
    transfer_id: Harmless
    lines: tuple[ShippedTransferLine, ...]


@dataclass(frozen=True, slots=True)
class TransferReceived(TransferStreamEvent):
    """Units arrived at the other location."""

    type: ClassVar[str] = "transfer.received.v1"
    transfer_id: Harmless
    lines: tuple[ReceivedTransferLine, ...]


@dataclass(frozen=True, slots=True)
class TransferClosed(TransferStreamEvent):
    """Nothing more is shipped or received. `lost` are the units that left and never arrived."""

    type: ClassVar[str] = "transfer.closed.v1"
    transfer_id: Harmless
    lost: tuple[TransferLine, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TransferCancelled(TransferStreamEvent):
    """Nothing was shipped, and nothing is."""

    type: ClassVar[str] = "transfer.cancelled.v1"
    transfer_id: Harmless
    reason: str | None = None


TransferEvent: TypeAlias = (
    TransferCreated | TransferShipped | TransferReceived | TransferClosed | TransferCancelled
)
TRANSFER_EVENTS: tuple[type[TransferEvent], ...] = get_args(TransferEvent)
