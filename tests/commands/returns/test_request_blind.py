"""Returns of no known order."""

from __future__ import annotations

from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.refund import RefundReturn
from oms_commands.returns.request_blind import RequestBlindReturn
from oms_ledger.domain.returns.events import (
    ReceivedLine,
    RequestedLine,
    ReturnApproved,
    ReturnReceived,
    ReturnRequested,
)
from oms_ledger.domain.stock.events import StockReturned
from oms_ledger.testing import CONTEXT, given
from tests.commands.returns.past import (
    units,
)
from tests.commands.shop import SHELF

ID = CONTEXT.command_id
R1 = {"return_id": "r1"}
TWO = units(("1", 2))


BLIND = {"lines": [{"sku": "A", "quantity": 2, "reason": "No order in the parcel"}]}


def test_a_blind_return() -> None:
    decision = given(*SHELF).when(RequestBlindReturn, **BLIND, customer_id="c1", approve=True)
    line = RequestedLine("1", "A", 2, "No order in the parcel")
    request = ReturnRequested(ID, "return", "none", (line,), customer_id="c1")
    decision.then(request, ReturnApproved(ID))
    assert (decision.answer["order_id"], decision.answer["status"]) == (None, "approved")
    past = (*SHELF, *decision.events)
    lines = [{"line_id": "1", "quantity": 2, "condition": "resellable", "location": "LON"}]
    receipt = given(*past).when(ReceiveReturn, return_id=ID, lines=lines)
    receipt.then(
        ReturnReceived(ID, (ReceivedLine("1", "A", 2, "resellable", "LON", "restock"),)),
        StockReturned("A", "LON", 2, ID, "c1"),
    )
    no_payment = given(*past).when(RefundReturn, return_id=ID)
    assert "of no order" in no_payment.then_refused("nothing_to_refund").detail


def test_a_blind_return_of_goods_never_heard_of() -> None:
    lines = [{"sku": "Z", "quantity": 1}]
    refusal = given(*SHELF).when(RequestBlindReturn, lines=lines).then_refused("unknown_sku")
    assert refusal.errors == ({"line": "1", "sku": "Z"},)
