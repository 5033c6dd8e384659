"""Hold rules, and the orders that they hold as they are placed."""

from __future__ import annotations

from typing import Any

import pytest

from oms_commands.orders.place import PlaceOrder
from oms_commands.risk.put_rule import PutHoldRule
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import OrderConfirmed, OrderHeld
from oms_ledger.domain.orders.rule_inputs import RuleInput
from oms_ledger.domain.risk.events import HoldRuleDefined
from oms_ledger.testing import given
from tests.commands.shop import SHELF, goods, stock

VALUE = HoldRuleDefined("big", "value", "high value", minimum=Money(1000, "GBP"))
HOME = {"country": "GB", "city": "Leeds"}


def order(quantity: int = 4, **more: Any) -> PlaceOrder:
    lines = [{"sku": "A", "quantity": quantity, "unit_price": "2.55"}]
    body: dict[str, Any] = {"channel": "Web", "currency": "GBP", "lines": lines, **more}
    return PlaceOrder(**body)


def holds(command: PlaceOrder, *rules: HoldRuleDefined) -> list[tuple[str | None, str]]:
    """The rules that hold the order, each with its inputs."""
    events = given(*SHELF, *rules).when(command).events
    return [
        (event.rule, ", ".join(f"{each.name} {each.value}" for each in event.inputs))
        for event in events
        if isinstance(event, OrderHeld)
    ]


def test_a_rule_is_kept_once() -> None:
    body = {"rule_name": "big", "type": "value", "minimum": "10.00", "currency": "GBP"}
    decision = given().when(PutHoldRule, **body, channels=["Web"], reason="high value")
    decision.then(HoldRuleDefined("big", "value", "high value", True, ("web",), Money(1000, "GBP")))
    assert (decision.answer["minimum"], decision.answer["type"]) == ("10.00", "value")
    again = given(*decision.events)
    again.when(PutHoldRule, **body, channels=["web"], reason="high value").then()
    assert again.when(PutHoldRule, **body, enabled=False).answer["enabled"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "value", "currency": "GBP"}, "minimum"),
        ({"type": "value", "minimum": "1.00"}, "currency"),
        ({"type": "velocity", "orders": 3}, "hours"),
        ({"type": "velocity", "orders": 1, "hours": 1}, "orders"),
        ({"type": "sku_list"}, "skus"),
        ({"type": "sku_list", "skus": []}, "skus"),
        ({"type": "address_mismatch", "skus": ["A"]}, "skus"),
        ({"type": "address_mismatch", "fields": ["name"]}, "fields.0"),
        ({"type": "moon"}, "type"),
    ],
)
def test_what_does_not_fit_its_type_is_named(body: dict[str, Any], field: str) -> None:
    given().when(PutHoldRule, rule_name="r", **body).then_invalid(field)


@pytest.mark.parametrize(
    ("name", "minimum", "field"),
    [("blocked", "1.00", "rule_name"), ("big", "0.00", "minimum"), ("big", "0.001", "minimum")],
)
def test_what_cannot_be_a_rule_is_refused(name: str, minimum: str, field: str) -> None:
    body = {"rule_name": name, "type": "value", "minimum": minimum, "currency": "GBP"}
    refused = given().when(PutHoldRule, **body).then_refused("invalid_fields")
    assert [error["field"] for error in refused.errors] == [field]


def test_an_expensive_order_is_held_in_the_same_decision_as_its_placement() -> None:
    decision = given(*SHELF, VALUE).when(order(4, confirm=True))
    placed, *_, confirmed, held = decision.events[1:]
    assert isinstance(confirmed, OrderConfirmed)
    assert isinstance(held, OrderHeld)
    assert (held.reason, held.rule, held.lines) == ("high value", "big", ())
    assert held.inputs[0] == RuleInput("total", "10.20")
    assert placed.key == held.order_id
    assert decision.answer["on_hold"] is True


def test_a_value_counts_from_its_minimum_in_its_currency() -> None:
    text = "total 10.20, minimum 10.00, currency GBP"
    assert holds(order(4), VALUE) == [("big", text)]
    assert holds(order(3), VALUE) == []
    assert holds(order(4, currency="EUR"), VALUE) == []


def test_a_rule_holds_orders_of_its_channels_while_it_is_enabled() -> None:
    mine = HoldRuleDefined("a", "sku_list", "recall", channels=("web",), skus=("A", "B"))
    others = HoldRuleDefined("b", "sku_list", "recall", channels=("till",), skus=("A",))
    off = HoldRuleDefined("c", "sku_list", "recall", enabled=False, skus=("A",))
    other_sku = HoldRuleDefined("d", "sku_list", "recall", skus=("B",))
    assert holds(order(), mine, others, off, other_sku) == [("a", "sku A")]


def test_the_listed_skus_of_an_order_are_named_in_the_order_of_its_lines() -> None:
    rule = HoldRuleDefined("a", "sku_list", "recall", skus=("C", "A", "B"))
    lines = [{"sku": sku, "quantity": 1, "unit_price": "1.00"} for sku in ("B", "D", "A", "B")]
    past = [goods(sku) for sku in ("B", "D")] + [stock(9, sku) for sku in ("B", "D")]
    command = PlaceOrder(channel="web", currency="GBP", lines=lines)  # type: ignore[arg-type]  # pydantic
    events = given(*SHELF, *past, rule).when(command).events
    (hold,) = [event for event in events if isinstance(event, OrderHeld)]
    assert [each.value for each in hold.inputs] == ["B", "A"]


def test_several_rules_hold_an_order_each_with_its_own_hold() -> None:
    skus = HoldRuleDefined("a", "sku_list", "recall", skus=("A",))
    events = given(*SHELF, VALUE, skus).when(order(4)).events
    held = [event for event in events if isinstance(event, OrderHeld)]
    assert [event.rule for event in held] == ["a", "big"]
    assert len({event.hold_id for event in held}) == 2


@pytest.mark.parametrize(
    ("billing", "text"),
    [
        ({"country": "FR", "city": "Leeds"}, "shipping_country GB, billing_country FR"),
        ({"country": "GB", "city": "leeds"}, None),
        ({"country": "GB"}, None),
        (None, None),
    ],
)
def test_addresses_that_differ(billing: dict[str, str] | None, text: str | None) -> None:
    rule = HoldRuleDefined("far", "address_mismatch", "look", fields=("country", "city"))
    command = order(1, shipping_address=HOME, billing_address=billing)
    assert holds(command, rule) == ([("far", text)] if text else [])


def test_the_same_order_again_is_not_held_again() -> None:
    once = order(4, external_id="1")
    past = (*SHELF, VALUE, *given(*SHELF, VALUE).when(once).events)
    given(*past).when(once).then()


def test_a_sku_of_before_is_matched_in_its_other_form() -> None:
    nfc, nfd = "Caf\u00e9", "Cafe\u0301"
    past = (*SHELF, goods(nfd), stock(1, nfd))
    rule = given().when(PutHoldRule, rule_name="r", type="sku_list", skus=[nfd]).events
    lines = [{"sku": nfc, "quantity": 1, "unit_price": "2.55"}]
    events = given(*past, *rule).when(PlaceOrder, channel="web", currency="GBP", lines=lines).events
    assert [event.rule for event in events if isinstance(event, OrderHeld)] == ["r"]
