"""Holding an order."""

from __future__ import annotations

import pytest

from oms_commands.orders.hold import HoldOrder
from oms_ledger.domain.orders.events import OrderCancelled, OrderHeld
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given
from tests.commands.shop import UNDER_WAY, delivered, quantities, six

BY_HAND: dict[str, object] = {"lines": [], "rule": None, "inputs": []}
COMMAND = HoldOrder(order_id="o1", reason="fraud", note="look twice")


def test_a_hold_has_a_reason_and_a_note() -> None:
    decision = given(*six(confirmed=False)).when(COMMAND)
    decision.then(OrderHeld("o1", CONTEXT.command_id, "fraud", "look twice"))
    assert (decision.answer["hold_id"], decision.answer["on_hold"]) == (CONTEXT.command_id, True)


def test_several_holds_at_once_each_with_its_own_id() -> None:
    decision = given(*six(), OrderHeld("o1", "h1", "payment")).when(COMMAND)
    decision.then(OrderHeld("o1", CONTEXT.command_id, "fraud", "look twice"))
    assert decision.answer["holds"] == [
        {"hold_id": "h1", "reason": "payment", "note": None, **BY_HAND},
        {"hold_id": CONTEXT.command_id, "reason": "fraud", "note": "look twice", **BY_HAND},
    ]


def test_lines_can_be_held_alone() -> None:
    one = given(*six()).when(HoldOrder, order_id="o1", reason="stock", lines=["1", "1"])
    one.then(OrderHeld("o1", CONTEXT.command_id, "stock", None, ("1",)))
    given(*six()).when(HoldOrder, order_id="o1", reason="stock", lines=["1", "9"]).then_refused(
        "not_found"
    )


@pytest.mark.parametrize(
    ("past", "status"),
    [
        ((*six(), OrderCancelled("o1", "staff", None, quantities(6))), "cancelled"),
        (UNDER_WAY, "fulfilled"),
        ((*UNDER_WAY, *delivered()), "completed"),
    ],
)
def test_where_nothing_is_left_to_hold_back_it_is_refused(
    past: tuple[Event, ...], status: str
) -> None:
    refused = given(*past).when(COMMAND).then_refused("illegal_transition")
    assert f"The order is {status}; it cannot be held" in refused.detail


def test_an_order_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_a_hold_needs_a_reason() -> None:
    given().when(HoldOrder, order_id="o1", reason="").then_invalid("reason")
