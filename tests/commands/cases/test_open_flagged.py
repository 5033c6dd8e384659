"""Opening the cases of shipments that were flagged before scans opened cases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.cases.open_flagged import OpenFlaggedCase
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.cases.past import CLOSED, LOST, opened, scanned
from tests.commands.shop import AT, UNDER_WAY, delivered


def test_what_is_still_flagged_gets_its_case_with_the_time_of_the_scan() -> None:
    past = (*UNDER_WAY, scanned("delayed", 1), scanned("return_to_sender", 2))
    decision = given(*past).when(OpenFlaggedCase, shipment_id="s1")
    decision.then(opened("returned_to_sender", "return_to_sender"))
    assert [change.occurred_at for change in decision.changes] == [AT + timedelta(hours=2)]
    assert decision.answer == {"shipment_id": "s1", "case_id": "s1@1"}


@pytest.mark.parametrize(
    "past",
    [
        UNDER_WAY,
        (*UNDER_WAY, scanned("lost", 1), scanned("in_transit", 2)),
        (*UNDER_WAY, scanned("in_transit", 2), scanned("lost", 1)),
        (*UNDER_WAY, scanned("lost", 1), *delivered()),
        (*UNDER_WAY, scanned("attempted_delivery", 1)),
        LOST,
        (*LOST, CLOSED),
    ],
    ids=["no scan", "cleared", "late", "delivered", "tried", "has one", "had one"],
)
def test_what_is_resolved_by_its_events_gets_none(past: tuple[Event, ...]) -> None:
    given(*past).when(OpenFlaggedCase, shipment_id="s1").then()


def test_a_shipment_that_is_not_there() -> None:
    given().when(OpenFlaggedCase, shipment_id="s1").then_refused("not_found")
