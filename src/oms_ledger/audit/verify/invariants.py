"""A second set of books: what events add up to, and what must be true of that.

At every position: no stock is promised that is not there. At the end of every command, whose
events stand together: stock is allocated and owed exactly as the orders' lines say, every unit of
a line is somewhere, every order has the number that was given to it. Only what a command touched
is looked at, so that the length of the log does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

from oms_ledger.audit.verify.claims import Claims
from oms_ledger.audit.verify.closed_orders import Settled, is_settled
from oms_ledger.audit.verify.findings import Finding
from oms_ledger.audit.verify.lines import money_fault, units_fault, units_said
from oms_ledger.domain.catalogue.events import LocationDefined, OrderNumbered, ProductDefined
from oms_ledger.domain.catalogue.state import Channel, Location, Product, order_number
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.state import PROGRESS, Shipment
from oms_ledger.domain.identifiers import channel_key, stock_key
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    OrderCancelled,
    OrderPlaced,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockEvent
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Event, State, stream_id

Parcel: TypeAlias = tuple[str, str, Sequence[tuple[str, int]]]
"""An order, a location, and the units of its lines."""


class Books:
    """Every state there is, and what is checked of it. Findings are gathered; of a stream only
    the first of a kind is told, since its later ones follow from it."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.checked: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self._claims = Claims()
        self._settled = Settled()
        self._forgotten: set[str] = set()
        self._sequences: dict[str, int] = {}
        self._reached: dict[str, int] = {}
        self._findings: dict[tuple[str, str], Finding] = {}
        self._position = self._ended = 0
        self._moved: set[str] = set()
        self._done: dict[str, Order] = {}
        self._promised: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._packed: dict[str, Parcel] = {}
        self._made: dict[str, Parcel] = {}
        self._excused = self._next_excused = False

    def findings(self) -> list[Finding]:
        return list(self._findings.values())

    def reopened(self, stream: str) -> State | None:
        """The state of an order that was settled."""
        order = self._settled.reopen(stream)
        if order is not None:
            self.states[stream] = order
        return order

    def excuse(self, *, next_too: bool = False) -> None:
        """An event of this command is missing: its ends need not meet."""
        self._excused = True
        self._next_excused |= next_too

    def forget(self, stream: str) -> None:
        """What this stream adds up to cannot be known any more."""
        self.states.pop(stream, None)
        self._forgotten.add(stream)

    def enter(self, position: int, stream: str, state: State, event: Event) -> None:
        """An event that was applied to its stream's state."""
        self._position = position
        if isinstance(state, StockLevel):
            self._stock(stream, state, cast(StockEvent, event))
        elif isinstance(state, Order):
            self._order(stream, state, event)
        elif isinstance(state, Shipment):
            self._shipment(stream, state, event)
        elif isinstance(event, OrderNumbered):
            self._number(stream, event)
        elif isinstance(event, ProductDefined):
            self._belongs(stream, stream_id(Product, event.sku))
        elif isinstance(event, LocationDefined):
            self._belongs(stream, stream_id(Location, event.code))

    def _belongs(self, stream: str, own: str) -> None:
        if stream != own:
            self._find("stream_mismatch", "the event names another stream", stream, stream, own)

    def _find(self, kind: str, text: str, stream: str, expected: str, found: str) -> None:
        at = self._position
        said = Finding(kind, f"event {at} of {stream}: {text}", at, at, stream, expected, found)
        self._findings.setdefault((kind, stream), said)

    # One event.

    def _stock(self, stream: str, level: StockLevel, event: StockEvent) -> None:
        if stream != f"stock-{event.sku}@{event.location}":
            self._belongs(stream, stream_id(StockLevel, stock_key(event.sku, event.location)))
        self._moved.add(stream)
        on_hand, promised = level.on_hand, level.allocated + level.held
        if not 0 <= promised <= on_hand or level.allocated < 0 or level.held < 0:
            expected = f"from 0 to the {on_hand} on hand promised"
            self._find("oversold", "more is promised than is there", stream, expected,
                       f"{level.allocated} allocated and {level.held} held")  # fmt: skip
        if level.backordered < 0:
            self._find("oversold", "less than nothing is owed", stream, "0 backordered or more",
                       f"{level.backordered} backordered")  # fmt: skip

    def _order(self, stream: str, order: Order, event: Event) -> None:
        self._belongs(stream, stream_id(Order, str(getattr(event, "order_id", ""))))
        if isinstance(event, OrderPlaced):
            self._placed(stream, order, event)
        elif isinstance(event, UnitsPacked):
            units = [(line.line_id, line.quantity) for line in event.lines]
            self._packed[event.shipment_id] = (event.order_id, event.location, units)
        elif isinstance(event, UnitsDelivered | OrderCancelled | UnitsReturned):
            self._done[stream] = order
        self._claims.follow(order, event)
        for progress in _touched(order, event):
            self.checked["lines"] += 1
            fault = units_fault(progress)
            if fault is not None:
                expected = "ordered = allocated + packed + backordered + shipped + cancelled"
                self._find("units_lost", fault, stream, expected, units_said(progress))

    def _placed(self, stream: str, order: Order, event: OrderPlaced) -> None:
        if order.version != 1:
            self._find("placed_again", "an order is placed once", stream, "version 1",
                       f"version {order.version}")  # fmt: skip
        terms = event.terms
        fault = money_fault(terms)
        if fault is None:
            self.totals[terms.currency] += terms.total
        else:
            self._find("money_does_not_add_up", fault, stream, "amounts of 0 or more that add up",
                       f"{terms.total} minor units of {terms.currency}")  # fmt: skip
        self.checked["orders"] += 1
        self._promised[event.order_id] = event.number

    def _shipment(self, stream: str, shipment: Shipment, event: Event) -> None:
        self._belongs(stream, stream_id(Shipment, str(getattr(event, "shipment_id", ""))))
        if isinstance(event, ShipmentCreated):
            self.checked["shipments"] += 1
            units = [(line.line_id, line.quantity) for line in event.lines]
            self._made[event.shipment_id] = (event.order_id, event.location, units)
        shipment.scan_digests.clear()
        if shipment.status == "cancelled":
            shipment.created = None
            return
        reached = PROGRESS.index(shipment.status)
        before = self._reached.get(stream, 0)
        if reached < before:
            self._find("shipment_moved_back", "a shipment only goes forward", stream,
                       f"{PROGRESS[before]} or later", shipment.status)  # fmt: skip
        self._reached[stream] = reached
        if shipment.status == "delivered":
            shipment.created = None

    def _number(self, stream: str, event: OrderNumbered) -> None:
        self._belongs(stream, stream_id(Channel, channel_key(event.channel)))
        expected = self._sequences.get(stream, 0) + 1
        if event.sequence != expected:
            self._find("number_gap", "order numbers are dense", stream, str(expected),
                       str(event.sequence))  # fmt: skip
        self._sequences[stream] = event.sequence
        self._given[event.order_id] = order_number(event.channel, event.sequence)

    # The end of a command.

    def end_of_command(self) -> None:
        """All that the command wrote has been entered."""
        self._compare_stock()
        if not self._excused:
            self._compare("number_differs", "numbers", self._given, self._promised)
            self._compare("shipment_differs", "packed units", self._packed, self._made)
        for stream, order in self._done.items():
            if stream not in self._forgotten and is_settled(order):
                self._settled.keep(stream, order)
                del self.states[stream]
        if self._position > self._ended:
            self.checked["commands"] += 1
            self._ended = self._position
        for each in (self._moved, self._done, self._claims.touched):
            each.clear()
        for kept in (self._given, self._promised, self._packed, self._made):
            kept.clear()
        self._excused, self._next_excused = self._next_excused, False

    def _compare_stock(self) -> None:
        claims = self._claims
        for stream in self._moved | claims.touched:
            level = self.states.get(stream) or StockLevel()
            assert isinstance(level, StockLevel), "the streams of stock have such states"
            self.checked["stock balances"] += 1
            if claims.agree(stream, level):
                continue
            if not self._excused and stream not in self._forgotten:
                said = claims.difference(stream, level, self._position)
                self._findings.setdefault((said.kind, stream), said)
            claims.adopt(stream, level)

    def _compare(
        self, kind: str, what: str, one: Mapping[str, object], other: Mapping[str, object]
    ) -> None:
        if one == other:
            return
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key):
                text = f"the {what} of one command's events do not agree"
                self._find(kind, text, key, str(one.get(key)), str(other.get(key)))


def _touched(order: Order, event: Event) -> Iterable[LineProgress]:
    """The lines whose units an event moved."""
    lines = order.lines
    match event:
        case OrderPlaced():
            return lines.values()
        case BackordersAllocated():
            return [lines[a.line_id] for a in event.allocations]
        case (
            OrderCancelled()
            | UnitsPacked()
            | UnitsUnpacked()
            | UnitsShipped()
            | UnitsDelivered()
            | UnitsReturned()
        ):
            return [lines[each.line_id] for each in event.lines]
    return ()
