"""Which orders are counted for their buyers."""

from __future__ import annotations

from oms_commands.risk.screen import ScreenOrder
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.risk.events import HoldRuleDefined
from oms_ledger.kernel import Command, Event
from oms_ledger.policies.when_order_placed_screen_it import POLICY
from oms_ledger.testing import given, replace
from tests.commands.shop import six

PLACED = next(event for event in six() if isinstance(event, OrderPlaced))
FAST = HoldRuleDefined("fast", "velocity", "many orders", orders=3, hours=2)


def reaction(*events: Event) -> list[Command]:
    return given(*events).reaction_of(POLICY)


def test_an_order_is_counted_while_a_velocity_rule_is_in_force() -> None:
    assert reaction(FAST, PLACED) == [ScreenOrder("o1")]
    assert reaction(replace(FAST, enabled=False), PLACED) == []
    assert reaction(HoldRuleDefined("a", "sku_list", "recall", skus=("A",)), PLACED) == []
    assert reaction(PLACED) == []


def test_a_replacement_and_an_order_without_customer_are_not() -> None:
    assert reaction(FAST, replace(PLACED, replacement_for="r1")) == []
    assert reaction(FAST, replace(PLACED, terms=replace(PLACED.terms, customer=None))) == []
