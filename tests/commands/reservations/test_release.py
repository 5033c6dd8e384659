"""Releasing a reservation."""

from __future__ import annotations

from oms_commands.orders.place import PlaceOrder
from oms_commands.reservations.release import ReleaseReservation
from oms_ledger.domain.reservations.events import ReservationReleased
from oms_ledger.testing import given
from tests.commands.reservations.past import FREED, RELEASED, USED, held

RELEASE = ReleaseReservation("r1")


def test_its_units_are_free_at_once() -> None:
    decision = given(*held()).when(RELEASE)
    decision.then(ReservationReleased("r1"), FREED)
    assert (decision.answer["status"], decision.answer["held"]) == ("released", [])
    ten = [{"sku": "A", "quantity": 10, "unit_price": "1"}]
    order = given(*held(), *decision.events).when(
        PlaceOrder, channel="web", currency="GBP", lines=ten
    )
    assert order.events


def test_twice_is_once() -> None:
    given(*RELEASED).when(RELEASE).then()


def test_what_an_order_has_is_not_released() -> None:
    refused = given(*USED).when(RELEASE).then_refused("illegal_transition")
    assert "order o1: cancel that" in refused.detail
    given().when(RELEASE).then_refused("not_found")
