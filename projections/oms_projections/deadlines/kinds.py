"""The kinds of deadlines: which events set one, and which end it.

What is done when one is due is in `oms_ledger/policies/deadlines.py`, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from oms_ledger.domain.orders.events import (
    FulfilmentReleased,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderResumed,
)
from oms_ledger.kernel import Event


@dataclass(frozen=True, slots=True)
class DeadlineSet:
    """The thing `key` has until `due_at`. The deadline is closed while it has no `parts`: the units
    of an order, of which all may be cancelled, and wanted again."""

    key: str
    due_at: datetime
    parts: int = 1


@dataclass(frozen=True, slots=True)
class DeadlineEnded:
    """The deadline of `key` is over, whatever parts it has."""

    key: str


@dataclass(frozen=True, slots=True)
class DeadlineParts:
    """The deadline of `key` has so many parts more; below zero: fewer."""

    key: str
    more: int


DeadlineChange = DeadlineSet | DeadlineEnded | DeadlineParts


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
            terms = event.terms
            if terms.fulfil_at is None:
                return None
            units = sum(line.quantity for line in terms.lines)
            return DeadlineSet(event.order_id, terms.fulfil_at, units)
        case FulfilmentReleased():
            return DeadlineEnded(event.order_id)
        case OrderCancelled():
            return DeadlineParts(event.order_id, -sum(line.quantity for line in event.lines))
        case OrderResumed():
            return DeadlineParts(event.order_id, sum(line.quantity for line in event.lines))
        case OrderEdited():
            added = sum(line.quantity for line in event.added)
            changed = sum(each.line.quantity - each.quantity_before for each in event.changed)
            return DeadlineParts(event.order_id, added + changed)
        case _:
            return None


KINDS: tuple[DeadlineKind, ...] = (
    DeadlineKind(
        "scheduled_order",
        (OrderPlaced, FulfilmentReleased, OrderCancelled, OrderResumed, OrderEdited),
        _scheduled_order,
    ),
)
