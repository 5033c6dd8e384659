"""Messages to customers on PostgreSQL: written once, and none to customers who were forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from oms_ledger.app import Oms
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.messages.events import MessageRequested
from oms_ledger.policies import POLICIES
from tests.databases import Database
from tests.engine.work.consequences import ledger
from tests.engine.work.mortal import finish
from tests.engine.work.test_order_policies import do, place, ship

ADA = {"id": "c-ada", "email": "ada@example.com"}
GUEST = {"email": "guest@example.com"}


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with ledger(ready, *POLICIES) as oms:
        do(oms, "ReceiveStock", sku="A", location="LON", quantity=50)
        do(oms, "PutChannel", channel="web", messages=True, locale="de")
        yield oms


def written(oms: Oms, order_id: str) -> list[tuple[str, str | None]]:
    """The templates and locales of the messages about an order."""
    events = oms.readers.log().events(0, 1000, [MessageRequested.type])
    requested = [r.event for r in events if isinstance(r.event, MessageRequested)]
    return [(each.template, each.locale) for each in requested if each.order_id == order_id]


def test_placing_and_shipping_are_written_once(oms: Oms) -> None:
    order_id = place(oms, confirm=True, customer=ADA)
    finish(oms)
    ship(oms, order_id, 2)
    finish(oms)
    finish(oms)
    assert written(oms, order_id) == [("placed", "de"), ("shipped", "de")]
    assert oms.work.refusals() == []


def test_another_channel_writes_nothing(oms: Oms) -> None:
    do(oms, "PutChannel", channel="web", messages=False)
    order_id = place(oms, confirm=True, customer=ADA)
    ship(oms, order_id, 2)
    finish(oms)
    assert written(oms, order_id) == []


@pytest.mark.parametrize("customer", [ADA, GUEST], ids=["customer", "guest"])
def test_a_forgotten_customer_gets_no_message_until_they_order_again(
    oms: Oms, customer: dict[str, Any]
) -> None:
    before = place(oms, confirm=True, customer=customer)
    do(
        oms,
        "ForgetCustomer",
        customer_id=customer.get("id", GUEST["email"]),
        reason="erasure request",
    )
    again = place(oms, confirm=True, customer=customer)
    finish(oms)
    assert written(oms, before) == []
    assert written(oms, again) == [("placed", "de")]
    assert oms.work.refusals() == []
    with pytest.raises(Refused, match="forgotten") as refused:
        do(oms, "RequestMessage", order_id=before, template="placed")
    assert refused.value.code == "no_email_address"
