"""Moves of the made-up shop that concern money, labels and the end of orders."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from oms_ledger.domain.customers.events import CustomerNoted, CustomerTagged
from oms_ledger.domain.drafts.content import DraftContent, DraftLine
from oms_ledger.domain.drafts.events import DraftDeleted, DraftPlaced, DraftSaved
from oms_ledger.domain.messages.events import MessageFailed, MessageRequested, MessageSent
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import (
    CreditGranted,
    OrderArchived,
    OrderCancelled,
    OrderNoted,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    OrderResumed,
    OrderTagged,
    OrderUnarchived,
    PaymentProgressed,
    ReturnProgressed,
)
from oms_ledger.domain.orders.lines import (
    Allocation,
    Backorder,
    LineQuantity,
    OrderLine,
    RejectedLine,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import Customer, OrderTerms
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    RefundRequested,
)
from oms_ledger.domain.payments.rules import payment_changes
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.reservations.events import (
    HeldUnits,
    ReservationCreated,
    ReservationExtended,
    ReservationLine,
    ReservationReleased,
    ReservationUsed,
)
from oms_ledger.domain.returns.events import (
    ReceivedLine,
    ReplacementOrdered,
    RequestedLine,
    ReturnApproved,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnEvent,
    ReturnPolicyDefined,
    ReturnReceived,
    ReturnRefunded,
    ReturnReopened,
    ReturnRequested,
)
from oms_ledger.domain.returns.rules import return_changes
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    StockAllocated,
    StockBackordered,
    StockHeld,
    StockHoldReleased,
    StockReleased,
)
from oms_ledger.testing import replace

if TYPE_CHECKING:
    from tests.projections.histories import Shop

AT = datetime(2026, 1, 1, 9, tzinfo=UTC)


def prepare(shop: Shop) -> None:
    """A draft is saved, saved anew, and sometimes placed or deleted."""
    draft_id, channel = f"d{len(shop.events)}", shop.chance.choice(("web", "phone"))
    customer = Customer(shop.chance.choice((None, "c-o1")), Personal("Ada"))
    lines = (DraftLine("A", 2, "1.00"), DraftLine("B", 1))
    first = DraftContent(channel, "GBP", lines[:1], f"x-{draft_id}", customer=customer)
    shop.events.append(DraftSaved(draft_id, first))
    shop.events.append(DraftSaved(draft_id, replace(first, lines=lines), True))
    end = shop.chance.choice((DraftPlaced(draft_id, "o1"), DraftDeleted(draft_id), None))
    if end is not None:
        shop.events.append(end)


def write(shop: Shop) -> None:
    """Now and then a message is requested, sent, fails, or fails and is sent after all. By a chance
    of its own, so that the other moves are the same without it."""
    chance = random.Random(len(shop.events))
    orders = [order for order in shop.orders.values() if not order.course.unplaced]
    order = chance.choice(orders) if orders and chance.random() < 0.1 else None
    if order is None or order.placed is None:
        return
    message_id, placed = f"m{len(shop.events)}", order.placed
    request = MessageRequested(message_id, placed.order_id, "placed", placed.terms.channel)
    ends = (MessageFailed(message_id, "mailbox full"), MessageSent(message_id, "ref"))
    first, last = sorted((chance.randrange(3), chance.randrange(3)))
    shop.events.extend((request, *ends[first:last]))


def reserve(shop: Shop) -> None:
    """Now and then stock is reserved, and the reservation extended, released, expired or used. By a
    chance of its own, so that the other moves are the same without it."""
    chance = random.Random(~len(shop.events))
    if chance.random() > 0.1:
        return
    reservation_id, units = f"v{len(shop.events)}", chance.randint(1, 3)
    at = chance.choice(("LON", "MAN"))
    lines = (ReservationLine("A", units, chance.choice((None, at))),)
    until, channel = AT + timedelta(hours=1), chance.choice((None, "web"))
    held = (HeldUnits("A", at, units),)
    shop.events.append(ReservationCreated(reservation_id, lines, held, until, None, channel))
    shop.events.append(StockHeld("A", at, units, reservation_id))
    if chance.random() < 0.5:
        later = until + timedelta(hours=1)
        shop.events.append(ReservationExtended(reservation_id, later))
    ends = (
        ReservationReleased(reservation_id),
        ReservationReleased(reservation_id, expired=True),
        ReservationUsed(reservation_id, "o1"),
    )
    if chance.random() < 0.7:
        shop.events.append(chance.choice(ends))
        shop.events.append(StockHoldReleased("A", at, units, reservation_id))


def queue(shop: Shop) -> None:
    """An order is received, and placed, rejected, cancelled or left in the queue."""
    order_id, order = f"o{len(shop.orders) + 1}", Order()
    shop.orders[order_id] = order
    lines = (OrderLine("1", "A", 3, 100), OrderLine("fee", "POST", 1, 300, stocked=False))
    terms = OrderTerms("web", "GBP", lines, external_id=f"x-{order_id}")
    dates = (AT, AT + timedelta(days=1), AT + timedelta(days=3))
    number, confirm = f"WEB-{order_id}", shop.chance.random() < 0.5
    shop.happens(order, OrderReceived(order_id, number, terms, *dates, confirm=confirm))
    units = (LineQuantity("1", 3), LineQuantity("fee", 1))
    kind = shop.chance.randrange(4)
    if kind == 0:
        got = (Allocation("1", "A", "LON", 3),)
        placed = OrderPlaced(order_id, number, terms, *dates, got)
        shop.happens(order, placed, StockAllocated("A", "LON", 3, order_id, "1"))
    elif kind == 1:
        short = (RejectedLine("1", "A", 3, 2),)
        shop.happens(order, OrderRejected(order_id, "insufficient_stock", "short", units, short))
    elif kind == 2:
        shop.happens(order, OrderCancelled(order_id, "customer", None, units))


def pay(shop: Shop) -> None:
    """A payment is requested and settled at once; a later one is refunded in part."""
    order = shop.any_order()
    if order is None or order.placed is None:
        return
    payment_id = f"p{len(shop.events)}"
    amount = Money(shop.chance.randint(100, 900), "GBP")
    order_id, channel = order.placed.order_id, order.placed.terms.channel
    requested = PaymentRequested(payment_id, order_id, "manual", amount, "manual", channel=channel)
    authorised = PaymentAuthorised(payment_id, amount)
    captures = (
        CaptureRequested(payment_id, "c1", amount),
        PaymentCaptured(payment_id, "c1", amount),
    )
    back = Money(50, "GBP")
    refunds = (
        RefundRequested(payment_id, "r1", back, "damaged"),
        PaymentRefunded(payment_id, "r1", back),
    )
    steps: tuple[tuple[PaymentEvent, ...], ...] = ((requested, authorised), captures, refunds)
    payment = Payment()
    for events in steps[: shop.chance.randint(1, 3)]:
        for change in payment_changes(payment, events):
            shop.events.append(change.event)
            if isinstance(change.event, PaymentProgressed):
                order.apply(change.event)
            else:
                payment.apply(change.event)


def label(shop: Shop) -> None:
    """Half of the time an archived order is taken out of the archive, where there is one."""
    archive = [each for each in shop.orders.values() if each.labels.archived]
    if archive and shop.chance.random() < 0.5:
        unarchived = shop.chance.choice(archive)
        if unarchived.placed is not None:
            shop.happens(unarchived, OrderUnarchived(unarchived.placed.order_id))
        return
    order = shop.any_order()
    if order is None or order.placed is None:
        return
    order_id = order.placed.order_id
    tag = f"t{len(order.labels.tags)}"
    customer = f"c-{order_id}"
    shop.events += [CustomerTagged(customer, (tag,)), CustomerNoted(customer, "calls again")]
    archived = order.labels.archived
    shop.happens(
        order,
        shop.chance.choice(
            (
                OrderTagged(order_id, (tag,), tuple(order.labels.tags[:1])),
                OrderNoted(order_id, "gift"),
                OrderUnarchived(order_id) if archived else OrderArchived(order_id),
            )
        ),
    )


def end(shop: Shop) -> None:
    """Expired with all that is open, and resumed now and then."""
    order = shop.any_order()
    if order is None or order.placed is None or any(p.packed for p in order.lines.values()):
        return
    order_id = order.placed.order_id
    lines = order.lines
    units = tuple(LineQuantity(i, p.open) for i, p in lines.items() if p.open)
    got = tuple(
        Allocation(i, p.line.sku, at, n)
        for i, p in lines.items()
        for at, n in p.allocated_at.items()
    )
    short = tuple(
        Backorder(i, p.line.sku, at, n)
        for i, p in lines.items()
        for at, n in p.backordered_at.items()
    )
    if not units:
        return
    released = (
        *(StockReleased(a.sku, a.location, a.quantity, order_id, a.line_id) for a in got),
        *(BackorderReleased(b.sku, b.location, b.quantity, order_id, b.line_id) for b in short),
    )
    shop.happens(order, OrderCancelled(order_id, "expired", None, units, got, short), *released)
    if order.statuses.order == "expired" and shop.chance.random() < 0.5:
        taken = (
            *(StockAllocated(a.sku, a.location, a.quantity, order_id, a.line_id) for a in got),
            *(StockBackordered(b.sku, b.location, b.quantity, order_id, b.line_id) for b in short),
        )
        shop.happens(order, OrderResumed(order_id, None, units, got, short), *taken)


def credit(shop: Shop) -> None:
    order = shop.any_order()
    if order and order.placed:
        shop.happens(order, CreditGranted(order.placed.order_id, "late", "GBP", adjustment=25))


def send_back(shop: Shop) -> None:
    """Returns of a sent parcel, each of which goes another way."""
    if not shop.sent:
        return
    _, order_id, some = shop.chance.choice(shop.sent)
    order = shop.orders[order_id]
    for way in (0, 1, 2, 3, 0, 1, 2, 3):
        for change in return_changes(Return(), _life_of_return(shop, way, order, some[0])):
            if isinstance(change.event, ReturnProgressed):
                order.apply(change.event)
            shop.events.append(change.event)
    shop.events.append(ReturnPolicyDefined("standard", shop.chance.randint(7, 30)))


def _life_of_return(shop: Shop, way: int, order: Order, units: LineQuantity) -> list[ReturnEvent]:
    sku, return_id = order.lines[units.line_id].line.sku, f"r{len(shop.events)}"
    kind = shop.chance.choice(("return", "claim", "exchange"))
    wanted = RequestedLine(units.line_id, sku, units.quantity, "too small")
    assert order.placed is not None
    requested = ReturnRequested(
        return_id, kind, "refund", (wanted,), order.placed.order_id, channel="web", currency="GBP"
    )
    approved = ReturnApproved(return_id)
    if way == 0:
        return [requested, ReturnDeclined(return_id, "worn"), ReturnReopened(return_id)]
    if way == 1:
        return [requested, approved, ReturnCancelled(return_id)]
    if way == 2:
        return [requested, approved, ReplacementOrdered(return_id, "o1")]
    line = ReceivedLine(units.line_id, sku, units.quantity, "damaged", "LON", "quarantine")
    return [
        requested,
        approved,
        ReturnReceived(return_id, (line,)),
        ReturnRefunded(return_id, "f1", "GBP", (units,), 100, refunded=100),
        ReturnClosed(return_id),
    ]
