"""Orders of which nothing is open, kept in a few bytes a line: most of a ledger is settled."""

from __future__ import annotations

import json

from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order


def is_settled(order: Order) -> bool:
    """Nothing is left to do but to take something back."""
    if order.holds or not order.lines:
        return False
    return all(
        not p.line.stocked
        or (p.shipped + p.cancelled == p.line.quantity == p.delivered + p.cancelled)
        for p in order.lines.values()
    )


class Settled:
    """Settled orders by stream. A return opens one again."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def keep(self, stream: str, order: Order) -> None:
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
            )
            for p in order.lines.values()
        ]
        text = json.dumps((order.version, order.confirmed, lines), separators=(",", ":"))
        self._kept[stream] = text.encode()

    def reopen(self, stream: str) -> Order | None:
        kept = self._kept.pop(stream, None)
        if kept is None:
            return None
        version, confirmed, lines = json.loads(kept)
        order = Order(version=version, confirmed=confirmed)
        for line_id, sku, quantity, stocked, *units in lines:
            line = OrderLine(line_id, sku, quantity, 0, stocked=bool(stocked))
            shipped, cancelled, delivered, returned = units
            order.lines[line_id] = LineProgress(
                line, shipped=shipped, cancelled=cancelled, delivered=delivered, returned=returned
            )
        return order
