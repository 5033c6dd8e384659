"""Cancelling a delivery."""

from __future__ import annotations

from oms_commands.inbound.cancel import CancelInbound
from oms_commands.inbound.receive import ReceiveInbound
from oms_ledger.domain.inbound.events import InboundCancelled
from oms_ledger.domain.stock.events import IncomingStockRemoved
from oms_ledger.testing import given
from tests.commands.inbound.past import EXPECTED


def test_nothing_of_it_is_expected_any_more() -> None:
    decision = given(*EXPECTED).when(CancelInbound, inbound_id="i1", reason="No more")
    decision.then(
        InboundCancelled("i1", "No more"),
        IncomingStockRemoved("A", "LON", 9, "i1"),
        IncomingStockRemoved("B", "LON", 1, "i1"),
    )
    assert decision.answer["status"] == "cancelled"
    again = given(*EXPECTED, *decision.events).when(CancelInbound, inbound_id="i1")
    again.then_refused("illegal_transition")
    given().when(CancelInbound, inbound_id="i1").then_refused("not_found")


def test_after_a_receipt_it_is_closed_instead() -> None:
    part = given(*EXPECTED).when(
        ReceiveInbound, inbound_id="i1", lines=[{"sku": "A", "quantity": 4}]
    )
    refused = given(*EXPECTED, *part.events).when(CancelInbound, inbound_id="i1")
    assert "Close it instead" in refused.then_refused("illegal_transition").detail
