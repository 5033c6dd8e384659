"""Closing a delivery."""

from __future__ import annotations

from oms_commands.inbound.close import CloseInbound
from oms_commands.inbound.receive import ReceiveInbound
from oms_ledger.domain.inbound.events import InboundClosed
from oms_ledger.domain.stock.events import IncomingStockRemoved
from oms_ledger.testing import given
from tests.commands.inbound.past import EXPECTED


def test_nothing_of_it_is_expected_any_more() -> None:
    decision = given(*EXPECTED).when(CloseInbound, inbound_id="i1", reason="No more")
    decision.then(
        InboundClosed("i1", "No more"),
        IncomingStockRemoved("A", "LON", 9, "i1"),
        IncomingStockRemoved("B", "LON", 1, "i1"),
    )
    assert decision.answer["status"] == "closed"
    again = given(*EXPECTED, *decision.events).when(CloseInbound, inbound_id="i1")
    again.then_refused("illegal_transition")
    given().when(CloseInbound, inbound_id="i1").then_refused("not_found")


def test_what_came_stays_and_the_rest_is_not_expected() -> None:
    part = given(*EXPECTED).when(
        ReceiveInbound, inbound_id="i1", lines=[{"sku": "A", "quantity": 4}]
    )
    decision = given(*EXPECTED, *part.events).when(CloseInbound, inbound_id="i1")
    assert IncomingStockRemoved("A", "LON", 5, "i1") in decision.events
