"""Preorders bought, edited, cancelled, resumed and filled at random: what was sold and not given up
is never more than the cap that it was sold under, and is what the stock counts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms_commands import COMMANDS
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.errors import NotFound, Refused
from oms_ledger.domain.orders.rules import placement, preorders
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import BackorderReleased, StockBackordered
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Event, State
from oms_ledger.testing import MemoryLedger, folded
from oms_projections.backorders.fold import READ_MODEL
from oms_projections.backorders.rows import BackorderRow
from tests.commands.test_whole_lives import stored

PLACES = ("LON", "MAN")


class PreorderLife:
    """A shop that sells one product, now and then before it is there. `sold` are units by preorder,
    as the events of the stock say."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.read = 0
        self.sold: Counter[str] = Counter()
        self.caps: dict[str, int] = {}
        self.states: dict[str, State] = {}
        self.orders: list[str] = []
        for n, code in enumerate(PLACES):
            self.attempt("PutLocation", code=code, name=code, priority=n)
        self.attempt("PutProduct", sku="A", title="A", backorder_limit=3)
        self.attempt("PutChannel", channel="store", locations=["MAN"])

    def attempt(self, command: str, **fields: object) -> Mapping[str, Any]:
        try:
            answer = self.ledger.execute(COMMANDS[command](**fields)).answer
        except (Refused, NotFound):
            answer = {}
        for recorded in self.ledger.history(self.read):
            self.take(recorded.event)
            self.read = recorded.position
        self.check()
        return answer

    def take(self, event: Event) -> None:
        kinds: dict[str, type[State]] = {"order": Order, "stock": StockLevel}
        if (kind := kinds.get(event.category)) is not None:
            self.states.setdefault(event.stream, kind()).apply(event)
        if isinstance(event, ProductDefined) and event.preorder is not None:
            self.caps[event.preorder.preorder_id] = event.preorder.cap
        elif isinstance(event, StockBackordered) and event.preorder is not None:
            self.sold[event.preorder.preorder_id] += event.quantity
            assert self.sold[event.preorder.preorder_id] <= self.caps[event.preorder.preorder_id]
        elif isinstance(event, BackorderReleased) and event.preorder is not None:
            self.sold[event.preorder.preorder_id] -= event.quantity
            assert self.sold[event.preorder.preorder_id] >= 0

    def check(self) -> None:
        levels = [each for each in self.states.values() if isinstance(each, StockLevel)]
        counted: Counter[str] = Counter()
        for level in levels:
            assert level.preordered >= 0
            counted[level.preorder_id or ""] += level.preordered
        newest = next(reversed(self.caps), "")
        assert counted[newest] == self.sold[newest]
        for order in self.states.values():
            if isinstance(order, Order):
                for line in order.lines.values():
                    for code, units in line.preordered_at.items():
                        assert 0 < units <= line.backordered_at[code]

    def play(self, move: int) -> None:
        chance = random.Random(move)
        order: dict[str, object] = {"order_id": chance.choice(self.orders[-6:] or ["none"])}
        units, sets = chance.randint(1, 4), "set_quantity"
        line = {"sku": "A", "quantity": units, "unit_price": "1.00"}
        channel, allows = chance.choice(("web", "store")), chance.choice(("refuse", "allow"))
        buy: dict[str, object] = {
            "channel": channel,
            "currency": "GBP",
            "lines": [line],
            "backorder": allows,
        }
        until = self.ledger.now + timedelta(days=chance.randint(1, 20))
        moves: list[tuple[str, dict[str, object]]] = [
            *[("PlaceOrder", buy)] * 4,
            ("PutPreorder", {"sku": "A", "available_at": until, "cap": chance.randint(4, 12)}),
            ("EndPreorder", {"sku": "A"}),
            ("CancelOrder", {**order, "reason": "customer"}),
            (
                "CancelOrder",
                {**order, "reason": "staff", "lines": [{"line_id": "1", "quantity": 1}]},
            ),
            (
                "EditOrder",
                {**order, "changes": [{"type": sets, "line_id": "1", "quantity": units}]},
            ),
            ("ResumeOrder", order),
            ("ReschedulePreorders", order),
            ("AllocateBackorders", order),
            ("ReceiveStock", {"sku": "A", "location": chance.choice(PLACES), "quantity": units}),
        ]
        if chance.random() < 0.1:
            self.ledger.now += timedelta(days=3)
        name, fields = chance.choice(moves)
        answer = self.attempt(name, **fields)
        if name == "PlaceOrder" and answer:
            self.orders.append(answer["order_id"])


def live(moves: list[int]) -> PreorderLife:
    with MemoryLedger() as ledger:
        shop = PreorderLife(ledger)
        for move in moves:
            shop.play(move)
        history = ledger.history()
    checker = LogChecker(codec.decode, len(history))
    checker.page(stored(history))
    assert checker.finish() == []
    rows = folded(READ_MODEL, history).of(BackorderRow)
    newest = next(reversed(shop.caps), "")
    assert sum(r.preordered for r in rows if r.preorder_id == newest) == shop.sold[newest]
    return shop


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.integers(0, 2**32), min_size=5, max_size=40))
def test_never_more_than_the_cap_in_any_life(moves: list[int]) -> None:
    live(moves)


LONG = list(range(1500))


def test_a_long_life_sells_many() -> None:
    shop = live(LONG)
    assert len(shop.caps) > 10
    assert sum(units > 0 for units in shop.sold.values()) > 5


def test_a_cap_that_is_not_kept_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "refuse_above_cap", lambda *_: None)
    with pytest.raises(AssertionError):
        live(LONG)


def test_units_that_are_counted_elsewhere_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preorders, "preordered_units", lambda *_: 0)
    with pytest.raises(AssertionError):
        live(LONG)
