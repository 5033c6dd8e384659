"""Scheduling the work at one location."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.fulfilment.create_shipment import CreateShipment
from oms_commands.fulfilments.pick import PickFulfilment
from oms_commands.fulfilments.schedule import ScheduleFulfilment
from oms_ledger.domain.fulfilments.events import FulfilmentScheduled
from oms_ledger.testing import CONTEXT, given
from tests.commands.fulfilments.past import BEGUN, OPENED, WORK, opened
from tests.commands.shop import six

LATER = CONTEXT.now + timedelta(days=1)
SCHEDULED = (*six(), *opened(), FulfilmentScheduled(WORK, LATER))


def test_it_waits() -> None:
    decision = given(*six()).when(ScheduleFulfilment(fulfilment_id=WORK, not_before=LATER))
    decision.then(OPENED, BEGUN, FulfilmentScheduled(WORK, LATER))
    assert decision.answer["status"] == "scheduled"


def test_nothing_of_it_is_picked_or_packed_before() -> None:
    for command in (
        PickFulfilment(fulfilment_id=WORK),
        CreateShipment(order_id="o1", location="LON"),
    ):
        (block,) = given(*SCHEDULED).when(command).then_refused("ship_blocked").errors
        assert block["block"] == "scheduled"
    past = FulfilmentScheduled(WORK, CONTEXT.now)
    assert given(*six(), *opened(), past).when(PickFulfilment(fulfilment_id=WORK)).events


def test_it_can_be_scheduled_anew_for_a_time_to_come() -> None:
    same = ScheduleFulfilment(fulfilment_id=WORK, not_before=LATER)
    given(*SCHEDULED).when(same).then()
    other = LATER + timedelta(hours=1)
    given(*SCHEDULED).when(ScheduleFulfilment(fulfilment_id=WORK, not_before=other)).then(
        FulfilmentScheduled(WORK, other)
    )
    now = ScheduleFulfilment(fulfilment_id=WORK, not_before=CONTEXT.now)
    given(*six()).when(now).then_refused("invalid_fields")
