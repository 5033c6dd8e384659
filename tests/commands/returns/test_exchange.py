"""Exchanges and replacements: a linked order, settled by the difference."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.returns.approve import ApproveReturn
from oms_commands.returns.cancel import CancelReturn
from oms_commands.returns.close import CloseReturn
from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.refund import RefundReturn
from oms_commands.returns.reopen import ReopenReturn
from oms_commands.returns.request import RequestReturn
from oms_ledger.domain.catalogue.events import OrderNumbered
from oms_ledger.domain.identifiers import recorded_payment_id, replacement_order_id
from oms_ledger.domain.orders.events import (
    HoldReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderHeld,
    OrderPlaced,
    PaymentProgressed,
)
from oms_ledger.domain.payments.events import PaymentRefunded, PaymentRequested, RefundRequested
from oms_ledger.domain.returns.events import (
    ReplacementOrdered,
    ReturnCancelled,
    ReturnRefunded,
    ReturnRequested,
)
from oms_ledger.domain.stock.events import StockAllocated
from oms_ledger.kernel import Command, Event
from oms_ledger.testing import CONTEXT, Decision, given, replace
from oms_ledger.testing.decision import decide
from tests.commands.payments.past import gbp
from tests.commands.returns.past import PAID_AND_DELIVERED, followed_by, units
from tests.commands.shop import goods, stock

ID = CONTEXT.command_id
TWO_UNITS = units(("1", 2))
NEW = replacement_order_id(ID, ID)
SHOP: tuple[Event, ...] = (*PAID_AND_DELIVERED, goods("B"), stock(5, "B"))
TWO = {"order_id": "o1", "lines": [{"line_id": "1", "quantity": 2, "reason": "Too small"}]}
RECEIPT = [{"line_id": "1", "quantity": 2, "condition": "resellable", "location": "LON"}]


def exchange(price: str = "2.00", **more: object) -> Decision:
    lines = [{"sku": "B", "quantity": 2, "unit_price": price}]
    body = {"kind": "exchange", "replacement_lines": lines, "approve": True, **more}
    return given(*SHOP).when(RequestReturn, **TWO, **body)


def lived(*commands: tuple[type[Command], dict[str, object]], price: str = "2.00") -> list[Event]:
    """What happened after an exchange was approved and these commands were given."""
    past: list[Event] = [*SHOP, *exchange(price).events]
    for command, body in commands:
        past += given(*past).when(command, return_id=ID, **body).events
    return past


def decide_as(command_id: str, command: Command, past: Sequence[Event]) -> tuple[Event, ...]:
    return decide(command, past, replace(CONTEXT, command_id=command_id)).events


def of(kind: type[Event], events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def test_the_new_order_waits_for_the_goods() -> None:
    decision = exchange()
    (placed,) = of(OrderPlaced, decision.events)
    assert isinstance(placed, OrderPlaced)
    old = SHOP[3]
    assert isinstance(old, OrderPlaced)
    assert (placed.order_id, placed.replacement_for) == (NEW, ID)
    assert placed.terms.customer == old.terms.customer
    assert placed.terms.shipping_address == old.terms.shipping_address
    assert (placed.terms.channel, placed.terms.total) == ("web", 400)
    assert OrderConfirmed(NEW) in decision.events
    assert OrderHeld(NEW, ID, "awaiting_return") in decision.events
    assert StockAllocated("B", "LON", 2, NEW, "1") in decision.events
    assert ReplacementOrdered(ID, NEW) in decision.events
    assert decision.answer["replacement_order_id"] == NEW
    assert decision.answer["ship_replacement"] == "on_receipt"


def test_the_new_order_ships_now() -> None:
    assert not of(OrderHeld, exchange(ship_replacement="now").events)


def test_it_is_placed_with_the_approval() -> None:
    requested = exchange(approve=False)
    assert not of(OrderPlaced, requested.events)
    approved = given(*followed_by(SHOP, requested)).when(ApproveReturn, return_id=ID)
    assert len(of(OrderPlaced, approved.events)) == 1


def test_nothing_is_approved_where_its_stock_is_short() -> None:
    lines = [{"sku": "B", "quantity": 6, "unit_price": "1.00"}]
    refusal = given(*SHOP).when(
        RequestReturn, **TWO, kind="exchange", replacement_lines=lines, approve=True
    )
    assert refusal.then_refused("insufficient_stock").errors == (
        {"line": "1", "sku": "B", "requested": 6, "available": 5},
    )


def test_goods_never_heard_of() -> None:
    lines = [{"sku": "Z", "quantity": 1, "unit_price": "1.00"}]
    past = given(*SHOP)
    wrong = past.when(RequestReturn, **TWO, kind="exchange", replacement_lines=lines)
    wrong.then_refused("unknown_sku", {"line": "1", "sku": "Z"})


def test_it_is_released_when_all_goods_came() -> None:
    one = [{**RECEIPT[0], "quantity": 1}]
    assert not of(HoldReleased, lived((ReceiveReturn, {"lines": one})))
    every = lived((ReceiveReturn, {"lines": one}), (ReceiveReturn, {"lines": one}))
    assert of(HoldReleased, every) == [HoldReleased(NEW, ID)]
    complete = lived((ReceiveReturn, {"lines": one, "complete": True}))
    assert of(HoldReleased, complete) == [HoldReleased(NEW, ID)]
    closed = lived((ReceiveReturn, {"lines": one}), (CloseReturn, {}))
    assert of(HoldReleased, closed) == [HoldReleased(NEW, ID)]


def test_cheaper_goods_are_paid_and_the_rest_goes_back() -> None:
    """5.10 came back, the new goods cost 4.00: 1.10 goes back to the buyer."""
    past = lived((ReceiveReturn, {"lines": RECEIPT}))
    decision = given(*past).when(RefundReturn, return_id=ID)
    assert of(RefundRequested, decision.events) == [
        RefundRequested(
            "p1", f"{ID}-exchange", gbp(400), "exchange", destination=f"exchange:{NEW}"
        ),
        RefundRequested("p1", ID, gbp(110), "exchange"),
    ]
    assert len(of(PaymentRefunded, decision.events)) == 2
    payment_id = recorded_payment_id(NEW, "exchange", ID)
    assert of(PaymentRequested, decision.events) == [
        PaymentRequested(payment_id, NEW, "exchange", gbp(400), "automatic", channel="web")
    ]
    assert decision.events[-1] == ReturnRefunded(
        ID, ID, "GBP", TWO_UNITS, 510, refunded=110, exchanged=400
    )
    assert decision.answer["exchanged"] == "4.00"
    progressed = [e for e in decision.events if isinstance(e, PaymentProgressed)]
    totals = [(each.order_id, each.captured, each.refunded) for each in progressed]
    assert totals == [("o1", 2025, 510), (NEW, 400, 0)]


def test_of_dearer_goods_the_rest_is_due() -> None:
    past = lived((ReceiveReturn, {"lines": RECEIPT}), price="4.00")
    decision = given(*past).when(RefundReturn, return_id=ID)
    assert decision.events[-1] == ReturnRefunded(ID, ID, "GBP", TWO_UNITS, 510, exchanged=510)
    (intent,) = of(RefundRequested, decision.events)
    assert isinstance(intent, RefundRequested)
    assert intent.destination == f"exchange:{NEW}"


def test_cancelling_cancels_the_replacement_too() -> None:
    decision = given(*lived()).when(CancelReturn, return_id=ID)
    (cancelled,) = of(OrderCancelled, decision.events)
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.order_id == NEW
    assert ReturnCancelled(ID, None, replacement_cancelled=True) in decision.events


def test_a_reopened_exchange_is_approved_with_another_order() -> None:
    past = lived((CancelReturn, {}), (ReopenReturn, {}))
    (other,) = of(ReplacementOrdered, decide_as("c2", ApproveReturn(return_id=ID), past))
    assert isinstance(other, ReplacementOrdered)
    assert other.replacement_order_id == replacement_order_id(ID, "c2")


def test_a_claim_is_replaced_for_nothing() -> None:
    decision = given(*SHOP).when(
        RequestReturn, **TWO, kind="claim", resolution="replacement", approve=True
    )
    (request,) = of(ReturnRequested, decision.events)
    assert isinstance(request, ReturnRequested)
    assert [(n.sku, n.quantity, n.amount) for n in request.replacement] == [("A", 2, 0)]
    assert not of(OrderHeld, decision.events)
    (placed,) = of(OrderPlaced, decision.events)
    assert isinstance(placed, OrderPlaced)
    assert placed.terms.total == 0


def test_the_date_of_an_approval_is_that_of_its_order_but_for_the_number() -> None:
    decision = exchange(occurred_at=CONTEXT.now.replace(day=5))
    for change in decision.changes:
        expected = None if isinstance(change.event, OrderNumbered) else CONTEXT.now.replace(day=5)
        assert change.occurred_at == expected, change


def test_a_discount_above_its_line() -> None:
    lines = [{"sku": "B", "quantity": 2, "unit_price": "2.00", "discount": "4.01"}]
    wrong = given(*SHOP).when(RequestReturn, **TWO, kind="exchange", replacement_lines=lines)
    wrong.then_refused("invalid_fields")
