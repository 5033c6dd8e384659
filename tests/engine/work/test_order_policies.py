"""The program's own policies on PostgreSQL: what follows for payments and holds of orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.app import Oms
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import CaptureRequested, PaymentVoided, VoidRequested
from oms_ledger.policies import POLICIES
from tests.databases import Database
from tests.engine.work.consequences import ledger
from tests.engine.work.mortal import finish


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with ledger(ready, *POLICIES) as oms:
        do(oms, "ReceiveStock", sku="A", location="LON", quantity=50)
        yield oms


def do(oms: Oms, command: str, **fields: Any) -> Any:
    return oms.execute(COMMANDS[command](**fields), actor="clerk").answer


def place(oms: Oms, **more: Any) -> str:
    lines = [{"sku": "A", "quantity": 6, "unit_price": "2.55"}]
    shipping = {"service": "standard", "price": "4.95"}
    body = {"channel": "web", "currency": "GBP", "lines": lines, "shipping": shipping}
    order_id: str = do(oms, "PlaceOrder", **body, **more)["order_id"]
    return order_id


def ship(oms: Oms, order_id: str, units: int) -> None:
    lines = [{"line_id": "1", "quantity": units}]
    parcel = do(oms, "CreateShipment", order_id=order_id, location="LON", lines=lines)
    do(oms, "DispatchShipment", shipment_id=parcel["shipment_id"])


def captured(oms: Oms) -> list[int]:
    events = oms.readers.log().events(0, 1000, [CaptureRequested.type])
    return [r.event.amount.minor for r in events if isinstance(r.event, CaptureRequested)]


def test_each_dispatch_captures_its_part_once(oms: Oms) -> None:
    do(oms, "PutChannel", channel="web", capture_on="dispatch", ship_unpaid=False)
    order_id = place(oms, confirm=True)
    do(oms, "RequestPayment", order_id=order_id, provider="manual", amount="20.25")
    finish(oms)
    assert captured(oms) == []
    ship(oms, order_id, 2)
    finish(oms)
    finish(oms)
    assert captured(oms) == [1005]
    ship(oms, order_id, 1)
    ship(oms, order_id, 3)
    finish(oms)
    assert sum(captured(oms)) == 2025
    assert oms.readers.log().fold(Order, order_id).balance.due == 0
    assert oms.work.refusals() == []


def test_confirming_captures_what_was_authorised_before(oms: Oms) -> None:
    do(oms, "PutChannel", channel="web", capture_on="confirm")
    order_id = place(oms)
    do(oms, "RequestPayment", order_id=order_id, provider="manual", amount="20.25")
    finish(oms)
    assert captured(oms) == []
    do(oms, "ConfirmOrder", order_id=order_id)
    finish(oms)
    assert captured(oms) == [2025]


def test_an_authorisation_that_comes_after_the_cancellation_is_voided_once(oms: Oms) -> None:
    order_id = place(oms)
    payment = {"order_id": order_id}
    body = {**payment, "provider": "external", "amount": "20.25"}
    payment["payment_id"] = do(oms, "RequestPayment", **body)["payment_id"]
    do(oms, "CancelOrder", order_id=order_id, reason="customer")
    finish(oms)
    do(oms, "ReportPayment", **payment, kind="authorised", provider_event_id="e1")
    finish(oms)
    voids = oms.readers.log().events(0, 1000, [VoidRequested.type, PaymentVoided.type])
    assert [type(r.event) for r in voids] == [VoidRequested]


def test_the_order_that_reaches_the_limit_of_its_buyer_is_held(oms: Oms) -> None:
    do(oms, "PutHoldRule", rule_name="fast", type="velocity", orders=3, hours=1)
    orders = [place(oms, customer={"id": "c1"}) for _ in range(3)]
    finish(oms)
    log = oms.readers.log()
    held = [[hold.rule for hold in log.fold(Order, each).holds.values()] for each in orders]
    assert held == [[], [], ["fast"]]
