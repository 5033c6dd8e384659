"""Archiving an order."""

from __future__ import annotations

import pytest

from oms_commands.orders.archive import ArchiveOrder
from oms_ledger.domain.orders.events import OrderArchived, OrderCancelled
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import UNDER_WAY, delivered, packed, quantities, six

CANCELLED = (*six(), OrderCancelled("o1", "staff", None, quantities(6)))


@pytest.mark.parametrize("past", [CANCELLED, UNDER_WAY, (*UNDER_WAY, *delivered())])
def test_what_is_done_with(past: tuple[Event, ...]) -> None:
    decision = given(*past).when(ArchiveOrder, order_id="o1")
    decision.then(OrderArchived("o1"))
    assert decision.answer["archived"] is True
    given(*past, OrderArchived("o1")).when(ArchiveOrder, order_id="o1").then()


@pytest.mark.parametrize("past", [six(confirmed=False), six(), (*six(), *packed())])
def test_what_is_open_is_not(past: tuple[Event, ...]) -> None:
    given(*past).when(ArchiveOrder, order_id="o1").then_refused("illegal_transition")
