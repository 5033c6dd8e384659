"""Releasing the hold of a fulfilment order."""

from __future__ import annotations

from oms_commands.fulfilments.release import ReleaseFulfilment
from oms_ledger.domain.fulfilments.events import FulfilmentHoldReleased
from oms_ledger.domain.orders.events import OrderHeld
from oms_ledger.testing import given
from tests.commands.fulfilments.past import WORK
from tests.commands.fulfilments.test_hold import HELD
from tests.commands.shop import six

RELEASE = ReleaseFulfilment(fulfilment_id=WORK)


def test_the_work_goes_on() -> None:
    decision = given(*HELD).when(RELEASE)
    decision.then(FulfilmentHoldReleased(WORK))
    assert decision.answer["status"] == "open"


def test_a_hold_of_the_order_is_another_one() -> None:
    given(*six()).when(RELEASE).then_refused("illegal_transition")
    given(*six(), OrderHeld("o1", "h1", "fraud")).when(RELEASE).then_refused("illegal_transition")
