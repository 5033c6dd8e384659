"""Closed orders, packed into a few bytes per line: most orders of a ledger are closed."""

from __future__ import annotations

import json

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order


def is_closed(order: Order) -> bool:
    """Whether every unit is delivered or cancelled, no hold is open and no return takes up units,
    of an order that was confirmed or is cancelled whole. Only returns can follow."""
    if order.holds or order.returns or not order.lines:
        return False
    if not order.confirmed and any(p.cancelled < p.line.quantity for p in order.lines.values()):
        return False
    return all(
        not p.line.stocked
        or (p.shipped + p.cancelled == p.line.quantity == p.delivered + p.cancelled)
        for p in order.lines.values()
    )


class ClosedOrders:
    """The states of closed orders, by stream. A return reopens one."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def add(self, stream: str, order: Order) -> None:
        lines = [
            (
                p.line.line_id,
                p.line.sku,
                p.line.quantity,
                int(p.line.stocked),
                p.shipped,
                p.cancelled,
                p.delivered,
                p.returned,
                [(each.sku, each.quantity) for each in p.line.components],
            )
            for p in order.lines.values()
        ]
        text = json.dumps((order.version, order.confirmed, lines), separators=(",", ":"))
        self._packed[stream] = text.encode()

    def reopen(self, stream: str) -> Order | None:
        """Remove a closed order and give its state; None where the stream is not of one. The state
        has what units and version need; prices and terms are not kept."""
        packed = self._packed.pop(stream, None)
        if packed is None:
            return None
        version, confirmed, lines = json.loads(packed)
        order = Order(version=version, confirmed=confirmed)
        for line_id, sku, quantity, stocked, *units in lines:
            shipped, cancelled, delivered, returned, parts = units
            components = tuple(Component(*each) for each in parts)
            line = OrderLine(
                line_id, sku, quantity, 0, stocked=bool(stocked), components=components
            )
            order.lines[line_id] = LineProgress(
                line, shipped=shipped, cancelled=cancelled, delivered=delivered, returned=returned
            )
        return order
