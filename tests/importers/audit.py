"""An auditor's look at a ledger after an import: the log folded by the domain alone, and the
read models' tables beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from oms_ledger.app import Oms
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.registry import STATES
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.db import pool
from oms_ledger.kernel import Recorded, State, stream_id

S = TypeVar("S", bound=State)

PAGE = 10_000


@dataclass(slots=True)
class Audit:
    """What the log adds up to. `below_zero` names every position at which stock was promised
    that was not there."""

    states: dict[str, State] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    below_zero: list[int] = field(default_factory=list)
    position: int = 0

    def take(self, r: Recorded) -> None:
        assert r.position == self.position + 1, "positions are dense"
        self.position = r.position
        state = self.states.get(r.stream)
        if state is None:
            state = self.states[r.stream] = STATES[r.stream.split("-", 1)[0]]()
        assert r.version == state.version + 1, f"versions of {r.stream} are dense"
        state.apply(r.event)
        state.version = r.version
        self.counts[type(r.event).type] += 1
        if isinstance(state, StockLevel) and (state.free < 0 or state.allocated < 0):
            self.below_zero.append(r.position)

    def of(self, kind: type[S]) -> dict[str, S]:
        """All states of a kind, by key."""
        start = len(stream_id(kind, ""))
        return {k[start:]: s for k, s in self.states.items() if isinstance(s, kind)}


def history(oms: Oms) -> Iterator[Recorded]:
    """Every event there is, in order."""
    after, head = 0, oms.readers.head()
    while after < head:
        feed = oms.readers.feed(after, PAGE)
        yield from feed.items
        after = feed.next_after


def audited(oms: Oms) -> Audit:
    audit = Audit()
    for r in history(oms):
        audit.take(r)
    return audit


def rows(oms: Oms, statement: str) -> list[tuple[Any, ...]]:
    with pool.connect(oms.url, oms.settings.schema) as connection:
        return connection.execute(statement.encode()).fetchall()


def check_stock(oms: Oms, audit: Audit) -> None:
    """Balances equal the fold, and every change is a movement that explains them."""
    columns = "on_hand, allocated, held, backordered, incoming, version"
    stored = {
        f"{sku}@{place}": tuple(counters)
        for sku, place, *counters in rows(oms, f"SELECT sku, location, {columns} FROM stock")
    }
    assert stored == {
        key: (s.on_hand, s.allocated, s.held, s.backordered, s.incoming, s.version)
        for key, s in audit.of(StockLevel).items()
    }
    moved = rows(
        oms,
        "SELECT sku, location, count(*), sum(on_hand_change), sum(allocated_change)"
        " FROM stock_movements GROUP BY sku, location",
    )
    assert {f"{sku}@{place}": (n, int(h), int(a)) for sku, place, n, h, a in moved} == {
        key: (s.version, s.on_hand, s.allocated) for key, s in audit.of(StockLevel).items()
    }


def check_orders(oms: Oms, audit: Audit) -> None:
    orders = audit.of(Order)
    columns = "version, status, payment, fulfilment, returned, total, placed_at"
    stored = {row[0]: row[1:] for row in rows(oms, f"SELECT order_id, {columns} FROM orders")}
    assert stored == {key: _order(order) for key, order in orders.items()}
    counters = "ordered, allocated, packed, backordered, shipped, delivered, cancelled, returned"
    lines = defaultdict[str, dict[str, tuple[Any, ...]]](dict)
    for order_id, line_id, *units in rows(
        oms, f"SELECT order_id, line_id, {counters} FROM order_lines"
    ):
        lines[order_id][line_id] = tuple(units)
    for key, order in orders.items():
        assert lines.pop(key) == {
            line_id: (
                p.line.quantity,
                p.allocated,
                p.packed,
                p.backordered,
                p.shipped,
                p.delivered,
                p.cancelled,
                p.returned,
            )
            for line_id, p in order.lines.items()
        }
    assert not lines


def _order(order: Order) -> tuple[object, ...]:
    placed, statuses = order.placed, order.statuses
    assert placed is not None
    return (
        order.version,
        statuses.order,
        statuses.payment,
        statuses.fulfilment,
        statuses.returned,
        placed.terms.total,
        placed.placed_at,
    )


def check_shipments(oms: Oms, audit: Audit) -> None:
    columns = "order_id, status, version, delivered_at, units"
    stored = {row[0]: row[1:] for row in rows(oms, f"SELECT shipment_id, {columns} FROM shipments")}
    expected = {}
    for key, s in audit.of(Shipment).items():
        assert s.created is not None
        units = sum(line.quantity for line in s.created.lines)
        expected[key] = (s.created.order_id, s.status, s.version, s.delivered_at, units)
    assert stored == expected


def check_read_models(oms: Oms, audit: Audit) -> None:
    """All three equal the fold, and none has left anything out."""
    for status in oms.readers.status():
        assert (status.position, status.parked) == (audit.position, 0), status.name
    check_stock(oms, audit)
    check_orders(oms, audit)
    check_shipments(oms, audit)
