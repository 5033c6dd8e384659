"""Extending a reservation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.reservations.extend import ExtendReservation
from oms_ledger.domain.reservations.events import ReservationExtended
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.reservations.past import NOW, RELEASED, USED, held

LONGER = ExtendReservation("r1", 900)


def test_it_is_held_so_long_from_now() -> None:
    decision = given(*held()).when(LONGER)
    decision.then(ReservationExtended("r1", NOW + timedelta(seconds=900)))
    assert decision.answer["expires_at"] == "2026-01-31T00:15:00Z"


def test_nothing_is_shortened() -> None:
    given(*held(901)).when(LONGER).then()


@pytest.mark.parametrize("past", [RELEASED, USED, held(0), held(-5)])
def test_what_has_ended_or_expired_is_not_extended(past: tuple[Event, ...]) -> None:
    given(*past).when(LONGER).then_refused("illegal_transition")


def test_one_that_never_was() -> None:
    given().when(LONGER).then_refused("not_found")
