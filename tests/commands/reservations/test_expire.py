"""Reservations expire when their time has come, and not before."""

from __future__ import annotations

import pytest

from oms_commands.reservations.expire import ExpireReservation
from oms_ledger.domain.reservations.events import ReservationReleased
from oms_ledger.kernel import Event
from oms_ledger.policies.deadlines import DEADLINES
from oms_ledger.testing import given
from tests.commands.reservations.past import FREED, NOW, RELEASED, USED, held

EXPIRE = ExpireReservation("r1")


def test_its_units_are_free() -> None:
    decision = given(*held(0)).when(EXPIRE)
    decision.then(ReservationReleased("r1", expired=True), FREED)
    assert decision.answer["status"] == "expired"
    assert DEADLINES["reservation"]("r1", NOW) == EXPIRE


def test_not_before_its_time() -> None:
    refused = given(*held(1)).when(EXPIRE).then_refused("illegal_transition")
    assert "2026-01-31T00:00:01Z" in refused.detail


@pytest.mark.parametrize("past", [RELEASED, USED])
def test_what_has_ended_stays_as_it_is(past: tuple[Event, ...]) -> None:
    given(*past).when(EXPIRE).then()
