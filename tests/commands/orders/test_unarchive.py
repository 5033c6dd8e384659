"""Taking an order out of the archive."""

from __future__ import annotations

from oms_commands.orders.unarchive import UnarchiveOrder
from oms_ledger.domain.orders.events import OrderArchived, OrderUnarchived
from oms_ledger.testing import given
from tests.commands.shop import UNDER_WAY

ARCHIVED = (*UNDER_WAY, OrderArchived("o1"))


def test_it_is_listed_with_the_others_again() -> None:
    decision = given(*ARCHIVED).when(UnarchiveOrder, order_id="o1")
    decision.then(OrderUnarchived("o1"))
    assert decision.answer["archived"] is False
    given(*UNDER_WAY).when(UnarchiveOrder, order_id="o1").then()
