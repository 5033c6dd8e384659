"""A past with an inbound delivery `i1` of nine units of A and one of B, expected at LON."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.inbound.events import InboundCreated, InboundLine
from oms_ledger.domain.stock.events import IncomingStockAdded
from oms_ledger.kernel import Event
from tests.commands.shop import SHELF, goods

DUE = datetime(2026, 2, 1, 9, tzinfo=UTC)

EXPECTED: tuple[Event, ...] = (
    *SHELF,
    goods("B"),
    InboundCreated("i1", "LON", DUE, (InboundLine("A", 9, 120, "GBP"), InboundLine("B", 1))),
    IncomingStockAdded("A", "LON", 9, "i1", DUE),
    IncomingStockAdded("B", "LON", 1, "i1", DUE),
)
