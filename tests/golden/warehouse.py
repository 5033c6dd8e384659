"""What the golden files of the warehouse mean: deliveries, transfers, counts, lots, serial numbers,
states and alerts of stock."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.counts.events import (
    CountApproved,
    CountCancelled,
    CountCreated,
    CountedLine,
    CountItem,
    CountRecorded,
    Variance,
)
from oms_ledger.domain.inbound.events import (
    InboundCancelled,
    InboundClosed,
    InboundCreated,
    InboundLine,
    InboundReceipt,
    InboundReceived,
)
from oms_ledger.domain.lots.events import LotDefined, SerialReturned, SerialShipped
from oms_ledger.domain.stock.events import (
    IncomingStockAdded,
    IncomingStockRemoved,
    LotChange,
    StockLotsChanged,
    StockLotStatusChanged,
    StockStateChanged,
)
from oms_ledger.domain.stock_alerts.events import StockAlertSet, StockBecameLow, StockCameBack
from oms_ledger.domain.transfers.events import (
    ReceivedTransferLine,
    ShippedTransferLine,
    TransferCancelled,
    TransferClosed,
    TransferCreated,
    TransferLine,
    TransferReceived,
    TransferShipped,
)
from oms_ledger.kernel import Event

_DUE = datetime(2026, 2, 1, 9, tzinfo=UTC)
_OUT = LotChange("L1", -5, "approved", "2026-12-31")
_IN = LotChange("L1", 4, "on_hold", "2026-12-31")

WAREHOUSE_LITERALS: tuple[Event, ...] = (
    StockStateChanged(
        "85123A", "LON", 2, "available", "damaged", "Wet", "shelf 4", "L1", "approved"
    ),
    IncomingStockAdded("85123A", "LON", 9, "i1", _DUE),
    IncomingStockRemoved("85123A", "LON", 4, "i1"),
    StockLotsChanged("85123A", "LON", (_OUT,), "van 1", "o1", "1", "s1"),
    StockLotStatusChanged("85123A", "LON", "L1", 5, "approved", "recalled", "2026-12-31"),
    LotDefined("85123A", "L1", "recalled", "2026-12-31", "Recall 26-114"),
    SerialShipped("85123A", "N-1", "LON", "o1", "1", "s1"),
    SerialReturned("85123A", "N-1", "LON", "o1", "r1"),
    StockAlertSet("85123A", "LON", "web", 10),
    StockBecameLow("85123A", "LON", "web", 10, 9),
    StockCameBack("85123A", "LON", "web", 10, 11),
    InboundCreated("i1", "LON", _DUE, (InboundLine("85123A", 9, 120, "GBP"),), "Lamps Ltd", "PO-8"),
    InboundReceived("i1", (InboundReceipt("85123A", 5, 1, 4, "L1"),)),
    InboundClosed("i1", "No more"),
    InboundCancelled("i2", "Never sent"),
    TransferCreated("t1", "LON", "MAN", (TransferLine("85123A", 5),), _DUE, "van 1"),
    TransferShipped("t1", (ShippedTransferLine("85123A", 5, (_OUT,)),)),
    TransferReceived("t1", (ReceivedTransferLine("85123A", 6, 1, 2, "Crushed", (_IN,)),)),
    TransferClosed("t1", (TransferLine("85123A", 1),), "Robbed"),
    TransferCancelled("t2", "Not needed"),
    CountCreated("n1", "LON", (CountItem("85123A"),), "aisle 4"),
    CountRecorded("n1", (CountedLine("85123A", 98, 100),)),
    CountApproved("n1", (Variance("85123A", -2),)),
    CountCancelled("n2", "Wrong aisle"),
)
