"""How an order began and ended, folded from the events that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from oms_ledger.domain.orders.events import (
    OrderCancelled,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    OrderResumed,
)


@dataclass(slots=True)
class Course:
    """`unplaced`: the order was received for the queue, and is not placed: not yet, or never.
    `to_confirm`: it is confirmed when it is placed. `ending` is the reason of the last
    cancellation, `rejection` why it was not placed."""

    unplaced: bool = False
    to_confirm: bool = False
    ending: str | None = None
    rejection: OrderRejected | None = None


CourseEvent: TypeAlias = OrderReceived | OrderPlaced | OrderRejected | OrderCancelled | OrderResumed


def apply_to_course(course: Course, event: CourseEvent) -> None:
    match event:
        case OrderReceived():
            course.unplaced, course.to_confirm = True, event.confirm
        case OrderPlaced():
            course.unplaced = False
        case OrderRejected():
            course.ending, course.rejection = REJECTED, event
        case OrderCancelled():
            course.ending = event.reason
        case OrderResumed():
            course.ending = None
        case _:
            assert_never(event)


REJECTED = "rejected"
"""The ending of an order that was received and could not be placed."""
