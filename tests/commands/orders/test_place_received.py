"""Queued orders: received at once, placed or rejected later, and refused everything in between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.confirm import ConfirmOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.hold import HoldOrder
from oms_commands.orders.note import NoteOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.place_received import PlaceReceivedOrder
from oms_commands.orders.resume import ResumeOrder
from oms_commands.payments.record import RecordPayment
from oms_ledger.domain.catalogue.events import OrderNumbered, ProductDefined
from oms_ledger.domain.identifiers import order_id_for
from oms_ledger.domain.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
)
from oms_ledger.domain.orders.lines import Allocation, LineQuantity, RejectedLine
from oms_ledger.domain.stock.events import StockAllocated
from oms_ledger.kernel import Command, Event
from oms_ledger.testing import CONTEXT, given
from tests.commands.orders.test_place import line, order
from tests.commands.shop import SHELF

OWN = CONTEXT.command_id
PLACE = PlaceReceivedOrder(OWN)


def queued(*lines: dict[str, object], **more: object) -> PlaceOrder:
    return order(*lines, intake="queued", **more)


def received(*lines: dict[str, object], **more: object) -> tuple[Event, ...]:
    return (*SHELF, *given(*SHELF).when(queued(*lines, **more)).events)


def test_it_is_received_with_its_number_and_takes_no_stock() -> None:
    decision = given(*SHELF).when(queued(line(6)))
    numbered, event = decision.events
    assert numbered == OrderNumbered("web", 1, OWN)
    assert isinstance(event, OrderReceived)
    assert (event.number, event.placed_at, event.confirm) == ("WEB-000001", CONTEXT.now, False)
    status = decision.answer["status"]
    assert isinstance(status, dict)
    assert status["order"] == "received"
    assert decision.answer["total"] == "15.30"


def test_its_place_in_the_queue_comes_and_it_is_placed_as_it_was_received() -> None:
    past = received(line(6), confirm=True)
    (event,) = [e for e in past if isinstance(e, OrderReceived)]
    decision = given(*past).when(PLACE)
    placed, allocated, confirmed = decision.events
    assert isinstance(placed, OrderPlaced)
    assert placed.terms == event.terms
    assert (placed.number, placed.placed_at) == (event.number, event.placed_at)
    assert (placed.ship_by, placed.deliver_by) == (event.ship_by, event.deliver_by)
    assert placed.allocations == (Allocation("1", "A", "LON", 6),)
    assert allocated == StockAllocated("A", "LON", 6, OWN, "1")
    assert confirmed == OrderConfirmed(OWN)
    again = given(*past, *decision.events).when(PLACE)
    again.then()
    assert again.answer == decision.answer


def test_an_order_that_is_short_is_rejected_with_every_line() -> None:
    decision = given(*received(line(600), line(1))).when(PLACE)
    (event,) = decision.events
    assert isinstance(event, OrderRejected)
    assert (event.code, event.faults) == (
        "insufficient_stock",
        (RejectedLine("1", "A", 600, 10), RejectedLine("2", "A", 1, 0)),
    )
    assert event.lines == (LineQuantity("1", 600), LineQuantity("2", 1))
    rejection = decision.answer["rejection"]
    assert isinstance(rejection, dict)
    direct = given(*SHELF).when(order(line(600), line(1))).then_refused("insufficient_stock")
    assert rejection["detail"] == direct.detail
    assert rejection["errors"] == list(direct.errors)
    assert decision.answer["open_total"] == "0.00"
    given(*received(line(600), line(1)), event).when(PLACE).then()


def test_a_product_is_looked_up_when_the_order_is_placed() -> None:
    past = received(line(1, "NEW"))
    (rejected,) = given(*past).when(PLACE).events
    assert isinstance(rejected, OrderRejected)
    assert (rejected.code, rejected.faults) == ("unknown_sku", (RejectedLine("1", "NEW"),))
    service = ProductDefined("NEW", "Engraving", stocked=False)
    (placed,) = given(*past, service).when(PLACE).events
    assert isinstance(placed, OrderPlaced)
    assert placed.terms.lines[0].stocked is False


def test_backorders_are_allowed_where_the_order_allows_them() -> None:
    events = given(*received(line(12), backorder="allow")).when(PLACE).events
    assert isinstance(events[0], OrderPlaced)
    assert events[0].backorders[0].quantity == 2


def test_the_same_external_id_is_the_same_order_queued_or_not() -> None:
    past = received(line(2), external_id="1")
    order_id = order_id_for("web", "1", "")
    for again in (queued(line(2), external_id="1"), order(line(2), external_id="1")):
        decision = given(*past).when(again)
        decision.then()
        assert decision.answer["order_id"] == order_id
    given(*past).when(queued(line(3), external_id="1")).then_refused("external_id_reused")
    placed = given(*past).when(PlaceReceivedOrder(order_id)).events
    given(*past, *placed).when(queued(line(2), external_id="1")).then()


WAITING: tuple[Command, ...] = (
    ConfirmOrder(OWN),
    HoldOrder(OWN, "fraud"),
    ResumeOrder(OWN),
    EditOrder(OWN, ({"type": "set_quantity", "line_id": "1", "quantity": 1},)),  # type: ignore[arg-type]  # read as in a body
    RecordPayment(OWN, "till", "1", "1.00"),  # type: ignore[arg-type]  # read as in a body
)


@pytest.mark.parametrize("command", WAITING, ids=lambda command: command.name)
@pytest.mark.parametrize("status", ["received", "rejected"])
def test_nothing_is_done_to_an_order_that_is_not_placed(command: Command, status: str) -> None:
    past = received(line(600))
    if status == "rejected":
        past = (*past, *given(*past).when(PLACE).events)
    refusal = given(*past).when(command).then_refused("illegal_transition")
    assert f"The order is {status}" in refusal.detail


def test_it_can_be_cancelled_whole_while_it_waits() -> None:
    past = received(line(6))
    decision = given(*past).when(CancelOrder(OWN, "customer"))
    decision.then(OrderCancelled(OWN, "customer", None, (LineQuantity("1", 6),)))
    cancelled = (*past, *decision.events)
    given(*cancelled).when(PLACE).then()
    refusal = given(*cancelled).when(ResumeOrder(OWN)).then_refused("illegal_transition")
    assert "never placed" in refusal.detail
    part = CancelOrder(OWN, "customer", lines=({"line_id": "1", "quantity": 1},))  # type: ignore[arg-type]  # read as in a body
    given(*past).when(part).then_refused("illegal_transition")
    rejected = given(*received(line(600))).when(PLACE).events
    again = given(*received(line(600)), *rejected).when(CancelOrder(OWN, "customer"))
    again.then_refused("already_cancelled")


def test_notes_are_taken_at_any_time() -> None:
    assert given(*received(line(1))).when(NoteOrder(OWN, "rings twice")).events


def test_a_time_to_come_is_refused_when_it_is_received() -> None:
    late = CONTEXT.now + timedelta(hours=1)
    given(*SHELF).when(queued(line(1), placed_at=late)).then_refused("invalid_fields")
    past = received(line(1), placed_at=CONTEXT.now - timedelta(days=1))
    (placed,) = [c for c in given(*past).when(PLACE).changes if isinstance(c.event, OrderPlaced)]
    assert placed.occurred_at == placed.event.placed_at == CONTEXT.now - timedelta(days=1)  # type: ignore[attr-defined]  # an order


def test_an_order_that_is_not_there() -> None:
    given().when(PLACE).then_refused("not_found")


def test_an_order_is_sensitive_from_its_reception_on() -> None:
    pill = ProductDefined("A", "Pill", True, sensitive=True)
    decision = given(*SHELF, pill).when(queued(line(1)))
    assert decision.answer["sensitive"] is True
    later = given(*received(line(1)), pill).when(PLACE)
    assert later.answer["sensitive"] is True
