"""Checks of order numbers: those of a channel are dense, and no two orders have one number."""

from __future__ import annotations

from oms_ledger.domain.catalogue.events import NumbersPassed, OrderNumberClaimed, OrderNumbered
from oms_ledger.domain.catalogue.state import order_number


class NumberClaims:
    """The newest number of each channel's stream. `of_orders` are the numbers by order id that the
    events of orders in one command name, `given` those that channels gave or imports kept."""

    def __init__(self) -> None:
        self.of_orders: dict[str, str] = {}
        self.given: dict[str, str] = {}
        self._sequences: dict[str, int] = {}

    def passed(self, stream: str, event: NumbersPassed) -> None:
        self._sequences[stream] = max(self._sequences.get(stream, 0), event.sequence)

    def numbered(self, stream: str, event: OrderNumbered) -> int:
        """The number that was to be given next."""
        expected = self._sequences.get(stream, 0) + 1
        self._sequences[stream] = event.sequence
        self.given[event.order_id] = order_number(event.channel, event.sequence)
        return expected

    def claimed(self, event: OrderNumberClaimed) -> None:
        self.given[event.order_id] = event.number

    def end_of_command(self) -> None:
        self.of_orders.clear()
        self.given.clear()
