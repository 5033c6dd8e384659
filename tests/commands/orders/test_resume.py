"""Resuming a cancelled order."""

from __future__ import annotations

import pytest

from oms_commands.orders.resume import ResumeOrder
from oms_ledger.domain.orders.events import OrderCancelled, OrderEdited, OrderPlaced, OrderResumed
from oms_ledger.domain.orders.lines import Allocation, Backorder, OrderLine
from oms_ledger.domain.stock.events import StockAdjusted, StockAllocated, StockBackordered
from oms_ledger.domain.stock.rules import stock_released
from oms_ledger.kernel import Event
from oms_ledger.testing import given, replace
from tests.commands.shop import UNDER_WAY, quantities, six

GOT = (Allocation("1", "A", "LON", 6),)
FREED: tuple[Event, ...] = tuple(change.event for change in stock_released("o1", GOT, {}))


def cancelled(reason: str = "customer") -> tuple[Event, ...]:
    return (*six(), OrderCancelled("o1", reason, None, quantities(6), GOT), *FREED)


def allowing_backorders(past: tuple[Event, ...]) -> tuple[Event, ...]:
    return tuple(
        replace(event, terms=replace(event.terms, backorder="allow"))
        if isinstance(event, OrderPlaced)
        else event
        for event in past
    )


@pytest.mark.parametrize("reason", ["customer", "expired"])
def test_its_units_get_stock_anew(reason: str) -> None:
    decision = given(*cancelled(reason)).when(ResumeOrder, order_id="o1", note="again")
    decision.then(
        OrderResumed("o1", "again", quantities(6), GOT),
        StockAllocated("A", "LON", 6, "o1", "1"),
    )
    status = decision.answer["status"]
    assert isinstance(status, dict)
    assert status["order"] == "confirmed"


def test_a_line_that_was_edited_down_to_nothing_gets_no_stock() -> None:
    bell = OrderLine("2", "A", 1, 100)
    edited = OrderEdited("o1", "e1", "GBP", 2025, 2025, 0, (replace(bell, quantity=0),))
    past = (*six(), edited, *cancelled()[len(six()) :])
    given(*past).when(ResumeOrder, order_id="o1").then(
        OrderResumed("o1", None, quantities(6), GOT),
        StockAllocated("A", "LON", 6, "o1", "1"),
    )


def test_on_a_shortage_nothing_is_written() -> None:
    past = (*cancelled(), StockAdjusted("A", "LON", -5, "broken"))
    refusal = given(*past).when(ResumeOrder, order_id="o1").then_refused("insufficient_stock")
    assert refusal.errors == ({"line": "1", "sku": "A", "requested": 6, "available": 5},)


def test_what_is_short_is_backordered_where_the_order_allows_it() -> None:
    past = (*allowing_backorders(cancelled()), StockAdjusted("A", "LON", -5, "broken"))
    given(*past).when(ResumeOrder, order_id="o1").then(
        OrderResumed(
            "o1",
            None,
            quantities(6),
            (Allocation("1", "A", "LON", 5),),
            (Backorder("1", "A", "LON", 1),),
        ),
        StockAllocated("A", "LON", 5, "o1", "1"),
        StockBackordered("A", "LON", 1, "o1", "1"),
    )


@pytest.mark.parametrize("past", [six(), UNDER_WAY])
def test_an_order_that_goes_on(past: tuple[Event, ...]) -> None:
    given(*past).when(ResumeOrder, order_id="o1").then_refused("illegal_transition")


def test_one_that_was_cancelled_in_part() -> None:
    part = OrderCancelled("o1", "customer", None, quantities(2), (Allocation("1", "A", "LON", 2),))
    given(*six(), part).when(ResumeOrder, order_id="o1").then_refused("illegal_transition")
