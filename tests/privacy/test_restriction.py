"""The restriction of a customer's processing from end to end: in lists, in their page and export,
and for what policies would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from oms_commands.customers.forget import ForgetCustomer
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Refused
from oms_ledger.policies import POLICIES
from oms_projections import QUERIES
from tests.databases import Database
from tests.engine.work.consequences import ledger
from tests.engine.work.mortal import finish
from tests.engine.work.test_message_policies import written
from tests.engine.work.test_order_policies import do, place, ship

ADA = {"id": "c-ada", "email": "ada@example.com"}
BOB = {"id": "c-bob", "email": "bob@example.com"}
GUEST = {"email": "guest@example.com"}


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with ledger(ready, *POLICIES) as oms:
        do(oms, "ReceiveStock", sku="A", location="LON", quantity=50)
        do(oms, "PutChannel", channel="web", messages=True)
        yield oms


def queried(oms: Oms, query: str, **params: Any) -> Any:
    """The answer of a query as of now."""
    oms.catch_up()
    (named,) = [each for each in QUERIES if each.name == query]
    return oms.query(named, named.params(**params)).body


def test_lists_leave_them_out(oms: Oms) -> None:
    place(oms, customer=ADA)
    place(oms, customer=BOB)
    for each in (ADA, BOB):
        do(oms, "TagCustomer", customer_id=each["id"], add=["vip"])
    do(oms, "RestrictCustomer", customer_id="c-ada", reason="objection")

    def listed(**params: Any) -> list[str]:
        return [each["customer_id"] for each in queried(oms, "list_customers", **params)["items"]]

    assert listed() == listed(tag="vip") == ["c-bob"]
    assert listed(restricted=True) == ["c-ada"]
    do(oms, "LiftCustomerRestriction", customer_id="c-ada", reason="informed")
    assert listed() == ["c-ada", "c-bob"]


def test_their_page_and_export_show_it(oms: Oms) -> None:
    place(oms, customer=ADA)
    do(oms, "RestrictCustomer", customer_id="c-ada", reason="objection", reference="letter 7")
    for query in ("get_customer", "export_customer"):
        shown = queried(oms, query, customer_id="c-ada")["restriction"]
        assert (shown["reason"], shown["reference"]) == ("objection", "letter 7")
        assert shown["restricted_by"]
        assert shown["restricted_at"].endswith("Z")
    do(oms, "LiftCustomerRestriction", customer_id="c-ada", reason="informed")
    export = queried(oms, "export_customer", customer_id="c-ada")
    assert export["restriction"] is None
    types = [each["type"] for each in export["events"]]
    assert {"customer.restricted.v1", "customer.restriction_lifted.v1"} <= set(types)


@pytest.mark.parametrize(
    ("customer", "name"), [(ADA, "c-ada"), (GUEST, "guest@example.com")], ids=["customer", "guest"]
)
def test_policies_write_no_message(oms: Oms, customer: dict[str, Any], name: str) -> None:
    order_id = place(oms, confirm=True, customer=customer)
    finish(oms)
    do(oms, "RestrictCustomer", customer_id=name, reason="objection")
    ship(oms, order_id, 2)
    finish(oms)
    assert [template for template, _ in written(oms, order_id)] == ["placed"]
    assert oms.work.refusals() == []
    do(oms, "LiftCustomerRestriction", customer_id=name, reason="informed")
    later = place(oms, confirm=True, customer=customer)
    finish(oms)
    assert [template for template, _ in written(oms, later)] == ["placed"]


def test_nothing_is_erased_until_it_is_lifted(oms: Oms) -> None:
    place(oms, customer=ADA)
    do(oms, "RestrictCustomer", customer_id="c-ada", reason="legal claim")
    forget = ForgetCustomer(customer_id="c-ada", reason="request")
    with pytest.raises(Refused, match="restricted"):
        oms.execute(forget, actor="clerk")
    oms.catch_up()
    assert queried(oms, "get_customer", customer_id="c-ada")["forgotten"] == 0
    do(oms, "LiftCustomerRestriction", customer_id="c-ada", reason="informed")
    oms.execute(forget, actor="clerk")
    assert queried(oms, "get_customer", customer_id="c-ada")["forgotten"] == 1


def test_an_export_has_the_messages_to_the_customer(oms: Oms) -> None:
    order_id = place(oms, confirm=True, customer=ADA)
    place(oms, confirm=True, customer=BOB)
    finish(oms)
    export = queried(oms, "export_customer", customer_id="c-ada")
    (message,) = export["messages"]
    assert (message["order_id"], message["template"]) == (order_id, "placed")
    assert message["status"] == "requested"
    types = [each["type"] for each in export["events"]]
    assert types.count("message.requested.v1") == 1
