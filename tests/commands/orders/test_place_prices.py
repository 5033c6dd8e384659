"""Prices of a placed order: tax on top or within, a discount on the whole, the buyer's currency."""

from __future__ import annotations

import pytest

from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.terms import OrderTerms, Presentment, ShippingCharge
from oms_ledger.testing import given
from tests.commands.shop import SHELF

LINE = {"sku": "A", "quantity": 3, "unit_price": "10.00", "tax": "5.00", "tax_rate": "0.20"}
BODY = {"channel": "web", "currency": "GBP", "lines": [LINE]}


def terms_of(**fields: object) -> OrderTerms:
    decision = given(*SHELF).when(PlaceOrder, **{**BODY, **fields})
    (placed,) = (event for event in decision.events if isinstance(event, OrderPlaced))
    assert decision.answer["total"] == f"{placed.terms.total / 100:.2f}"
    return placed.terms


def test_tax_on_top() -> None:
    terms = terms_of(shipping={"service": "standard", "price": "4.00", "tax": "0.80"})
    assert terms.lines == (OrderLine("1", "A", 3, 1000, 500, tax_rate="0.20"),)
    assert terms.shipping == ShippingCharge("standard", 400, 80)
    assert (terms.total, terms.tax_total) == (3500 + 480, 580)


def test_tax_within_the_price() -> None:
    terms = terms_of(
        tax_included=True, shipping={"service": "standard", "price": "4.80", "tax": "0.80"}
    )
    assert (terms.total, terms.tax_total) == (3000 + 480, 580)


def test_a_discount_on_the_whole_order_is_spread_over_its_lines() -> None:
    lines = [{"sku": "A", "quantity": 1, "unit_price": "10.00"}] * 3
    terms = terms_of(lines=lines, discount="1.00")
    assert [line.order_discount for line in terms.lines] == [34, 33, 33]
    assert terms.total == 2900


def test_the_currency_that_the_buyer_saw() -> None:
    terms = terms_of(presentment={"currency": "EUR", "rate": "1.1534"})
    assert terms.presentment == Presentment("EUR", "1.1534")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"discount": "35.01"}, "discount"),
        ({"discount": "0.001"}, "discount"),
        ({"tax_included": True, "lines": [{**LINE, "tax": "30.01"}]}, "lines.0.tax"),
        (
            {"tax_included": True, "shipping": {"service": "s", "price": "1.00", "tax": "1.01"}},
            "shipping.tax",
        ),
        ({"shipping": {"service": "s", "tax": "0.001"}}, "shipping.tax"),
        ({"presentment": {"currency": "XXX", "rate": "1"}}, "presentment.currency"),
        ({"presentment": {"currency": "EUR", "rate": "0"}}, "presentment.rate"),
        ({"lines": [{**LINE, "tax_rate": "-1"}]}, "lines.0.tax_rate"),
    ],
)
def test_amounts_that_cannot_be(fields: dict[str, object], field: str) -> None:
    given(*SHELF).when(PlaceOrder, **{**BODY, **fields}).then_invalid(field)
