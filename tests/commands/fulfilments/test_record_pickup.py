"""The buyer takes the goods."""

from __future__ import annotations

from oms_commands.fulfilments.record_pickup import RecordFulfilmentPickup
from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
)
from oms_ledger.domain.fulfilments.events import FulfilmentPickedUp, FulfilmentReadyForPickup
from oms_ledger.domain.orders.events import (
    OrderHeld,
    UnitsDelivered,
    UnitsPacked,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.stock.events import LotChange, StockLotsChanged, StockShipped
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.fulfilments.past import WORK, parcel, waiting
from tests.commands.shop import quantities, six

PICKUP = RecordFulfilmentPickup(fulfilment_id=WORK)
WAITING = (*six(), *waiting())


def test_they_are_shipped_and_delivered_at_once() -> None:
    decision = given(*WAITING).when(PICKUP)
    decision.then(
        ShipmentDispatched("s1", "o1", None, dispatched_at=CONTEXT.now),
        UnitsShipped("o1", "s1", quantities(6)),
        StockShipped("A", "LON", 6, "o1", "1", "s1"),
        ShipmentDelivered("s1", "o1", CONTEXT.now),
        UnitsDelivered("o1", "s1", quantities(6)),
        FulfilmentPickedUp(WORK, "s1"),
    )
    assert decision.answer["status"] == "picked_up"


def test_only_what_waits_and_is_not_on_hold() -> None:
    given(*six()).when(PICKUP).then_refused("illegal_transition")
    cancelled = (
        ShipmentCancelled("s1", "o1"),
        UnitsUnpacked("o1", "s1", "LON", quantities(6)),
    )
    given(*WAITING, *cancelled).when(PICKUP).then_refused("illegal_transition")
    held = OrderHeld("o1", "h1", "fraud")
    given(*WAITING, held).when(PICKUP).then_refused("ship_blocked")
    forced = RecordFulfilmentPickup(fulfilment_id=WORK, force=True, reason="identity checked")
    first = given(*WAITING, held).when(forced).events[0]
    assert getattr(first, "overridden", ()) == ("hold:h1",)


def test_two_parcels_do_not_take_the_same_units_of_a_lot() -> None:
    lots = (
        LotChange("L1", 3, "approved", "2027-01-01"),
        LotChange("L2", 7, "approved", "2028-01-01"),
    )
    past = (
        *six(),
        StockLotsChanged("A", "LON", lots),
        *waiting(3),
        UnitsPacked("o1", "s2", "LON", quantities(3)),
        replace(parcel(3, "s2"), carrier="pickup", service="pickup"),
        FulfilmentReadyForPickup(WORK, "s2"),
    )
    events = given(*past).when(PICKUP).events
    left = [event.lots for event in events if isinstance(event, StockLotsChanged)]
    assert [(lot.lot, lot.change) for (lot,) in left] == [("L1", -3), ("L2", -3)]
