"""The units that deliveries and transfers announce, compared with those that the stock expects; and
the units of a transfer, compared with those that left and came into the stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.inbound.events import (
    InboundCancelled,
    InboundClosed,
    InboundCreated,
    InboundEvent,
    InboundReceived,
)
from oms_ledger.domain.stock.events import StockEvent, StockMovedIn, StockMovedOut
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.transfers.events import (
    TransferClosed,
    TransferCreated,
    TransferEvent,
    TransferReceived,
    TransferShipped,
)
from oms_ledger.kernel import stream_id


class IncomingClaims:
    """Expected units by stock stream. `touched` are the streams whose totals changed; the caller
    clears it."""

    def __init__(self) -> None:
        self.touched: set[str] = set()
        self._expected: Counter[str] = Counter()
        self._open: dict[str, Counter[str]] = {}  # units by stock stream, by delivery or transfer
        self._ways: dict[str, tuple[str, str]] = {}  # from and to, by transfer
        self._documents: Counter[tuple[str, str]] = Counter()
        self._moved: Counter[tuple[str, str]] = Counter()

    def of_inbound(self, event: InboundEvent) -> None:
        source = event.inbound_id
        match event:
            case InboundCreated():
                self._open[source] = Counter()
                self._ways[source] = ("", event.location)
                for line in event.lines:
                    self._add(source, line.sku, line.quantity)
            case InboundReceived():
                for receipt in event.lines:
                    self._add(source, receipt.sku, -receipt.expected)
            case InboundClosed() | InboundCancelled():
                self._end(source)

    def of_transfer(self, event: TransferEvent) -> None:
        source = event.transfer_id
        match event:
            case TransferCreated():
                self._open[source] = Counter()
                self._ways[source] = (event.from_location, event.to_location)
            case TransferShipped():
                for line in event.lines:
                    self._add(source, line.sku, line.quantity)
                    place, _ = self._ways.get(source, ("", ""))
                    self._documents[source, f"out of {stock_key(line.sku, place)}"] += line.quantity
            case TransferReceived():
                for came in event.lines:
                    sent = came.quantity - came.surplus
                    self._add(source, came.sku, -sent)
                    _, place = self._ways.get(source, ("", ""))
                    self._documents[source, f"into {stock_key(came.sku, place)}"] += sent
            case TransferClosed():
                for lost in event.lost:
                    self._add(source, lost.sku, -lost.quantity)
                self._end(source)

    def of_stock(self, event: StockEvent) -> None:
        """Of units that were moved, the reference is the transfer's id."""
        if not isinstance(event, StockMovedOut | StockMovedIn) or event.reference is None:
            return
        if event.reference in self._ways:
            way = "out of" if isinstance(event, StockMovedOut) else "into"
            self._moved[event.reference, f"{way} {event.key}"] += event.quantity

    def _add(self, source: str, sku: str, units: int) -> None:
        stream = stream_id(StockLevel, stock_key(sku, self._ways.get(source, ("", ""))[1]))
        self._open.setdefault(source, Counter())[stream] += units
        self._expected[stream] += units
        self.touched.add(stream)

    def _end(self, source: str) -> None:
        """Nothing more comes of a delivery or transfer. What was lost of a transfer is taken off
        already."""
        for stream, units in self._open.pop(source, Counter()).items():
            self._expected[stream] -= units
            self.touched.add(stream)

    def expected(self, stream: str) -> int:
        return self._expected[stream]

    def adopt(self, stream: str, level: StockLevel) -> None:
        """Set the total to the counter of `level`, so that one fault is one finding."""
        self._expected[stream] = level.incoming

    def end_of_command(self) -> Iterator[tuple[str, str, str]]:
        """Transfers whose units and those of the stock differ: the id, what the transfer says and
        what the stock does."""
        documents, moved = self._documents, self._moved
        for key in sorted(documents.keys() | moved.keys()):
            if documents[key] != moved[key]:
                source, way = key
                yield source, f"{documents[key]} {way}", f"{moved[key]} {way}"
        documents.clear()
        moved.clear()
