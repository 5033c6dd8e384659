"""Releasing a hold."""

from __future__ import annotations

from oms_commands.orders.release_hold import ReleaseHold
from oms_ledger.domain.orders.events import HoldReleased, OrderHeld
from oms_ledger.testing import given
from tests.commands.shop import six

HELD = (*six(), OrderHeld("o1", "h1", "fraud"), OrderHeld("o1", "h2", "payment"))


def test_each_hold_is_released_by_its_own_handle() -> None:
    decision = given(*HELD).when(ReleaseHold(order_id="o1", hold_id="h1"))
    decision.then(HoldReleased("o1", "h1"))
    assert decision.answer["on_hold"]
    assert not (
        given(*HELD, HoldReleased("o1", "h1"))
        .when(ReleaseHold(order_id="o1", hold_id="h2"))
        .answer["on_hold"]
    )


def test_a_hold_that_is_not_there_or_no_longer() -> None:
    given(*HELD, HoldReleased("o1", "h1")).when(
        ReleaseHold(order_id="o1", hold_id="h1")
    ).then_refused("not_found")


def test_an_order_that_is_not_there() -> None:
    given().when(ReleaseHold(order_id="o1", hold_id="h1")).then_refused("not_found")


def test_a_hold_has_an_id() -> None:
    given().when(ReleaseHold, order_id="o1", hold_id="").then_invalid("hold_id")
