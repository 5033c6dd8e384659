"""A worker voids and refunds the payments of orders that are cancelled or expire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.payments.request import RequestPayment
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import Oms, open_prepared
from oms_ledger.cli.ledger import build_command
from oms_ledger.domain.orders.events import OrderCancelled
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentVoided, RefundRequested
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.policies.when_order_cancelled_release_its_payments import POLICY
from tests.databases import Database
from tests.serving.family import until
from tests.worker.test_policies import worker

SOURCE = f"policy:{POLICY.name}"


@pytest.fixture
def oms(ready: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Oms]:
    monkeypatch.setenv("OMS_DATABASE_URL", ready.url)
    with open_prepared(ready.settings) as oms:
        oms.execute(PutLocation("LON", "London"), actor="clerk")
        oms.execute(ReceiveStock(sku="A", location="LON", quantity=10), actor="clerk")
        yield oms


def place(oms: Oms, **fields: object) -> str:
    """An order of 10.00 GBP; its id."""
    lines = [{"sku": "A", "quantity": 4, "unit_price": "2.50"}]
    placed = build_command(
        PlaceOrder, {"channel": "web", "currency": "GBP", "lines": lines, **fields}
    )
    return str(oms.execute(placed, actor="clerk").answer["order_id"])


def pay(oms: Oms, order_id: str, amount: str, capture: str) -> None:
    fields = {"order_id": order_id, "provider": "manual", "amount": amount, "capture": capture}
    oms.execute(build_command(RequestPayment, fields), actor="clerk")


def order_of(oms: Oms, order_id: str) -> Order:
    return oms.readers.log().fold(Order, order_id)


def test_a_cancelled_order_keeps_no_money(oms: Oms) -> None:
    order_id = place(oms)
    pay(oms, order_id, "4.00", "automatic")
    pay(oms, order_id, "6.00", "manual")
    with worker(oms):
        oms.execute(CancelOrder(order_id=order_id, reason="customer"), actor="clerk")
        until(lambda: order_of(oms, order_id).statuses.payment == "refunded", "all is released")
    followed = oms.readers.log().events(0, 1000, [PaymentVoided.type, RefundRequested.type])
    assert [each.meta.actor for each in followed] == [SOURCE, SOURCE]
    (cause,) = oms.readers.log().events(0, 1000, [OrderCancelled.type])
    assert {each.meta.causation_id for each in followed} == {f"event:{cause.position}"}
    balance = order_of(oms, order_id).balance
    assert (balance.authorised, balance.refunded, balance.credit) == (0, 400, 0)
    assert oms.work.refusals() == []


def test_an_order_that_is_not_paid_in_time_expires_and_keeps_neither_stock_nor_money(
    oms: Oms,
) -> None:
    pay_by = datetime.now(UTC) + timedelta(seconds=1)
    unpaid, paid = place(oms, pay_by=pay_by), place(oms, pay_by=pay_by)
    pay(oms, unpaid, "4.00", "automatic")
    pay(oms, unpaid, "5.00", "manual")
    pay(oms, paid, "10.00", "manual")
    assert oms.readers.log().fold(StockLevel, "A@LON").free == 2
    with worker(oms):
        until(lambda: order_of(oms, unpaid).statuses.payment == "refunded", "all is released")
    assert order_of(oms, unpaid).statuses.order == "expired"
    (expired,) = oms.readers.log().events(0, 1000, [OrderCancelled.type])
    assert expired.meta.actor == "deadline:unpaid_order"
    assert expired.meta.recorded_at >= pay_by
    assert oms.readers.log().fold(StockLevel, "A@LON").free == 6
    order = order_of(oms, paid)
    assert (order.statuses.order, order.balance.authorised) == ("pending", 1000)
    assert oms.work.refusals() == []
