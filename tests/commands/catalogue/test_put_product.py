"""Defining products."""

from __future__ import annotations

import pytest

from oms_commands.catalogue.put_product import PutProduct
from oms_ledger.domain.catalogue.events import Dimensions, ProductDefined
from oms_ledger.domain.money import Money
from oms_ledger.testing import given


def test_goods_are_defined_with_size_cost_and_bounds() -> None:
    decision = given().when(
        PutProduct,
        sku="A",
        title="Heart",
        weight_g=120,
        dimensions_mm={"length": 10, "width": 20, "height": 30},
        unit_cost="1.25",
        currency="GBP",
        backorder_limit=5,
        safety_stock=2,
    )
    cost = Money(125, "GBP")
    decision.then(ProductDefined("A", "Heart", True, 120, Dimensions(10, 20, 30), cost, 5, 2))
    assert (decision.answer["unit_cost"], decision.answer["version"]) == ("1.25", 1)


def test_a_cost_needs_a_currency_or_that_of_the_cost_before() -> None:
    heart = {"sku": "A", "title": "Heart", "unit_cost": "1.25"}
    refused = given().when(PutProduct, **heart).then_refused("invalid_fields")
    assert [error["field"] for error in refused.errors] == ["currency"]
    assert "required with `unit_cost`" in refused.detail
    defined = ProductDefined("A", "Heart", True, unit_cost=Money(100, "BRL"))
    decision = given(defined).when(PutProduct, **heart)
    decision.then(ProductDefined("A", "Heart", True, unit_cost=Money(125, "BRL")))
    assert decision.answer["currency"] == "BRL"
    in_yen = ProductDefined("A", "Heart", True, unit_cost=Money(100, "JPY"))
    finer = given(in_yen).when(PutProduct, **heart).then_refused("invalid_fields")
    assert [error["field"] for error in finer.errors] == ["unit_cost"]


def test_a_service_is_charged_and_never_shipped() -> None:
    decision = given().when(PutProduct, sku="POST", title="Postage", stocked=False)
    decision.then(ProductDefined("POST", "Postage", False))
    assert (decision.answer["unit_cost"], decision.answer["currency"]) == (None, None)


def test_the_same_again_changes_nothing_and_another_definition_replaces_it() -> None:
    heart = ProductDefined("A", "Heart", True)
    given(heart).when(PutProduct, sku="A", title="Heart").then()
    given(heart).when(PutProduct, sku="A", title="Big heart").then(
        ProductDefined("A", "Big heart", True)
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", ""),
        ("title", ""),
        ("weight_g", -1),
        ("unit_cost", "1.255"),
        ("unit_cost", 1.25),
        ("currency", "gbp"),
        ("backorder_limit", -1),
        ("safety_stock", -1),
        ("components", [{"sku": "B", "quantity": 1}] * 2),
        ("stocked", "perhaps"),
    ],
)
def test_what_cannot_be_names_its_field(field: str, value: object) -> None:
    fields = {"sku": "A", "title": "Heart", "currency": "GBP", field: value}
    given().when(PutProduct, **fields).then_invalid(field)


def test_a_cost_needs_a_currency_that_exists() -> None:
    given().when(PutProduct, sku="A", title="Heart", unit_cost="1", currency="XXX").then_invalid(
        "currency"
    )
