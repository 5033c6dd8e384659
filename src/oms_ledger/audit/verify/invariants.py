"""Refolds the log and checks invariants across streams.

After every event: no stock is promised that is not on hand, or is damaged or in quarantine, nothing
of a blocked lot is sold, and the units of a line add up. At the end of every command, whose events
are adjacent in the log: stock is allocated and backordered exactly as the orders' lines claim,
expected exactly as deliveries and transfers announce, and moved as these say; its units are those
of its lots and states; every order has the number that its channel gave it, and every
shipment has the units that its order packed, every return those that its order counts of it, and
every payment the amounts that its order counts of it.
Only streams that the command wrote to are checked, so the length of the log does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import cast

from oms_ledger.audit.verify.closed_orders import ClosedOrders, is_closed
from oms_ledger.audit.verify.findings import Finding
from oms_ledger.audit.verify.incoming_checks import IncomingClaims
from oms_ledger.audit.verify.line_checks import (
    edit_fault,
    money_fault,
    touched_lines,
    units_fault,
    units_text,
)
from oms_ledger.audit.verify.number_checks import NumberClaims
from oms_ledger.audit.verify.payment_checks import PaymentClaims, currency_fault, totals_text
from oms_ledger.audit.verify.return_checks import ReturnClaims, return_fault
from oms_ledger.audit.verify.shipment_checks import ShipmentClaims
from oms_ledger.audit.verify.stock_checks import counters_fault, promise_fault
from oms_ledger.audit.verify.stock_claims import StockClaims
from oms_ledger.domain.catalogue.events import (
    LocationDefined,
    NumbersPassed,
    OrderNumberClaimed,
    OrderNumbered,
    ProductDefined,
)
from oms_ledger.domain.catalogue.state import Channel, Location, Product
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.counts.events import COUNT_EVENTS
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.identifiers import channel_key, stock_key
from oms_ledger.domain.inbound.events import INBOUND_EVENTS
from oms_ledger.domain.lots.events import SERIAL_EVENTS, LotDefined
from oms_ledger.domain.orders.events import (
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    PaymentProgressed,
    ReturnProgressed,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentRequested
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.returns.events import ReturnPolicyDefined, ReturnRequested
from oms_ledger.domain.returns.state import Return, ReturnPolicy
from oms_ledger.domain.risk.events import RISK_EVENTS
from oms_ledger.domain.stock.events import StockEvent
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.store_credit.events import STORE_CREDIT_EVENTS
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.domain.transfers.events import TRANSFER_EVENTS, TransferEvent
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.kernel import Event, State, stream_id

_OF_LOTS = (LotDefined, *SERIAL_EVENTS)
BELONGING = (ChannelDefined, *_OF_LOTS, *COUNT_EVENTS, *RISK_EVENTS, *STORE_CREDIT_EVENTS)
"""Events whose streams are checked and nothing else of them, store credit aside."""

CLOSING = (UnitsDelivered, OrderCancelled, OrderRejected, UnitsReturned, ReturnProgressed)
"""Events after which an order may be closed."""


class InvariantChecker:
    """`states` has the state of every stream but those of closed orders. `checked` counts checks by
    name, `totals` sums the orders as agreed, in minor units by currency. Of one stream only the
    first finding of a kind is kept, since later ones follow from it."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.checked: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self._claims = StockClaims()
        self._incoming = IncomingClaims()
        self._returns = ReturnClaims()
        self._payments = PaymentClaims()
        self._closed = ClosedOrders()
        self._left_out: set[str] = set()
        self._queued: dict[str, tuple[str, int]] = {}  # by stream: number and total as received
        self._numbers = NumberClaims()
        self._shipments = ShipmentClaims()
        self._findings: dict[tuple[str, str], Finding] = {}
        self._position = self._last_end = 0
        self._suspended = self._next_suspended = False
        # Of the command that is being read:
        self._changed_stock: set[str] = set()
        self._closable: dict[str, Order] = {}

    def findings(self) -> list[Finding]:
        return list(self._findings.values())

    def reopen(self, stream: str) -> State | None:
        """The state of a closed order, which is open from now on; None for any other stream."""
        order = self._closed.reopen(stream)
        if order is not None:
            self.states[stream] = order
        return order

    def suspend(self, *, next_too: bool = False) -> None:
        """Skip the checks at the end of this command, of which an event is missing; with
        `next_too` also those of the next command, to which the event may belong."""
        self._suspended = True
        self._next_suspended |= next_too

    def leave_out(self, stream: str) -> None:
        """Make no more findings of this stream, whose state is unknown from now on."""
        self.states.pop(stream, None)
        self._left_out.add(stream)

    def apply(self, position: int, stream: str, state: State, event: Event) -> None:
        """Check an event that is already applied to the `state` of its stream."""
        self._position = position
        if isinstance(state, StockLevel):
            self._stock(stream, state, cast(StockEvent, event))
        elif isinstance(state, Order):
            self._order(stream, state, event)
        elif isinstance(state, Shipment):
            self._shipment(stream, state, event)
        elif isinstance(state, Return):
            self._return(stream, state, event)
        elif isinstance(state, Payment):
            self._payment(stream, state, event)
        elif isinstance(state, Reservation):
            self._belongs(stream, event.stream)
            self._claims.reserve(state, event)
        elif isinstance(event, ReturnPolicyDefined):
            self._belongs(stream, stream_id(ReturnPolicy, event.name))
        elif isinstance(event, INBOUND_EVENTS):
            self._belongs(stream, event.stream)
            self._incoming.of_inbound(event)
        elif isinstance(event, TRANSFER_EVENTS):
            self._transfer(stream, state, event)
        elif isinstance(event, BELONGING):
            self._belongs(stream, event.stream)
            if isinstance(state, StoreCredit) and state.balance < 0:
                self._find("store_credit_overspent", "more is spent than there is", stream,
                           "a balance of 0 or more", str(state.balance))  # fmt: skip
        elif isinstance(event, OrderNumbered):
            self._number(stream, event)
        elif isinstance(event, NumbersPassed):
            self._belongs(stream, event.stream)
            self._numbers.passed(stream, event)
        elif isinstance(event, OrderNumberClaimed):
            self._claimed(stream, state, event)
        elif isinstance(event, ProductDefined):
            self._belongs(stream, stream_id(Product, event.sku))
        elif isinstance(event, LocationDefined):
            self._belongs(stream, stream_id(Location, event.code))

    def _belongs(self, stream: str, own: str) -> None:
        if stream != own:
            self._find("stream_mismatch", "the event names another stream", stream, stream, own)

    def _find(self, kind: str, text: str, stream: str, expected: str, actual: str) -> None:
        at = self._position
        finding = Finding(kind, f"event {at} of {stream}: {text}", at, at, stream, expected, actual)
        self._findings.setdefault((kind, stream), finding)

    # One event.

    def _stock(self, stream: str, level: StockLevel, event: StockEvent) -> None:
        if stream != f"stock-{event.sku}@{event.location}":
            self._belongs(stream, stream_id(StockLevel, stock_key(event.sku, event.location)))
        self._changed_stock.add(stream)
        self._incoming.of_stock(event)
        fault = promise_fault(level, event)
        if fault is not None:
            text, expected, actual = fault
            self._find("oversold", text, stream, expected, actual)

    def _transfer(self, stream: str, state: State, event: TransferEvent) -> None:
        self._belongs(stream, event.stream)
        self._incoming.of_transfer(event)
        assert isinstance(state, Transfer), "the streams of transfers have such states"
        if any(min(line.in_transit, line.lost) < 0 for line in state.lines.values()):
            self._find("transfer_differs", "more arrived than is in transit", stream,
                       "0 in transit or more", "less")  # fmt: skip

    def _order(self, stream: str, order: Order, event: Event) -> None:
        self._belongs(stream, stream_id(Order, str(getattr(event, "order_id", ""))))
        if isinstance(event, OrderPlaced):
            self._placed(stream, order, event)
        elif isinstance(event, OrderReceived):
            self._received(stream, order, event)
        elif isinstance(event, OrderEdited):
            self._edited(stream, order, event)
        elif isinstance(event, UnitsPacked):
            self._shipments.packed(event)
        elif isinstance(event, CLOSING):
            self._closable[stream] = order
            if isinstance(event, OrderCancelled | OrderRejected):
                self._queued.pop(stream, None)
        elif isinstance(event, PaymentProgressed):
            self._paid(stream, order, event)
        self._claims.apply(order, event)
        self._returns.of_order(order, event)
        for progress in touched_lines(order, event):
            self.checked["lines"] += 1
            fault = units_fault(progress)
            if fault is not None:
                expected = (
                    "ordered = allocated + packed + backordered + untracked + shipped + cancelled"
                )
                self._find("units_lost", fault, stream, expected, units_text(progress))

    def _placed(self, stream: str, order: Order, event: OrderPlaced) -> None:
        queued = self._queued.pop(stream, None)
        if queued is None:
            self._begun(stream, order, event)
        elif (event.number, event.terms.total) != queued:
            self._find("placed_otherwise", "an order is placed as it was received", stream,
                       str(queued), str((event.number, event.terms.total)))  # fmt: skip

    def _received(self, stream: str, order: Order, event: OrderReceived) -> None:
        self.checked["queued orders"] += 1
        self._begun(stream, order, event)
        self._queued[stream] = (event.number, event.terms.total)

    def _begun(self, stream: str, order: Order, event: OrderPlaced | OrderReceived) -> None:
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
        self._numbers.of_orders[event.order_id] = event.number

    def _edited(self, stream: str, order: Order, event: OrderEdited) -> None:
        self.checked["edits"] += 1
        self.totals[event.currency] += event.total_after - event.total_before
        # Of an order that was closed and resumed the prices are not known.
        fault = None if order.placed is None else edit_fault(order, event)
        if fault is not None:
            self._find("money_does_not_add_up", fault, stream, "amounts of 0 or more that add up",
                       f"{event.total_after} minor units of {event.currency}")  # fmt: skip

    def _shipment(self, stream: str, shipment: Shipment, event: Event) -> None:
        self._belongs(stream, stream_id(Shipment, str(getattr(event, "shipment_id", ""))))
        if isinstance(event, ShipmentCreated):
            self.checked["shipments"] += 1
            self._shipments.created(event)
        shipment.scan_digests.clear()
        if shipment.status == "cancelled":
            shipment.created = None
            return
        earlier = self._shipments.earlier_status(stream, shipment)
        if earlier is not None:
            self._find("shipment_moved_back", "a shipment only goes forward", stream,
                       f"{earlier} or later", shipment.status)  # fmt: skip
        if shipment.status == "delivered":
            shipment.created = None

    def _return(self, stream: str, return_: Return, event: Event) -> None:
        self._belongs(stream, stream_id(Return, str(getattr(event, "return_id", ""))))
        if isinstance(event, ReturnRequested):
            self.checked["returns"] += 1
        self._returns.of_return(return_, event)
        fault = return_fault(return_)
        if fault is not None:
            self._find("return_over_refunded", fault, stream, "no more than came back", fault)

    def _paid(self, stream: str, order: Order, event: PaymentProgressed) -> None:
        self._payments.of_order(event)
        fault = currency_fault(order, event)
        if fault is not None:
            self._find("money_does_not_add_up", fault, stream, order.terms.currency,
                       event.currency)  # fmt: skip

    def _payment(self, stream: str, payment: Payment, event: Event) -> None:
        self._belongs(stream, stream_id(Payment, str(getattr(event, "payment_id", ""))))
        if isinstance(event, PaymentRequested):
            self.checked["payments"] += 1
        payment.provider_event_ids.clear()
        fault = self._payments.of_payment(payment, event)
        if fault is not None:
            expected = "no more captured than authorised, or refunded than captured and requested"
            self._find("payment_does_not_add_up", fault, stream, expected, totals_text(payment))

    def _number(self, stream: str, event: OrderNumbered) -> None:
        self._belongs(stream, stream_id(Channel, channel_key(event.channel)))
        expected = self._numbers.numbered(stream, event)
        if event.sequence != expected:
            self._find("number_gap", "order numbers are dense", stream, str(expected),
                       str(event.sequence))  # fmt: skip

    def _claimed(self, stream: str, state: State, event: OrderNumberClaimed) -> None:
        self._belongs(stream, event.stream)
        if state.version != 1:
            self._find("number_taken", "two orders have one number", stream, "one order",
                       event.order_id)  # fmt: skip
        self._numbers.claimed(event)

    # The end of a command.

    def end_of_command(self) -> None:
        """Check what must hold once all events of a command are applied."""
        self._compare_stock()
        self._compare_transfers()
        self._compare_returns()
        self._compare_payments()
        if not self._suspended:
            numbers, shipments = self._numbers, self._shipments
            self._compare("number_differs", "numbers", numbers.given, numbers.of_orders)
            packed = (shipments.of_orders, shipments.of_shipments)
            self._compare("shipment_differs", "packed units", *packed)
        for stream, order in self._closable.items():
            if stream not in self._left_out and is_closed(order):
                self._closed.add(stream, order)
                del self.states[stream]
        if self._position > self._last_end:
            self.checked["commands"] += 1
            self._last_end = self._position
        touched = (self._claims.touched, self._incoming.touched)
        for each in (self._changed_stock, self._closable, *touched):
            each.clear()
        self._numbers.end_of_command()
        self._shipments.end_of_command()
        self._suspended, self._next_suspended = self._next_suspended, False

    def _compare_stock(self) -> None:
        claims = self._claims
        for stream in self._changed_stock | claims.touched | self._incoming.touched:
            level = self.states.get(stream) or StockLevel()
            assert isinstance(level, StockLevel), "the streams of stock have such states"
            self.checked["stock balances"] += 1
            self._counters(stream, level)
            if claims.agree(stream, level):
                continue
            if not self._suspended and stream not in self._left_out:
                finding = claims.difference(stream, level, self._position)
                self._findings.setdefault((finding.kind, stream), finding)
            claims.adopt(stream, level)

    def _counters(self, stream: str, level: StockLevel) -> None:
        suspended = self._suspended or stream in self._left_out
        fault = counters_fault(level)
        if fault is not None and not suspended:
            self._find("stock_does_not_add_up", fault, stream, "counters that add up", fault)
        expected = self._incoming.expected(stream)
        if level.incoming != expected:
            if not suspended:
                self._find("incoming_differs", "deliveries and transfers announce other units",
                           stream, str(expected), str(level.incoming))  # fmt: skip
            self._incoming.adopt(stream, level)

    def _compare_transfers(self) -> None:
        for transfer_id, document, stock in self._incoming.end_of_command():
            if not self._suspended:
                self._find("transfer_differs", "the stock moved other units than the transfer",
                           stream_id(Transfer, transfer_id), document, stock)  # fmt: skip

    def _compare_returns(self) -> None:
        for each in self._returns.end_of_command():
            stream, order = stream_id(Return, each.return_id), stream_id(Order, each.order_id)
            if not self._suspended and self._left_out.isdisjoint((stream, order)):
                self._find("return_differs", each.text, stream, each.expected, each.actual)

    def _compare_payments(self) -> None:
        for each in self._payments.end_of_command():
            stream, order = stream_id(Payment, each.payment_id), stream_id(Order, each.order_id)
            if not self._suspended and self._left_out.isdisjoint((stream, order)):
                self._find("payment_differs", each.text, stream, each.expected, each.actual)

    def _compare(
        self, kind: str, what: str, one: Mapping[str, object], other: Mapping[str, object]
    ) -> None:
        if one == other:
            return
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key):
                text = f"the {what} of one command's events do not agree"
                self._find(kind, text, key, str(one.get(key)), str(other.get(key)))
