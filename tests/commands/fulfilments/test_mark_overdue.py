"""The record that a fulfilment order was not shipped in time."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.fulfilments.mark_overdue import MarkFulfilmentOverdue
from oms_ledger.domain.fulfilments.events import FulfilmentOverdue
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.testing import CONTEXT, given
from tests.commands.fulfilments.past import WORK, opened
from tests.commands.shop import UNDER_WAY, packed, six

MARK = MarkFulfilmentOverdue(fulfilment_id=WORK)


def promised(shift: timedelta) -> OrderEdited:
    at = CONTEXT.now + shift
    return OrderEdited("o1", "e1", "GBP", 100, 100, 0, ship_by=at)


def test_what_is_left_at_its_time_is_counted() -> None:
    late = promised(timedelta(hours=-1))
    past = (*six(), *packed(2), *opened(), late)
    decision = given(*past).when(MARK)
    assert late.ship_by is not None
    overdue = FulfilmentOverdue(WORK, late.ship_by, 6)
    decision.then(overdue)
    assert decision.answer["overdue"] is True
    given(*past, overdue).when(MARK).then()


def test_nothing_is_recorded_in_time_or_where_nothing_is_left() -> None:
    given(*six(), *opened(), promised(timedelta(hours=1))).when(MARK).then()
    gone = (*UNDER_WAY, *opened())
    given(*gone, promised(timedelta(hours=-1))).when(MARK).then()
    given(*six(), promised(timedelta(hours=-1))).when(MARK).then()
