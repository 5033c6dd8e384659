"""What is sold before it is there: up to its cap, promised for its time, filled as backorders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.domain.catalogue.events import (
    Component,
    Preorder,
    PreorderPromise,
    ProductDefined,
)
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.orders.lines import Backorder
from oms_ledger.domain.stock.events import StockBackordered
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, MemoryLedger, given
from tests.commands.orders.test_place import OWN, line, order, placed
from tests.commands.shop import place, stock

SOON = CONTEXT.now + timedelta(days=20)
PROMISE = PreorderPromise("p1", SOON)


def sold_early(cap: int = 10, at: datetime = SOON, **more: Any) -> ProductDefined:
    return ProductDefined("A", "A", True, preorder=Preorder("p1", at, cap), **more)


SHELF: tuple[Event, ...] = (place(), sold_early(), stock(2))


def first_line(answer: Mapping[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = answer["lines"][0]
    return line


class Shop:
    """A shop that sells A before it is there, in a ledger in memory."""

    def __init__(self, ledger: MemoryLedger, cap: int = 10) -> None:
        self.ledger = ledger
        self.do("PutLocation", code="LON", name="London")
        self.do("PutProduct", sku="A", title="A")
        self.do("PutPreorder", sku="A", available_at=ledger.now + timedelta(days=20), cap=cap)

    def do(self, command: str, **fields: object) -> Mapping[str, Any]:
        return self.ledger.execute(COMMANDS[command](**fields)).answer

    def buy(self, units: int, **more: object) -> Mapping[str, Any]:
        return self.do("PlaceOrder", channel="web", currency="GBP", lines=[line(units)], **more)

    @property
    def left(self) -> int:
        """Units that can still be sold, as the answer of the same preorder again says."""
        with pytest.raises(Refused) as refused:
            self.buy(1000)
        units: int = refused.value.errors[0]["available"]  # type: ignore[assignment]  # of a shortage
        return units


# Selling.


def test_what_is_short_waits_as_a_preorder_that_is_marked() -> None:
    decision = given(*SHELF).when(order(line(5)))
    event = placed(decision)
    assert event.backorders == (Backorder("1", "A", "LON", 3, PROMISE),)
    assert (event.ship_by, event.deliver_by) == (
        SOON + timedelta(hours=48),
        SOON + timedelta(days=7),
    )
    assert StockBackordered("A", "LON", 3, OWN, "1", PROMISE) in decision.events
    shown = first_line(decision.answer)
    assert shown["preorder"] == {
        "available_at": "2026-02-20T00:00:00Z",
        "quantity": 3,
    }


def test_what_is_there_is_no_preorder() -> None:
    decision = given(*SHELF).when(order(line(2)))
    assert placed(decision).backorders == ()
    assert placed(decision).ship_by == CONTEXT.now + timedelta(hours=48)
    shown = first_line(decision.answer)
    assert "preorder" not in shown


def test_a_promise_that_was_agreed_stays() -> None:
    agreed = CONTEXT.now + timedelta(days=90)
    event = placed(given(*SHELF).when(order(line(5), promised_ship_at=agreed)))
    assert (event.ship_by, event.deliver_by) == (agreed, SOON + timedelta(days=7))


@pytest.mark.parametrize("backorder", ["refuse", "allow"])
def test_no_more_than_the_cap_is_sold_whatever_is_allowed(backorder: str) -> None:
    capped = (place(), sold_early(4, backorder_limit=1), stock(2))
    assert placed(given(*capped).when(order(line(6), backorder=backorder))).backorders
    refused = given(*capped).when(order(line(3), line(4), backorder=backorder))
    refusal = refused.then_refused(
        "insufficient_stock", {"line": "2", "sku": "A", "requested": 4, "available": 3}
    )
    assert "cap" in refusal.detail


def test_when_its_time_has_come_it_is_sold_as_anything_else() -> None:
    over = (place(), sold_early(at=CONTEXT.now), stock(2))
    given(*over).when(order(line(3))).then_refused("insufficient_stock")
    event = placed(given(*over).when(order(line(3), backorder="allow")))
    assert event.backorders == (Backorder("1", "A", "LON", 1),)


def test_other_lines_and_kits_are_no_preorders() -> None:
    kit = ProductDefined("K", "Kit", True, components=(Component("A", 1),))
    past = (*SHELF, ProductDefined("B", "B", True), kit)
    given(*past).when(order(line(3), line(1, "B"))).then_refused(
        "insufficient_stock", {"line": "2", "sku": "B", "requested": 1, "available": 0}
    )
    given(*past).when(order(line(3, "K"))).then_refused(
        "insufficient_stock", {"line": "1", "sku": "K", "requested": 3, "available": 2}
    )
    event = placed(given(*past).when(order(line(3, "K"), backorder="allow")))
    assert event.backorders[0].preorder is None


# Living with them.


def test_units_that_got_stock_count_and_cancelled_ones_do_not() -> None:
    with MemoryLedger() as ledger:
        shop = Shop(ledger)
        first, second = shop.buy(4), shop.buy(5)
        assert shop.left == 1
        shop.do("ReceiveStock", sku="A", location="LON", quantity=6)
        shop.do("AllocateBackorders", order_id=first["order_id"])
        assert shop.left == 1, "those that came in are not sold twice"
        part = shop.do("AllocateBackorders", order_id=second["order_id"])
        assert part["lines"][0]["preorder"]["quantity"] == 3
        cancelled = [{"line_id": "1", "quantity": 2}]
        order_id = second["order_id"]
        shop.do("CancelOrder", order_id=order_id, reason="customer", lines=cancelled)
        assert shop.left == 3
        shop.do("CancelOrder", order_id=order_id, reason="customer")
        assert shop.left == 1 + 3 + 2, "one more waited, and two were in stock and are free"
        shop.do("ResumeOrder", order_id=order_id)
        assert shop.left == 1


def test_edits_are_within_the_cap() -> None:
    with MemoryLedger() as ledger:
        shop = Shop(ledger)
        order_id = shop.buy(4)["order_id"]

        def edit(units: int) -> Mapping[str, Any]:
            change = {"type": "set_quantity", "line_id": "1", "quantity": units}
            return shop.do("EditOrder", order_id=order_id, changes=[change])

        with pytest.raises(Refused):
            edit(11)
        assert edit(10)["lines"][0]["preorder"]["quantity"] == 10
        assert shop.left == 0
        assert edit(1)["lines"][0]["preorder"]["quantity"] == 1
        assert shop.left == 9


def test_an_edit_that_makes_a_preorder_moves_the_promise() -> None:
    with MemoryLedger() as ledger:
        shop = Shop(ledger)
        shop.do("ReceiveStock", sku="A", location="LON", quantity=2)
        bought = shop.buy(2)
        change = {"type": "set_quantity", "line_id": "1", "quantity": 3}
        shop.do("EditOrder", order_id=bought["order_id"], changes=[change])
        event = ledger.history()[-2].event
        assert isinstance(event, OrderEdited)
        assert event.ship_by == ledger.now + timedelta(days=22)


def test_a_new_preorder_counts_anew() -> None:
    with MemoryLedger() as ledger:
        shop = Shop(ledger)
        old = shop.buy(9)["order_id"]
        shop.do("EndPreorder", sku="A")
        with pytest.raises(Refused):
            shop.buy(1)
        shop.do("PutPreorder", sku="A", available_at=ledger.now + timedelta(days=40), cap=10)
        assert shop.left == 10
        shop.do("CancelOrder", order_id=old, reason="customer")
        assert shop.left == 10, "what was sold under another preorder frees nothing of this one"
