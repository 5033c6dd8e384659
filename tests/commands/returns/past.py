"""Pasts of returns: of order `o1` (20.25 GBP: six units at 2.55, shipping at 4.95), which is paid
and delivered in shipment `s1`. The return is `r1`."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.orders.lines import LineQuantity, OrderLine
from oms_ledger.domain.returns.events import (
    ReceivedLine,
    RequestedLine,
    ReturnApproved,
    ReturnEvent,
    ReturnReceived,
    ReturnRequested,
)
from oms_ledger.domain.returns.rules import return_changes
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import Event
from oms_ledger.testing import Decision
from tests.commands.payments.past import captured
from tests.commands.shop import UNDER_WAY, delivered

PAID_AND_DELIVERED: tuple[Event, ...] = (*UNDER_WAY, *delivered(), *captured())


def requested(
    units: int = 2,
    kind: str = "return",
    resolution: str = "refund",
    replacement: Sequence[OrderLine] = (),
    ship_replacement: str | None = None,
    return_id: str = "r1",
) -> ReturnRequested:
    """As `RequestReturn` records it of line 1."""
    return ReturnRequested(
        return_id,
        kind,
        resolution,
        (RequestedLine("1", "A", units, "Too small"),),
        "o1",
        "WEB-000001",
        "web",
        "GBP",
        "c1",
        replacement=tuple(replacement),
        ship_replacement=ship_replacement,
        refund_automatically=resolution in ("refund", "exchange"),
    )


def came(
    units: int = 2,
    condition: str = "resellable",
    disposition: str = "restock",
    return_id: str = "r1",
    complete: bool = False,
) -> ReturnReceived:
    line = ReceivedLine("1", "A", units, condition, "LON", disposition)
    return ReturnReceived(return_id, (line,), complete)


def returned(*events: ReturnEvent) -> tuple[Event, ...]:
    """A return's events, each with what followed for the units that its order counts of it."""
    return_ = Return()
    past: list[Event] = []
    for event in events:
        past += [change.event for change in return_changes(return_, [event])]
        return_.apply(event)
    return tuple(past)


REQUESTED: tuple[Event, ...] = (*PAID_AND_DELIVERED, *returned(requested()))
APPROVED: tuple[Event, ...] = (
    *PAID_AND_DELIVERED,
    *returned(requested(), ReturnApproved("r1")),
)


def followed_by(past: Sequence[Event], decision: Decision) -> tuple[Event, ...]:
    return (*past, *decision.events)


def units(*each: tuple[str, int]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line_id, quantity) for line_id, quantity in each)
