"""Goods that wait for the buyer."""

from __future__ import annotations

from oms_commands.fulfilments.ready_for_pickup import ReadyFulfilmentForPickup
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilments.events import FulfilmentReadyForPickup
from oms_ledger.domain.orders.events import OrderHeld, UnitsPacked
from oms_ledger.testing import CONTEXT, given
from tests.commands.fulfilments.past import WORK, opened, picked, waiting
from tests.commands.shop import packed, quantities, six

READY = ReadyFulfilmentForPickup(fulfilment_id=WORK)
OWN = CONTEXT.command_id


def test_they_make_up_a_shipment_that_the_buyer_takes() -> None:
    decision = given(*six(), *opened(), picked(6)).when(READY)
    packed_units, shipment, ready = decision.events
    assert packed_units == UnitsPacked("o1", OWN, "LON", quantities(6))
    assert isinstance(shipment, ShipmentCreated)
    assert (shipment.carrier, shipment.fulfilment_id) == ("pickup", WORK)
    assert ready == FulfilmentReadyForPickup(WORK, OWN)
    assert decision.answer["status"] == "ready_for_pickup"


def test_not_what_is_packed_or_on_hold() -> None:
    given(*six(), *packed()).when(READY).then_refused("illegal_transition")
    given(*six(), *waiting()).when(READY).then_refused("illegal_transition")
    held = (*six(), OrderHeld("o1", "h1", "fraud"))
    given(*held).when(READY).then_refused("ship_blocked")
