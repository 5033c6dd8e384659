"""Invariants of returns: no unit is refunded that did not come back, an order counts of each return
what the return itself says, and grants what the return was granted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from oms_ledger.domain.orders.events import CreditGranted, ReturnProgressed, UnitsReturned
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReturnReceived, ReturnRefunded
from oms_ledger.domain.returns.state import Return, units_taken
from oms_ledger.kernel import Event

Grant: TypeAlias = tuple[str, int, int, int]
"""Currency, and minor units of goods, shipping and adjustment."""


ALL = -1
"""In the place of units returned: all that were shipped."""


class ReturnDifference(NamedTuple):
    return_id: str
    order_id: str
    text: str
    expected: str
    actual: str


def return_fault(return_: Return) -> str | None:
    """Why the units or amounts of a return cannot be right; None where they can."""
    for line_id, line in return_.lines.items():
        back = line.requested if return_.is_claim else line.received
        if line.received < 0 or line.requested < 0 or not 0 <= line.credited <= back:
            return f"line {line_id} has {line.credited} units refunded of {back}"
    paid = return_.refunded + return_.exchanged
    if return_.advanced < 0 or return_.refunded < 0 or return_.exchanged < 0:
        return "an amount is below 0"
    return "more was paid back than granted" if paid > return_.granted else None


class ReturnClaims:
    """What orders count of their returns, and what the returns say. `changed` are the ids of
    returns that the command being read changed."""

    def __init__(self) -> None:
        self.changed: dict[str, Return] = {}
        self._by_orders: dict[str, dict[str, int]] = {}
        self._units_back: dict[str, Counter[str]] = {}
        self._received: dict[str, Counter[str]] = {}
        self._granted: dict[str, Grant] = {}
        self._refunded: dict[str, Grant] = {}

    def of_order(self, order: Order, event: Event) -> None:
        if isinstance(event, ReturnProgressed):
            self._by_orders.pop(event.return_id, None)
            if event.lines:
                units = {line.line_id: line.quantity for line in event.lines}
                self._by_orders[event.return_id] = units
        elif isinstance(event, UnitsReturned) and event.reference is not None:
            units = Counter({line.line_id: line.quantity for line in event.lines})
            for line_id in units:
                line = order.lines[line_id]
                if line.returned >= line.shipped:  # more may have come than was ever shipped
                    units[line_id] = ALL
            self._units_back[event.reference] = units
        elif isinstance(event, CreditGranted) and event.reference is not None:
            self._granted[event.reference] = _grant(event)

    def of_return(self, return_: Return, event: Event) -> None:
        requested = return_.requested
        if requested is None or requested.order_id is None:
            return
        self.changed[requested.return_id] = return_
        if isinstance(event, ReturnRefunded):
            self._refunded[requested.return_id] = _grant(event)
        elif isinstance(event, ReturnReceived):
            received: Counter[str] = Counter()
            for line in event.lines:
                received[line.line_id] += line.quantity
            self._received[requested.return_id] = received

    def end_of_command(self) -> Iterator[ReturnDifference]:
        """The returns of which order and return differ. From then on the return is believed."""
        for return_id, return_ in self.changed.items():
            order_id = str(return_.requested.order_id if return_.requested else None)
            own, counted = units_taken(return_), self._by_orders.get(return_id, {})
            if own != counted:
                text = "the order counts other units of a return than the return"
                yield ReturnDifference(return_id, order_id, text, str(own), str(counted))
                self._by_orders[return_id] = own
            received = self._received.get(return_id, Counter())
            back = self._units_back.get(return_id, Counter())
            wrong = [n for n, units in back.items() if units not in (received[n], ALL)]
            if wrong:
                text = "the order counts other units as returned than the return received"
                yield ReturnDifference(return_id, order_id, text, str(received), str(back))
            granted, refunded = self._granted.get(return_id), self._refunded.get(return_id)
            if granted != refunded:
                text = "the order was granted something else than the return"
                yield ReturnDifference(return_id, order_id, text, str(refunded), str(granted))
        for each in (
            self.changed,
            self._units_back,
            self._received,
            self._granted,
            self._refunded,
        ):
            each.clear()


def _grant(event: CreditGranted | ReturnRefunded) -> Grant:
    return event.currency, event.goods, event.shipping, event.adjustment
