"""Confirming an order."""

from __future__ import annotations

from oms_commands.orders.confirm import ConfirmOrder
from oms_ledger.domain.orders.events import OrderConfirmed
from oms_ledger.testing import given
from tests.commands.shop import UNDER_WAY, line, ordered, service, six

COMMAND = ConfirmOrder(order_id="o1")


def test_a_pending_order_is_confirmed() -> None:
    decision = given(*six(confirmed=False)).when(COMMAND)
    decision.then(OrderConfirmed("o1"))
    status = decision.answer["status"]
    assert isinstance(status, dict)
    assert status["order"] == "confirmed"


def test_an_illegal_transition_names_from_to_and_what_to_do() -> None:
    refused = given(*six()).when(COMMAND).then_refused("illegal_transition")
    assert refused.detail == (
        "The order is confirmed; it cannot be confirmed. Only a pending order waits for that."
    )
    assert (
        "is fulfilled" in given(*UNDER_WAY).when(COMMAND).then_refused("illegal_transition").detail
    )


def test_an_order_that_is_not_there() -> None:
    assert "no order o1" in given().when(COMMAND).then_refused("not_found").detail


def test_an_order_has_an_id() -> None:
    given().when(ConfirmOrder, order_id=" ").then_invalid("order_id")


def test_an_order_of_services_is_complete_once_it_is_confirmed() -> None:
    """A digital good or a service needs no parcel."""
    past = ordered(line(2, "1", "POST", stocked=False), confirmed=False)
    statuses = given(service(), *past).when(ConfirmOrder(order_id="o1")).answer["status"]
    assert isinstance(statuses, dict)
    assert (statuses["order"], statuses["fulfilment"]) == ("completed", "not_required")
