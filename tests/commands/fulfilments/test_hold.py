"""Holding the work at one location."""

from __future__ import annotations

from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilment.dispatch_shipment import DispatchShipment
from oms_commands.fulfilments.hold import HoldFulfilment
from oms_commands.fulfilments.pack import PackFulfilment
from oms_commands.fulfilments.pick import PickFulfilment
from oms_ledger.domain.fulfilments.events import FulfilmentHeld
from oms_ledger.testing import given
from tests.commands.fulfilments.past import BEGUN, OPENED, WORK, opened
from tests.commands.shop import UNDER_WAY, packed, six

HOLD = HoldFulfilment(fulfilment_id=WORK, reason="damaged", note="wait for boxes")
HELD = (*six(), *opened(), FulfilmentHeld(WORK, "damaged"))


def test_it_is_on_hold() -> None:
    decision = given(*six()).when(HOLD)
    decision.then(OPENED, BEGUN, FulfilmentHeld(WORK, "damaged", "wait for boxes"))
    assert (decision.answer["status"], decision.answer["hold"]) == ("on_hold", "damaged")


def test_nothing_of_it_is_picked_packed_or_sent() -> None:
    block = {"block": "fulfilment_hold", "fulfilment_id": WORK, "reason": "damaged"}
    for command in (
        PickFulfilment(fulfilment_id=WORK),
        PackFulfilment(fulfilment_id=WORK),
        CreateShipment(order_id="o1", location="LON"),
    ):
        refusal = given(*HELD).when(command).then_refused("ship_blocked")
        assert refusal.errors == (block,)
        assert "Release the hold of its fulfilment order" in refusal.detail
    sent = DispatchShipment(shipment_id="s1")
    held = (*six(), *packed(), *opened(), FulfilmentHeld(WORK, "damaged"))
    assert given(*held).when(sent).then_refused("ship_blocked").errors == (block,)
    forced = DispatchShipment(shipment_id="s1", force=True, reason="the buyer waits")
    dispatched = given(*held).when(forced).events[0]
    assert getattr(dispatched, "overridden", ()) == (f"fulfilment_hold:{WORK}",)


def test_it_is_held_once_and_only_while_something_is_left() -> None:
    given(*HELD).when(HOLD).then_refused("illegal_transition")
    given(*UNDER_WAY).when(HOLD).then_refused("illegal_transition")
