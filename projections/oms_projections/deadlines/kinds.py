"""The kinds of deadlines: which events set one, and which end it.

What is done when one is due is in `oms_ledger/policies/deadlines.py`, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from oms_ledger.domain.cases.events import CaseOpened
from oms_ledger.domain.cases.rules import CASE_KIND_OF_SCAN
from oms_ledger.domain.fulfilment.events import ShipmentDelivered, ShipmentScanned
from oms_ledger.domain.fulfilments.events import (
    FulfilmentDue,
    FulfilmentOpened,
    FulfilmentOverdue,
    FulfilmentScheduled,
)
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    CreditGranted,
    FulfilmentReleased,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderResumed,
    PaymentProgressed,
    UnitsShipped,
)
from oms_ledger.domain.reservations.events import (
    ReservationCreated,
    ReservationExtended,
    ReservationReleased,
    ReservationUsed,
)
from oms_ledger.domain.stock.lots import APPROVED
from oms_ledger.kernel import Event


@dataclass(frozen=True, slots=True)
class DeadlineSet:
    """The thing `key` has until `due_at`. The deadline is closed while it has no `parts`: the units
    of an order, of which all may be cancelled, and wanted again. With `follows_money` it is closed
    while the order is paid or authorised, too."""

    key: str
    due_at: datetime
    parts: int = 1
    follows_money: bool = False


@dataclass(frozen=True, slots=True)
class DeadlineEnded:
    """The deadline of `key` is over, whatever parts it has."""

    key: str


@dataclass(frozen=True, slots=True)
class MoneyChanged:
    """What is due of the order `key`, or is authorised of it, may be another amount than before."""

    key: str


@dataclass(frozen=True, slots=True)
class DeadlineParts:
    """The deadline of `key` has so many `parts` more, or below 0 fewer."""

    key: str
    parts: int


DeadlineChange = DeadlineSet | DeadlineEnded | DeadlineParts | MoneyChanged


@dataclass(frozen=True, slots=True)
class DeadlineKind:
    """`change` returns what one of `events` does to a deadline of this kind; None: nothing. That an
    event changes a deadline which was never set does no harm."""

    name: str
    events: tuple[type[Event], ...]
    change: Callable[[Event], DeadlineChange | None]


def _scheduled_order(event: Event) -> DeadlineChange | None:
    """Until its `fulfil_at` a scheduled order is not shipped."""
    match event:
        case OrderPlaced():
            return _set_for_units(event, event.terms.fulfil_at)
        case FulfilmentReleased():
            return DeadlineEnded(event.order_id)
        case _:
            return _units_changed(event)


def _unpaid_order(event: Event) -> DeadlineChange | None:
    """By its `pay_by` an order is to be paid, or authorised; the deadline is closed while it is. An
    order that has expired, or of which anything has shipped, does not expire any more; one that was
    imported never does."""
    match event:
        case OrderPlaced() if event.imported is not None:
            return None
        case OrderPlaced():
            return _set_for_units(event, event.terms.pay_by, follows_money=True)
        case UnitsShipped():
            return DeadlineEnded(event.order_id)
        case OrderCancelled(reason="expired"):
            return DeadlineEnded(event.order_id)
        case PaymentProgressed() | CreditGranted() | BackordersAllocated():
            return MoneyChanged(event.order_id)
        case _:
            return _units_changed(event)


def _scheduled_fulfilment(event: Event) -> DeadlineChange | None:
    """Before its `not_before` the work at a location does not begin."""
    match event:
        case FulfilmentScheduled():
            return DeadlineSet(event.fulfilment_id, event.not_before)
        case FulfilmentDue():
            return DeadlineEnded(event.fulfilment_id)
        case _:
            return None


def _overdue_fulfilment(event: Event) -> DeadlineChange | None:
    """By its `ship_by` the work at a location, once it was begun, is to be shipped. Whether it is,
    the command decides."""
    match event:
        case FulfilmentOpened():
            return DeadlineSet(event.fulfilment_id, event.ship_by)
        case FulfilmentOverdue():
            return DeadlineEnded(event.fulfilment_id)
        case _:
            return None


def _expiring_lot(event: Event) -> DeadlineChange | None:
    """A lot that is approved expires when its last day is over, in UTC. Another is blocked
    already."""
    assert isinstance(event, LotDefined)
    if event.status != APPROVED or event.expires_on is None:
        return DeadlineEnded(event.key)
    day_after = datetime.fromisoformat(event.expires_on).replace(tzinfo=UTC) + timedelta(days=1)
    return DeadlineSet(event.key, day_after)


def _reservation(event: Event) -> DeadlineChange | None:
    """Until its `expires_at` a reservation holds its units."""
    match event:
        case ReservationCreated() | ReservationExtended():
            return DeadlineSet(event.reservation_id, event.expires_at)
        case ReservationReleased() | ReservationUsed():
            return DeadlineEnded(event.reservation_id)
        case _:
            return None


def _flagged_shipment(event: Event) -> DeadlineChange | None:
    """A shipment that a scan flags is to have a case at once. The scan opens it, which ends this;
    scans that were recorded before they opened cases did not. Whether the shipment is still
    flagged, the command decides."""
    match event:
        case ShipmentScanned() if event.code in CASE_KIND_OF_SCAN:
            return DeadlineSet(event.shipment_id, event.scanned_at)
        case ShipmentScanned() | ShipmentDelivered() | CaseOpened():
            return DeadlineEnded(event.shipment_id)
        case _:
            return None


def _set_for_units(
    placed: OrderPlaced, due_at: datetime | None, *, follows_money: bool = False
) -> DeadlineSet | None:
    """A deadline whose parts are the units of an order."""
    if due_at is None:
        return None
    units = sum(line.quantity for line in placed.terms.lines)
    return DeadlineSet(placed.order_id, due_at, units, follows_money)


def _units_changed(event: Event) -> DeadlineChange | None:
    match event:
        case OrderCancelled():
            return DeadlineParts(event.order_id, -sum(line.quantity for line in event.lines))
        case OrderResumed():
            return DeadlineParts(event.order_id, sum(line.quantity for line in event.lines))
        case OrderEdited():
            added = sum(line.quantity for line in event.added)
            changed = sum(edit.line.quantity - edit.quantity_before for edit in event.changed)
            return DeadlineParts(event.order_id, added + changed)
        case _:
            return None


UNITS_CHANGED = (OrderCancelled, OrderResumed, OrderEdited)

KINDS: tuple[DeadlineKind, ...] = (
    DeadlineKind(
        "scheduled_order", (OrderPlaced, FulfilmentReleased, *UNITS_CHANGED), _scheduled_order
    ),
    DeadlineKind(
        "unpaid_order",
        (
            OrderPlaced,
            UnitsShipped,
            PaymentProgressed,
            CreditGranted,
            BackordersAllocated,
            *UNITS_CHANGED,
        ),
        _unpaid_order,
    ),
    DeadlineKind("expiring_lot", (LotDefined,), _expiring_lot),
    DeadlineKind(
        "scheduled_fulfilment", (FulfilmentScheduled, FulfilmentDue), _scheduled_fulfilment
    ),
    DeadlineKind("overdue_fulfilment", (FulfilmentOpened, FulfilmentOverdue), _overdue_fulfilment),
    DeadlineKind(
        "flagged_shipment", (ShipmentScanned, ShipmentDelivered, CaseOpened), _flagged_shipment
    ),
    DeadlineKind(
        "reservation",
        (ReservationCreated, ReservationExtended, ReservationReleased, ReservationUsed),
        _reservation,
    ),
)
