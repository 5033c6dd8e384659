"""The state of a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, assert_never

from oms_ledger.domain.cases.events import (
    CASE_EVENTS,
    CaseClosed,
    CaseEvent,
    CaseNoted,
    CaseOpened,
    CaseReopened,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Event, Ref, State


@dataclass(slots=True)
class ShipmentCase(State):
    """`closed` is the event that closed it, None while it is open; `note` the newest note of any of
    its events."""

    category: ClassVar[str] = "case"
    group_separator: ClassVar[str] = "@"
    version: int = 0
    opened: CaseOpened | None = None
    closed: CaseClosed | None = None
    note: str | None = None

    @property
    def owner(self) -> Ref | None:
        return None if self.opened is None else (Order, self.opened.order_id)

    @property
    def first_event(self) -> CaseOpened:
        """`ValueError` for a case that was never opened."""
        if self.opened is None:
            raise ValueError("a case's first event is CaseOpened")
        return self.opened

    @property
    def status(self) -> str:
        """open or closed."""
        return "open" if self.closed is None else "closed"

    def apply(self, event: Event) -> None:
        if not isinstance(event, CASE_EVENTS):
            raise TypeError(f"{event.type} does not belong to a case")
        _apply(self, event)


def _apply(case: ShipmentCase, event: CaseEvent) -> None:
    match event:
        case CaseOpened():
            case.opened, case.note = event, event.note
        case CaseNoted():
            case.note = event.text
        case CaseClosed():
            case.closed, case.note = event, event.note or case.note
        case CaseReopened():
            case.closed, case.note = None, event.note or case.note
        case _:
            assert_never(event)
