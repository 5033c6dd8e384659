"""Capturing what is due by the rule of the order's channel."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example
from hypothesis import given as for_all

from oms_commands import COMMANDS
from oms_commands.payments.capture_due import CaptureDuePayments
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.orders.events import OrderCancelled, OrderConfirmed
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentCaptured,
    PaymentChargedBack,
    PaymentVoided,
    VoidRequested,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, MemoryLedger, given
from tests.commands.payments.past import (
    AUTHORISED,
    PENDING,
    TOTAL,
    authorised,
    captured,
    gbp,
)
from tests.commands.shop import dispatched, packed, quantities, six

COMMAND = CaptureDuePayments("o1")
UNIT, SHIPPING = 255, 495


def captures(*past: Event, on: str) -> list[tuple[str, int, bool]]:
    """What is captured of each payment of an order of a channel with this `capture_on`."""
    decision = given(ChannelDefined("web", capture_on=on), *past).when(
        CaptureDuePayments("o1", if_any=True)
    )
    return [
        (event.payment_id, event.amount.minor, event.final)
        for event in decision.events
        if isinstance(event, CaptureRequested)
    ]


def shipped(units: int) -> tuple[Event, ...]:
    return (*packed(units), *dispatched(units))


@pytest.mark.parametrize("on", ["placement", "confirm"])
def test_all_that_is_owed_is_captured_once(on: str) -> None:
    shop = (ChannelDefined("web", capture_on=on), *AUTHORISED)
    decision = given(*shop).when(COMMAND)
    assert decision.events[:2] == (
        CaptureRequested("p1", CONTEXT.command_id, gbp(TOTAL)),
        PaymentCaptured("p1", CONTEXT.command_id, gbp(TOTAL)),
    )
    after = given(*shop, *decision.events)
    after.when(COMMAND).then_refused("nothing_to_capture")
    after.when(CaptureDuePayments("o1", if_any=True)).then()


def test_before_its_moment_nothing_is_captured() -> None:
    waits = (*six(confirmed=False), *authorised())
    assert captures(*waits, on="placement") == [("p1", TOTAL, False)]
    assert captures(*waits, on="confirm") == []
    assert captures(*waits, OrderConfirmed("o1"), on="confirm") == [("p1", TOTAL, False)]
    assert captures(*AUTHORISED, on="dispatch") == []
    assert captures(*AUTHORISED, *shipped(6), on="manual") == []
    given(*AUTHORISED).when(COMMAND).then_refused("nothing_to_capture")


def test_a_dispatch_captures_its_lines_the_first_one_shipping_too_and_the_last_one_the_rest() -> (
    None
):
    first = (*AUTHORISED, *shipped(2))
    assert captures(*first, on="dispatch") == [("p1", 2 * UNIT + SHIPPING, False)]
    assert captures(*AUTHORISED, *shipped(6), on="dispatch") == [("p1", TOTAL, True)]


def test_what_is_on_its_way_or_was_captured_by_hand_is_not_captured_again() -> None:
    sent = given(
        ChannelDefined("web", capture_on="confirm"), *six(), *authorised(provider="external")
    ).when(COMMAND)
    past = (*six(), *authorised(provider="external"), *sent.events)
    assert captures(*past, on="confirm") == []
    assert captures(*six(), *captured(), on="confirm") == []


def test_of_a_dispatch_what_is_on_its_way_counts_as_captured() -> None:
    past = (*six(), *authorised(provider="external"), *shipped(2))
    first = given(ChannelDefined("web", capture_on="dispatch"), *past).when(COMMAND)
    requests = [e.amount.minor for e in first.events if isinstance(e, CaptureRequested)]
    assert requests == [2 * UNIT + SHIPPING]
    assert captures(*past, *first.events, on="dispatch") == []


def test_several_payments_are_captured_in_the_order_of_their_requests() -> None:
    two = (*six(), *authorised("p1", 1000), *authorised("p2", 1025))
    assert captures(*two, on="confirm") == [("p1", 1000, False), ("p2", 1025, False)]
    assert captures(*two, *shipped(2), on="dispatch") == [("p1", 1000, False), ("p2", 5, False)]


def test_what_is_not_authorised_yet_voided_or_of_a_cancelled_order_is_left_alone() -> None:
    assert captures(*PENDING, on="placement") == []
    external = (*six(), *authorised(provider="external"))
    assert captures(*external, VoidRequested("p1"), on="confirm") == []
    whole = OrderCancelled("o1", "staff", None, quantities(6))
    assert captures(*AUTHORISED, whole, on="placement") == []


def test_a_cancelled_part_is_released_with_the_last_capture() -> None:
    part = (*AUTHORISED, OrderCancelled("o1", "staff", None, quantities(2)), *shipped(4))
    shop = (ChannelDefined("web", capture_on="dispatch"), *part)
    decision = given(*shop).when(COMMAND)
    assert PaymentVoided("p1", gbp(2 * UNIT)) in decision.events
    assert PaymentCaptured("p1", CONTEXT.command_id, gbp(TOTAL - 2 * UNIT)) in decision.events


def test_what_was_charged_back_is_not_taken_again() -> None:
    lost = (*six(), *captured(), PaymentChargedBack("p1", gbp(TOTAL)), *authorised("p2"))
    assert captures(*lost, on="confirm") == []


def test_an_order_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


LINES = [
    {"sku": "A", "quantity": 7, "unit_price": "3.33", "tax": "1.01", "discount": "0.05"},
    {"sku": "B", "quantity": 3, "unit_price": "0.10", "tax": "0.07"},
]


class Shop:
    """A channel that captures on dispatch and ships nothing unpaid, with one order, all of it
    authorised by two payments."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.run("PutLocation", code="LON", name="London")
        self.run("PutChannel", channel="web", capture_on="dispatch", ship_unpaid=False)
        for sku in ("A", "B"):
            self.run("ReceiveStock", sku=sku, location="LON", quantity=10)
        placed = self.run(
            "PlaceOrder",
            channel="web",
            currency="GBP",
            lines=LINES,
            shipping={"service": "standard", "price": "2.50"},
            confirm=True,
        )
        self.order_id: str = placed["order_id"]
        total = self.order.owed
        for amount in (total // 3, total - total // 3):
            self.about("RequestPayment", provider="manual", amount=f"{amount / 100:.2f}")

    def run(self, command: str, **body: Any) -> Any:
        return self.ledger.execute(COMMANDS[command](**body)).answer

    def about(self, command: str, **body: Any) -> Any:
        return self.run(command, order_id=self.order_id, **body)

    @property
    def order(self) -> Order:
        return self.ledger.state(Order, self.order_id)

    def open_units(self, a: int, b: int) -> list[dict[str, Any]]:
        """At most so many units of the two lines."""
        lines = self.order.lines
        wanted = {"1": min(a, lines["1"].open), "2": min(b, lines["2"].open)}
        return [{"line_id": each, "quantity": n} for each, n in wanted.items() if n]

    def ship(self, lines: list[dict[str, Any]]) -> None:
        parcel = self.about("CreateShipment", location="LON", lines=lines)
        self.run("DispatchShipment", shipment_id=parcel["shipment_id"])
        self.about("CaptureDuePayments", if_any=True)

    def refund(self) -> None:
        """A favour of 7 pence, if a payment has as much."""
        payments = self.order.settlement.payments.items()
        payment_id = next((each for each, payment in payments if payment.kept > 10), None)
        if payment_id is not None:
            self.about("RefundPayment", payment_id=payment_id, amount="0.07", reason="late")


@example(steps=[("ship", 3, 1), ("cancel", 2, 0), ("ship", 2, 2)])
@example(steps=[("ship", 1, 0), ("refund", 1, 0), ("ship", 1, 1), ("refund", 1, 1)])
@for_all(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["ship", "cancel", "refund"]), st.integers(0, 7), st.integers(0, 3)
        ),
        max_size=6,
    )
)
def test_whatever_is_shipped_cancelled_and_refunded_no_cent_is_lost(
    steps: list[tuple[str, int, int]],
) -> None:
    """After each dispatch what was captured is what is owed less what has still to ship; in the
    end, when all is shipped or cancelled, what is kept is what is owed."""
    with MemoryLedger() as ledger:
        shop = Shop(ledger)
        for kind, a, b in steps:
            lines = shop.open_units(a, b)
            if kind == "ship" and lines:
                shop.ship(lines)
            elif kind == "cancel" and lines:
                shop.about("CancelOrder", reason="customer", lines=lines)
            elif kind == "refund":
                shop.refund()
            _is_right(shop.order)
        if rest := shop.open_units(7, 3):
            shop.ship(rest)
        _is_right(shop.order)
        order = shop.order
        assert order.balance.paid == order.owed
        for payment_id in order.settlement.payments:
            totals = ledger.state(Payment, payment_id).totals
            assert 0 <= totals.refunded <= totals.captured <= totals.authorised - totals.released


def _is_right(order: Order) -> None:
    if not any(line.shipped for line in order.lines.values()):
        return
    unshipped = sum(line.price_of_more(line.open) for line in order.lines.values())
    assert order.balance.paid == max(0, order.owed - unshipped)
