"""A shipment has arrived."""

from __future__ import annotations

import pytest

from oms_commands.fulfilment.deliver_shipment import DeliverShipment
from oms_ledger.domain.fulfilment.events import ShipmentCancelled, ShipmentDelivered
from oms_ledger.domain.orders.events import UnitsDelivered, UnitsUnpacked
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given
from tests.commands.shop import AT, UNDER_WAY, delivered, packed, quantities, six

COMMAND = DeliverShipment(shipment_id="s1")


def test_delivered_is_a_fact_with_its_time() -> None:
    decision = given(*UNDER_WAY).when(DeliverShipment(shipment_id="s1", occurred_at=AT))
    decision.then(ShipmentDelivered("s1", "o1", AT), UnitsDelivered("o1", "s1", quantities(6)))
    assert {change.occurred_at for change in decision.changes} == {AT}
    assert decision.answer["delivered_at"] == "2026-01-01T09:00:00Z"


def test_without_a_time_it_was_now() -> None:
    decision = given(*UNDER_WAY).when(DeliverShipment(shipment_id="s1", simulated=True))
    assert decision.events[0] == ShipmentDelivered("s1", "o1", CONTEXT.now, True)
    assert {change.occurred_at for change in decision.changes} == {None}


def test_delivered_again_changes_nothing() -> None:
    given(*UNDER_WAY, *delivered()).when(COMMAND).then()


@pytest.mark.parametrize(
    ("past", "status"),
    [
        ((), "created"),
        (
            (ShipmentCancelled("s1", "o1"), UnitsUnpacked("o1", "s1", "LON", quantities(6))),
            "cancelled",
        ),
    ],
)
def test_what_has_not_left_cannot_arrive(past: tuple[Event, ...], status: str) -> None:
    refused = given(*six(), *packed(), *past).when(COMMAND).then_refused("illegal_transition")
    assert f"The shipment is {status}; it cannot be delivered" in refused.detail


def test_a_shipment_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_a_time_is_a_time() -> None:
    given().when(DeliverShipment, shipment_id="s1", occurred_at="noon").then_invalid("occurred_at")
