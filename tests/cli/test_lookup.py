"""Orders are found by what people call them: by an exact id, number or external id."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from oms_commands.orders._fields import LineFields
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.app import open_oms
from oms_ledger.cli.lookup import order_id_of
from oms_ledger.domain.errors import NotFound
from tests.cli.conftest import Run
from tests.databases import Database

LINES = (LineFields("MUG", 1, Decimal("1.00")),)


def place(channel: str, *external_ids: str | None) -> list[PlaceOrder]:
    return [
        PlaceOrder(
            channel=channel, external_id=each, currency="GBP", lines=LINES, backorder="allow"
        )
        for each in external_ids
    ]


@pytest.fixture
def shop(run: Run, postgres: Database) -> Run:
    """WEB-000001 to WEB-000060 are N0 to N59; then orders whose names are names of others."""
    run("do", "PutLocation", '{"code": "LEEDS", "name": "Leeds"}')
    orders = [
        *place("web", *(f"N{n}" for n in range(60)), "a@b", "100%", "a_b", "aXb"),
        *place("shop", "N7", "WEB-000003", "web-000004", None),
    ]
    with open_oms(postgres.settings) as oms:
        oms.execute(ReceiveStock("MUG", "LEEDS", 1), actor="test")
        for outcome in oms.execute_many(orders, actor="test"):
            assert not isinstance(outcome, Exception)
    return run


def number(shop: Run, which: str) -> str:
    return str(json.loads(shop("show", "order", which, "--json").stdout)["order_number"])


@pytest.mark.parametrize("external_id", ["N0", "N5", "N59", "a@b", "100%", "a_b", "aXb"])
def test_an_external_id_is_matched_among_any_number_that_contain_it(
    shop: Run, external_id: str
) -> None:
    shown = json.loads(shop("show", "order", external_id, "--json").stdout)
    assert shown["external_id"] == external_id
    assert "N-1" in shop("show", "order", "N-1", code=4).stderr


def test_orders_are_matched_by_id_then_number_then_external_id(
    shop: Run, postgres: Database
) -> None:
    assert number(shop, "WEB-000060") == number(shop, "web-000060") == "WEB-000060"
    assert number(shop, "WEB-000003") == "WEB-000003", "not the order with that external id"
    assert number(shop, "web-000004") == "WEB-000004"
    order_id = json.loads(shop("show", "order", "WEB-000009", "--json").stdout)["order_id"]
    assert number(shop, order_id) == "WEB-000009"
    with open_oms(postgres.settings) as oms:
        (called_so,) = oms.execute_many(place("shop", order_id), actor="test")
        assert not isinstance(called_so, Exception)
        assert order_id_of(oms, order_id) == order_id, "not the order with that external id"


@pytest.mark.parametrize("part", ["N", "n5", "WEB-00000", "EB-000001", "000001", "%", "_"])
def test_a_part_of_a_name_finds_nothing(shop: Run, part: str) -> None:
    error = shop("show", "order", part, code=4).stderr
    assert "No order has the id, number or external id" in error


def test_orders_of_one_name_are_listed(shop: Run, postgres: Database) -> None:
    error = shop("show", "order", "N7", code=4).stderr
    assert "Several orders" in error
    for each in ("number: WEB-000008, channel: web", "number: SHOP-000001, channel: shop"):
        assert each in error
    with open_oms(postgres.settings) as oms:
        with pytest.raises(NotFound) as raised:
            order_id_of(oms, "N7")
        ids = [str(each["order_id"]) for each in raised.value.errors]
        assert [order_id_of(oms, each) for each in ids] == ids
    assert number(shop, ids[0]) != number(shop, ids[1])
