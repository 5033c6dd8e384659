"""Pasts with a transfer `t1` of five units of A from LON, which has ten, to MAN."""

from __future__ import annotations

from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import (
    IncomingStockAdded,
    LotChange,
    StockLotsChanged,
    StockMovedOut,
)
from oms_ledger.domain.transfers.events import (
    ShippedTransferLine,
    TransferCreated,
    TransferLine,
    TransferShipped,
)
from oms_ledger.kernel import Event
from tests.commands.shop import SHELF, place

PLANNED: tuple[Event, ...] = (
    place("MAN", 2),
    *SHELF,
    TransferCreated("t1", "LON", "MAN", (TransferLine("A", 5),)),
)

IN_TRANSIT: tuple[Event, ...] = (
    *PLANNED,
    TransferShipped("t1", (ShippedTransferLine("A", 5),)),
    StockMovedOut("A", "LON", 5, "MAN", "t1"),
    IncomingStockAdded("A", "MAN", 5, "t1"),
)

EARLY = LotChange("L1", 3, "approved", "2027-01-01")
LATE = LotChange("L2", 4, "approved", "2028-01-01")
LOTS: tuple[Event, ...] = (
    LotDefined("A", "L1", "approved", "2027-01-01"),
    LotDefined("A", "L2", "approved", "2028-01-01"),
    StockLotsChanged("A", "LON", (LATE, EARLY)),
)
"""Of the ten units at LON three are of L1, which expires first, and four of L2."""
