"""The kinds of deadlines: which events set one, and which end it.

What is done when one is due is in `oms_ledger/policies/deadlines.py`, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from oms_ledger.domain.orders.events import FulfilmentReleased, OrderCancelled, OrderPlaced
from oms_ledger.kernel import Event


@dataclass(frozen=True, slots=True)
class DeadlineSet:
    """The thing `key` has until `due_at`. The deadline ends when all of its `parts` have ended: the
    units of an order, which may be cancelled one after the other."""

    key: str
    due_at: datetime
    parts: int = 1


@dataclass(frozen=True, slots=True)
class DeadlineEnded:
    """So many `parts` of the deadline of `key` have ended; None: all of it."""

    key: str
    parts: int | None = None


DeadlineChange = DeadlineSet | DeadlineEnded


@dataclass(frozen=True, slots=True)
class DeadlineKind:
    """`change` returns what one of `events` does to a deadline of this kind; None: nothing. That an
    event ends a deadline which was never set does no harm."""

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
            units = sum(line.quantity for line in event.lines)
            return DeadlineEnded(event.order_id, units)
        case _:
            return None


KINDS: tuple[DeadlineKind, ...] = (
    DeadlineKind(
        "scheduled_order", (OrderPlaced, FulfilmentReleased, OrderCancelled), _scheduled_order
    ),
)
