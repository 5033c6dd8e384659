"""The row of a reservation, event by event."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_ledger.domain.reservations.events import (
    HeldUnits,
    ReservationCreated,
    ReservationExtended,
    ReservationLine,
    ReservationReleased,
    ReservationUsed,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import folded, given, recorded
from oms_projections.reservations import READ_MODEL
from oms_projections.reservations.fold import row_of, state_of
from oms_projections.reservations.rows import ReservationRow
from tests.projections.histories import PLACED_AT, Shop, states

UNTIL = PLACED_AT + timedelta(hours=1)
CREATED = ReservationCreated(
    "r1", (ReservationLine("A", 2),), (HeldUnits("A", "LON", 2),), UNTIL, "basket", "web"
)


def row(*events: Event) -> ReservationRow:
    (only,) = given(CREATED, *events).folded_into(READ_MODEL, page=1).of(ReservationRow)
    assert isinstance(only, ReservationRow)
    return only


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (ReservationReleased("r1"), "released"),
        (ReservationReleased("r1", expired=True), "expired"),
        (ReservationUsed("r1", "o1"), "used"),
    ],
)
def test_it_is_active_until_it_ends(event: Event, status: str) -> None:
    assert row().status == "active"
    assert row(event).status == status
    assert row().channel == "web"


def test_it_expires_when_it_was_extended_to() -> None:
    later = UNTIL + timedelta(hours=1)
    assert (row().expires_at, row(ReservationExtended("r1", later)).expires_at) == (UNTIL, later)


def test_rows_are_the_states_of_the_domain() -> None:
    history = recorded(Shop(5).play(400))
    rows = folded(READ_MODEL, history).of(ReservationRow)
    of_domain = states(history)
    assert len(rows) > 20
    for each in rows:
        assert isinstance(each, ReservationRow)
        stream = f"reservation-{each.reservation_id}"
        assert state_of(each.document) == of_domain[stream]
        assert each == row_of(r for r in history if r.stream == stream)


def test_one_that_was_never_created_is_parked() -> None:
    with pytest.raises(LookupError, match="never created"):
        given(ReservationReleased("r1")).folded_into(READ_MODEL)
