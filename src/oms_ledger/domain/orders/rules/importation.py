"""The decision behind importing a past order: the events that its life would have written, with its
own dates, as one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TypeAlias, cast

from oms_ledger.domain.errors import Refused, invalid_field
from oms_ledger.domain.fulfilment.creation import ShipmentPlan, shipment_created
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.rules import deliver, dispatch, stock_in
from oms_ledger.domain.fulfilment.traceability import stock_shipped
from oms_ledger.domain.guards import quantities, require_location
from oms_ledger.domain.identifiers import imported_shipment_id, recorded_payment_id
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
    CreditGranted,
    FulfilmentReleased,
    OrderConfirmed,
    OrderPlaced,
    UnitsPacked,
)
from oms_ledger.domain.orders.past import PastOrder, PastPayment, PastShipment
from oms_ledger.domain.orders.promise import promised_times
from oms_ledger.domain.orders.rules.cancellation import cancel_rest
from oms_ledger.domain.orders.rules.numbers import claim, next_number
from oms_ledger.domain.orders.rules.past_stock import PastStock, stock_of_past
from oms_ledger.domain.orders.rules.placement import (
    has_sensitive,
    placed_before,
    stock_taken,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import Imported, OrderTerms
from oms_ledger.domain.payments.events import (
    PAYMENT_EVENTS,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    RefundRequested,
)
from oms_ledger.domain.payments.rules import payment_changes, recorded
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.store_credit import STORE_CREDIT
from oms_ledger.domain.routing.source import Sourcing
from oms_ledger.domain.stock.events import STOCK_EVENTS
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.domain.stock.rules import Plan, kits_of
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import refuse_future
from oms_ledger.kernel import Change, Context, Event, Given, Json, S

REFUNDED = "refunded elsewhere"

Units: TypeAlias = Mapping[str, int]
"""Units by line id."""

Fact: TypeAlias = tuple[datetime, Callable[[], None]]
"""When something happened, and what adds its events."""


def import_order(
    order_id: str,
    terms: OrderTerms,
    past: PastOrder,
    ctx: Context,
    given: Given,
    *,
    sensitive: bool = False,
    postal_area: str | None = None,
) -> Sequence[Change]:
    """The events of a past order; none where the same one was imported already. `Invalid` for dates
    and shipments that cannot be; `Refused` with `external_id_reused`, `number_taken`,
    `insufficient_stock`, `unknown_location`, `unknown_line`, `over_refund`, `illegal_transition` or
    `unknown_provider`."""
    imported = Imported(past.stock, past.digest)
    if placed_before(order_id, terms, given, confirm=False, sensitive=sensitive) is not None:
        _refuse_other_fate(given.state(Order, order_id).first_event, imported)
        return ()
    placed_at = terms.placed_at or ctx.now
    _check_dates(terms, past, placed_at, ctx)
    _check_payments(past, terms.currency)
    units = _units_of_shipments(terms, past)
    for shipment in past.shipments:
        require_location(given, shipment.location)
    if past.number is not None:
        number, numbered = past.number, claim(past.number, order_id, given)
    else:
        number, given_number = next_number(terms.channel, order_id, given)
        numbered = [given_number]
    shipped = [(s.location, u) for s, u in zip(past.shipments, units, strict=True)]
    kits = kits_of(terms.lines)
    sourcing = Sourcing(order_id, terms, "import", ctx.now, kits, postal_area, is_new=True)
    stock = stock_of_past(sourcing, past, shipped, given)
    placed = OrderPlaced(
        order_id,
        number,
        terms,
        placed_at,
        *promised_times(terms, placed_at),
        allocations=stock.allocations,
        backorders=stock.backorders,
        sensitive=sensitive or has_sensitive(terms.lines, given),
        postal_area=postal_area,
        untracked=stock.untracked,
        imported=imported,
    )
    life = _Life(past, ctx, given, placed_at)
    life.begin(placed, stock)
    life.go_on(units)
    return [*numbered, *life.changes, *stock.decision]


def _refuse_other_fate(placed: OrderPlaced, imported: Imported) -> None:
    """`Refused` with `external_id_reused` where the order was placed here, or imported with other
    dates, shipments or payments, or another use of stock."""
    if placed.imported == imported:
        return
    how = "was placed here" if placed.imported is None else "was imported with another fate"
    raise Refused(
        f"Order {placed.number} of channel {placed.terms.channel} has external id"
        f" {placed.terms.external_id!r} and {how}. Change it with commands of its own, or use"
        " another external id for another order.",
        code="external_id_reused",
    )


def _check_dates(terms: OrderTerms, past: PastOrder, placed_at: datetime, ctx: Context) -> None:
    refuse_future(terms.placed_at, ctx, "placed_at")
    for name, at in past.dates():
        refuse_future(at, ctx, name)
        early = at is not None and at < placed_at
        if early and name in ("confirmed_at", "cancelled_at"):
            raise invalid_field(
                name,
                "It is before placed_at, or that is left out. Write when each happened.",
            )
    for n, shipment in enumerate(past.shipments):
        if past.cancelled_at is not None and shipment.left_at is None:
            raise invalid_field(
                f"shipments.{n}.dispatched_at",
                "The rest of the order was cancelled, so that no shipment waits to leave. Write"
                " when it left, or leave the shipment out.",
            )


def _check_payments(past: PastOrder, currency: str) -> None:
    references: set[tuple[str, str]] = set()
    for n, payment in enumerate(past.payments):
        if payment.provider == STORE_CREDIT:
            raise Refused(
                "Store credit is kept by the ledger itself, so that nothing is recorded of it."
                " Write another provider.",
                code="unknown_provider",
                errors=[{"field": f"payments.{n}.provider"}],
            )
        if (payment.provider, payment.reference) in references:
            raise invalid_field(
                f"payments.{n}.reference",
                "The order has a payment of this provider and reference already. Write each once.",
            )
        references.add((payment.provider, payment.reference))
        if payment.refunded > payment.amount:
            refunded, amount = (
                to_text(payment.refunded, currency),
                to_text(payment.amount, currency),
            )
            raise Refused(
                f"payments.{n}.refunded: {refunded} {currency} is more than the {amount} that were"
                " captured. Write at most that.",
                code="over_refund",
                errors=[{"requested": refunded, "available": amount}],
            )


def _units_of_shipments(terms: OrderTerms, past: PastOrder) -> list[dict[str, int]]:
    """The units of each shipment. `Refused`, naming every line at fault, where they are more than
    were ordered, of no line, or of a service."""
    skus = {line.line_id: line.sku for line in terms.lines}
    left = {line.line_id: line.quantity for line in terms.lines if line.stocked}
    every: list[dict[str, int]] = []
    faults: list[dict[str, Json]] = []
    for n, shipment in enumerate(past.shipments):
        units: dict[str, int] = {}
        pairs = left.items() if shipment.lines is None else shipment.lines
        for line_id, quantity in pairs:
            units[line_id] = units.get(line_id, 0) + quantity
        units = {line_id: quantity for line_id, quantity in units.items() if quantity}
        if not units:
            raise invalid_field(
                f"shipments.{n}.lines", "No goods are left for it. Write the lines of each."
            )
        for line_id, quantity in units.items():
            there = left.get(line_id, 0)
            if quantity > there:
                fault: dict[str, Json] = {"line": line_id, "sku": skus.get(line_id)}
                faults.append({**fault, "requested": quantity, "available": there})
            left[line_id] = max(0, there - quantity)
        every.append(units)
    if faults:
        raise Refused(
            "Some shipments have units that were not ordered, or that have shipped already. Lines"
            " are numbered from 1 as they are written; services are not shipped.",
            code="unknown_line" if any(f["sku"] is None for f in faults) else "nothing_to_ship",
            errors=faults,
        )
    return every


class StockSoFar:
    """The states that are given, and stock as the events before have left it: `levels` by the key
    of their streams."""

    def __init__(self, given: Given, levels: dict[str, StockLevel]) -> None:
        self._given = given
        self._levels = levels

    def state(self, kind: type[S], key: str) -> S:
        if kind is not StockLevel:
            return self._given.state(kind, key)
        if key not in self._levels:
            self._levels[key] = deepcopy(self._given.state(StockLevel, key))
        return cast(S, self._levels[key])

    def all(self, kind: type[S]) -> Collection[S]:
        return self._given.all(kind)

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        return self._given.group(kind, prefix)


@dataclass(slots=True)
class _Life:
    """The life of an order while its events are decided, one fact after the other."""

    past: PastOrder
    ctx: Context
    given: Given
    placed_at: datetime
    order: Order = field(default_factory=Order)
    shipments: dict[int, ShipmentCreated] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    refunded_at: datetime | None = None
    levels: dict[str, StockLevel] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    @property
    def states(self) -> StockSoFar:
        """What the rules of shipments see of the stock."""
        return StockSoFar(self.given, self.levels)

    @property
    def order_id(self) -> str:
        return self.order.first_event.order_id

    def add(self, events: Collection[Event], at: datetime) -> None:
        for event in events:
            if isinstance(event, ORDER_EVENTS):
                self.order.apply(event)
            elif isinstance(event, STOCK_EVENTS):
                self.states.state(StockLevel, event.key).apply(event)
            elif isinstance(event, PAYMENT_EVENTS):
                self.payments.setdefault(event.payment_id, Payment()).apply(event)
            self.changes.append(Change(event, None if at == self.ctx.now else at))

    def begin(self, placed: OrderPlaced, stock: PastStock) -> None:
        at = self.placed_at
        self.add([placed], at)
        self.add(stock.adjustments, at)
        plan = Plan(list(stock.allocations))
        kits = kits_of(placed.terms.lines)
        taken = stock_taken(placed.order_id, plan, stock.backorders, kits)
        self.add([change.event for change in taken], at)
        if self.past.was_confirmed:
            self.add([OrderConfirmed(self.order_id)], self.past.confirmed_at or at)
        fulfil_at = placed.terms.fulfil_at
        if fulfil_at is not None and (fulfil_at <= self.ctx.now or self.past.shipments):
            self.add([FulfilmentReleased(self.order_id)], max(at, min(fulfil_at, self.ctx.now)))

    def go_on(self, units: Sequence[Units]) -> None:
        """What followed, in the order of its dates; the cancellation of the rest after all that
        has shipped, and what refunds have granted last."""
        facts: list[Fact] = []
        for number, (shipment, of_it) in enumerate(zip(self.past.shipments, units, strict=True), 1):
            facts += self._of_shipment(number, shipment, of_it)
        last = max((at for at, _ in facts), default=self.placed_at)
        if self.past.cancelled_at is not None:
            at = self.past.cancelled_at
            facts.append((max(last, at), lambda: self._cancel(at)))
        for payment in self.past.payments:
            facts += self._of_payment(payment)
        for _, happen in sorted(facts, key=lambda fact: fact[0]):
            happen()
        self._grant_refunds()

    def _of_shipment(self, number: int, shipment: PastShipment, units: Units) -> list[Fact]:
        created_at = shipment.left_at or self.past.confirmed_at or self.placed_at
        facts: list[Fact] = [(created_at, lambda: self._ship(number, shipment, units, created_at))]
        arrived_at = shipment.delivered_at
        if arrived_at is not None:
            facts.append((max(created_at, arrived_at), lambda: self._deliver(number, arrived_at)))
        return facts

    def _ship(self, number: int, shipment: PastShipment, units: Units, at: datetime) -> None:
        """Pack a shipment, and send it if it has left."""
        untracked = self.past.stock == "skip"
        plan = ShipmentPlan(
            imported_shipment_id(self.order_id, number),
            _token(self.ctx.token, number),
            shipment.location,
            units,
            shipment.carrier,
            shipment.service,
            untracked=untracked,
        )
        created = shipment_created(self.order, plan)
        self.shipments[number] = created
        lines = quantities(units.items())
        packed = UnitsPacked(self.order_id, created.shipment_id, created.location, lines, untracked)
        self.add([packed, created], at)
        if shipment.left_at is not None:
            stock = stock_in(created, self.order)
            day = day_of(shipment.left_at)
            left = dispatch(
                created,
                shipment.left_at,
                stock_shipped(created, stock, {}, day, self.states),
                tracking_number=shipment.tracking_number,
                simulated=shipment.dispatched_at is None,
            )
            self.add([change.event for change in left], at)

    def _deliver(self, number: int, at: datetime) -> None:
        arrived = deliver(self.shipments[number], at, None)
        self.add([change.event for change in arrived], at)

    def _cancel(self, at: datetime) -> None:
        reason = self.past.cancel_reason
        changes = cancel_rest(self.order_id, self.order, reason, None, self.given)
        self.add([change.event for change in changes], at)

    def _of_payment(self, payment: PastPayment) -> list[Fact]:
        captured_at = payment.captured_at or self.placed_at
        facts: list[Fact] = [(captured_at, lambda: self._capture(payment, captured_at))]
        if payment.refunded:
            at = payment.refunded_at or captured_at
            self.refunded_at = max(self.refunded_at or at, at)
            facts.append((max(captured_at, at), lambda: self._refund(payment, at)))
        return facts

    def _payment_id(self, payment: PastPayment) -> str:
        return recorded_payment_id(self.order_id, payment.provider, payment.reference)

    def _capture(self, payment: PastPayment, at: datetime) -> None:
        terms = self.order.terms
        requested = PaymentRequested(
            self._payment_id(payment),
            self.order_id,
            payment.provider,
            Money(payment.amount, terms.currency),
            "automatic",
            sensitive=self.order.sensitive,
            channel=terms.channel,
        )
        self._add_to_payment(Payment(), recorded(requested, payment.reference), at)

    def _refund(self, payment: PastPayment, at: datetime) -> None:
        payment_id = self._payment_id(payment)
        amount = Money(payment.refunded, self.order.terms.currency)
        refunded: list[PaymentEvent] = [
            RefundRequested(payment_id, payment_id, amount, REFUNDED),
            PaymentRefunded(payment_id, payment_id, amount, payment.reference),
        ]
        self._add_to_payment(self.payments[payment_id], refunded, at)

    def _add_to_payment(
        self, payment: Payment, events: Sequence[PaymentEvent], at: datetime
    ) -> None:
        self.add([change.event for change in payment_changes(payment, events)], at)

    def _grant_refunds(self) -> None:
        """What was refunded of what the buyer owes was granted to them, and is not due again."""
        if self.refunded_at is None:
            return
        balance, currency = self.order.balance, self.order.terms.currency
        favour = balance.refunded - max(0, balance.captured - balance.owed)
        if favour > 0:
            granted = CreditGranted(self.order_id, REFUNDED, currency, adjustment=favour)
            self.add([granted], self.refunded_at)


def _token(token: str, number: int) -> str:
    """An unguessable text for each shipment, from that of the command."""
    return blake2b(f"{token}\x1f{number}".encode(), digest_size=16).hexdigest()
