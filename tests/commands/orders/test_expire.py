"""Orders that expire unless they are paid in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from oms_commands.orders.expire import ExpireOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.payments.record import RecordPayment
from oms_commands.payments.request import RequestPayment
from oms_ledger.domain.orders.events import OrderCancelled, OrderPlaced
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockReleased
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.payments.past import AUTHORISED, PAID, PENDING, TOTAL, authorised, captured
from tests.commands.shop import SHELF, UNDER_WAY, packed, quantities, six

NOW = CONTEXT.now
EXPIRE = ExpireOrder("o1")
EXPIRED = OrderCancelled("o1", "expired", None, quantities(6), (Allocation("1", "A", "LON", 6),))


def due(events: Sequence[Event], seconds: int = 0) -> tuple[Event, ...]:
    """The past of an order that is to be paid so many seconds from now."""
    pay_by = NOW + timedelta(seconds=seconds)
    return tuple(
        replace(event, terms=replace(event.terms, pay_by=pay_by))
        if isinstance(event, OrderPlaced)
        else event
        for event in events
    )


@pytest.mark.parametrize("confirmed", [True, False])
def test_an_unpaid_order_expires_and_frees_its_stock(confirmed: bool) -> None:
    past = due(six(confirmed=confirmed))
    expired = given(*past).when(EXPIRE)
    expired.then(EXPIRED, StockReleased("A", "LON", 6, "o1", "1"))
    order = Order()
    for event in (*past, *expired.events):
        if event.stream == "order-o1":
            order.apply(event)
    assert order.statuses.order == "expired"
    given(*past, *expired.events).when(EXPIRE).then()


def test_not_before_its_time() -> None:
    refused = given(*due(six(), 1)).when(EXPIRE).then_refused("illegal_transition")
    assert "Its pay_by is 2026-01-31T00:00:01Z" in refused.detail
    refused = given(*six()).when(EXPIRE).then_refused("illegal_transition")
    assert "It has no pay_by" in refused.detail
    given(*SHELF).when(EXPIRE).then_refused("not_found")


@pytest.mark.parametrize(
    "past", [PAID, AUTHORISED, (*six(), *captured("p1", 1000), *authorised("p2", TOTAL - 1000))]
)
def test_a_paid_or_authorised_order_stays_as_it_is(past: Sequence[Event]) -> None:
    given(*due(past)).when(EXPIRE).then()


@pytest.mark.parametrize(
    "past", [PENDING, (*six(), *captured(minor=TOTAL - 1)), (*six(), *authorised(minor=TOTAL - 1))]
)
def test_an_order_expires_while_anything_is_due(past: Sequence[Event]) -> None:
    assert EXPIRED in given(*due(past)).when(EXPIRE).events


def test_an_order_that_is_packed_or_shipped_stays_as_it_is() -> None:
    given(*due((*six(), *packed(1)))).when(EXPIRE).then()
    given(*due(UNDER_WAY)).when(EXPIRE).then()


def test_a_cancelled_order_stays_cancelled() -> None:
    cancelled = OrderCancelled("o1", "customer", None, quantities(6), EXPIRED.released)
    given(*due(six()), cancelled).when(EXPIRE).then()


def test_money_that_comes_after_it_is_credit() -> None:
    past = (*due(six()), EXPIRED)
    request = {"order_id": "o1", "provider": "manual", "amount": "20.25"}
    given(*past).when(RequestPayment, **request).then_refused("illegal_transition")
    record = {"order_id": "o1", "provider": "bank", "reference": "r1", "amount": "20.25"}
    money = given(*past).when(RecordPayment, **record).answer["money"]
    assert isinstance(money, dict)
    assert (money["due"], money["credit"]) == ("0.00", "20.25")


def test_an_order_is_placed_with_its_time() -> None:
    fields = {
        "channel": "web",
        "currency": "GBP",
        "lines": [{"sku": "A", "quantity": 6, "unit_price": "2.55"}],
        "external_id": "1",
    }
    placed = given(*SHELF).when(PlaceOrder, **fields, pay_by=NOW + timedelta(days=1))
    assert placed.answer["pay_by"] == "2026-02-01T00:00:00Z"
    again = given(*SHELF, *placed.events)
    again.when(PlaceOrder, **fields, pay_by=NOW + timedelta(days=1)).then()
    again.when(PlaceOrder, **fields).then_refused("external_id_reused")
