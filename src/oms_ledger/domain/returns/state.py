"""The states of a return and of a return policy, folded from their events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, assert_never

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import (
    RETURN_EVENTS,
    ReceivedLine,
    ReplacementOrdered,
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
from oms_ledger.kernel import Event, Ref, State


@dataclass(slots=True)
class ReceivedUnits:
    """Units of a line that came back in one condition, to one location and disposition."""

    condition: str
    disposition: str
    location: str
    quantity: int


@dataclass(slots=True)
class ReturnLine:
    """Units of a line: `requested`, `received`, and `credited`, whose price was granted back. A
    line that came back unrequested has 0 `requested`."""

    sku: str
    requested: int = 0
    received: int = 0
    credited: int = 0
    receipts: list[ReceivedUnits] = field(default_factory=list)


@dataclass(slots=True)
class Return(State):
    """`stage` is requested, approved, declined, cancelled or closed. `complete`: nothing more is
    expected. `granted`, `refunded` and `exchanged` are minor units, as in `ReturnRefunded`;
    `advanced` is the part of `granted` for units that are not `credited` yet. `replacement` is the
    id of the order that replaces the goods."""

    category: ClassVar[str] = "return"
    grows: ClassVar[bool] = True
    version: int = 0
    requested: ReturnRequested | None = None
    stage: str = "requested"
    complete: bool = False
    lines: dict[str, ReturnLine] = field(default_factory=dict)
    advanced: int = 0
    granted: int = 0
    refunded: int = 0
    exchanged: int = 0
    replacement: str | None = None

    @property
    def owner(self) -> Ref | None:
        if self.requested is None or self.requested.order_id is None:
            return None
        return Order, self.requested.order_id

    @property
    def channel(self) -> str | None:
        """Of a blind return its own, or the empty text, which is no channel's key."""
        if self.requested is None or self.requested.order_id is not None:
            return None
        return channel_key(self.requested.channel or "")

    @property
    def status(self) -> str:
        return return_status(self)

    @property
    def is_claim(self) -> bool:
        return self.requested is not None and self.requested.kind == "claim"

    def apply(self, event: Event) -> None:
        if not isinstance(event, RETURN_EVENTS):
            raise TypeError(f"{event.type} does not belong to a return")
        _apply(self, event)


def return_status(return_: Return) -> str:
    """requested, approved, partially_received, received, declined, cancelled or closed."""
    if return_.stage != "approved":
        return return_.stage
    if not any(line.received for line in return_.lines.values()):
        return "received" if return_.complete else "approved"
    return "partially_received" if awaited_units(return_) else "received"


def awaited_units(return_: Return) -> dict[str, int]:
    """Units that are still to come back, by `line_id`; none of a claim."""
    if return_.is_claim or return_.complete or return_.stage not in ("requested", "approved"):
        return {}
    rest = {line_id: line.requested - line.received for line_id, line in return_.lines.items()}
    return {line_id: units for line_id, units in rest.items() if units > 0}


def units_taken(return_: Return) -> dict[str, int]:
    """Units of the order's lines that no other return may have, and that the order does not count
    as returned: those that are still to come back, and of a claim those that were accepted."""
    if not return_.is_claim:
        return awaited_units(return_)
    if return_.stage in ("declined", "cancelled"):
        return {}
    return {line_id: line.requested for line_id, line in return_.lines.items()}


def _apply(return_: Return, event: ReturnEvent) -> None:
    match event:
        case ReturnRequested():
            return_.requested = event
            for line in event.lines:
                return_.lines[line.line_id] = ReturnLine(line.sku, line.quantity)
        case ReturnApproved():
            return_.stage = "approved"
        case ReturnDeclined():
            return_.stage = "declined"
        case ReturnClosed():
            return_.stage = "closed"
        case ReturnCancelled():
            return_.stage = "cancelled"
            if event.replacement_cancelled:
                return_.replacement = None
        case ReturnReopened():
            return_.stage = "approved" if return_.stage == "closed" else "requested"
            return_.complete = False
        case ReplacementOrdered():
            return_.replacement = event.replacement_order_id
        case ReturnReceived():
            return_.complete = return_.complete or event.complete
            _receive(return_, event.lines)
        case ReturnRefunded():
            _refund(return_, event)
        case _:
            assert_never(event)


def _receive(return_: Return, lines: Iterable[ReceivedLine]) -> None:
    for each in lines:
        line = return_.lines.setdefault(each.line_id, ReturnLine(each.sku))
        line.received += each.quantity
        same = (each.condition, each.disposition, each.location)
        for units in line.receipts:
            if (units.condition, units.disposition, units.location) == same:
                units.quantity += each.quantity
                break
        else:
            line.receipts.append(ReceivedUnits(*same, each.quantity))


def _refund(return_: Return, event: ReturnRefunded) -> None:
    for line in event.lines:
        return_.lines[line.line_id].credited += line.quantity
    return_.advanced += event.advance
    return_.granted += event.amount
    return_.refunded += event.refunded
    return_.exchanged += event.exchanged


@dataclass(slots=True)
class ReturnPolicy(State):
    category: ClassVar[str] = "return_policy"
    all_cached: ClassVar[bool] = True
    version: int = 0
    defined: ReturnPolicyDefined | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, ReturnPolicyDefined):
            raise TypeError(f"{event.type} does not belong to a return policy")
        self.defined = event
