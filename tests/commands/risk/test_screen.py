"""Holding the orders of a buyer who places too many."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.risk.screen import ScreenOrder
from oms_ledger.domain.orders.events import OrderCancelled, OrderHeld, OrderPlaced
from oms_ledger.domain.orders.terms import Customer
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.risk.events import BuyerOrderCounted, HoldRuleDefined
from oms_ledger.kernel import Event
from oms_ledger.testing import given, replace
from tests.commands.shop import AT, dispatched, packed, quantities, six

COMMAND = ScreenOrder("o1")
THIRD = HoldRuleDefined("fast", "velocity", "many orders", orders=3, hours=2)
COUNTED = BuyerOrderCounted("customer:c1", "o1", AT)


def before(*hours: float) -> list[BuyerOrderCounted]:
    """Orders of the same buyer so many hours before `o1`."""
    return [
        BuyerOrderCounted("customer:c1", f"before-{n}", AT - timedelta(hours=each))
        for n, each in enumerate(hours)
    ]


def held(*past: Event) -> list[OrderHeld]:
    return [e for e in given(*six(), *past).when(COMMAND).events if isinstance(e, OrderHeld)]


def test_the_order_that_reaches_the_limit_is_held() -> None:
    (hold,) = held(THIRD, *before(1.9, 0))
    assert (hold.rule, hold.reason) == ("fast", "many orders")
    assert [(each.name, each.value) for each in hold.inputs] == [
        ("orders", "3"),
        ("limit", "3"),
        ("hours", "2"),
    ]


def test_orders_of_longer_ago_or_of_later_do_not_count() -> None:
    assert held(THIRD, *before(2.0, 1)) == []
    assert held(THIRD, *before(-0.1, 1)) == []
    assert held(replace(THIRD, enabled=False), *before(1, 1)) == []


def test_an_order_counts_once() -> None:
    given(*six(), THIRD).when(COMMAND).then(COUNTED)
    given(*six(), THIRD, COUNTED).when(COMMAND).then()


def test_a_cancelled_order_counts_and_is_not_held() -> None:
    whole = OrderCancelled("o1", "staff", None, quantities(6))
    given(*six(), whole, THIRD, *before(1, 1)).when(COMMAND).then(COUNTED)


def test_an_order_that_has_left_whole_counts_and_is_not_held() -> None:
    """As one that is imported with its whole life, and screened after that."""
    given(*six(), *packed(), *dispatched(), THIRD, *before(1, 1)).when(COMMAND).then(COUNTED)


def test_the_data_key_identifies_a_guest() -> None:
    def by(customer: Customer | None) -> tuple[Event, ...]:
        return tuple(
            replace(event, terms=replace(event.terms, customer=customer))
            if isinstance(event, OrderPlaced)
            else event
            for event in six()
        )

    guest = Customer(None, Personal("sealed:v1:key-7:xyz"))
    given(*by(guest)).when(COMMAND).then(BuyerOrderCounted("key:key-7", "o1", AT))
    given(*by(None)).when(COMMAND).then()
    given(*by(Customer(None, Personal("Ada")))).when(COMMAND).then()


def test_an_order_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")
