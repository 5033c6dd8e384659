"""Defining products."""

from __future__ import annotations

import pytest

from oms_commands.catalogue.put_product import PutProduct
from oms_ledger.domain.catalogue.events import Component, Dimensions, ProductDefined
from oms_ledger.domain.money import Money
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.testing import given, replace


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


KG = {"code": "kg", "decimals": 3}
CHEESE = ProductDefined("CHEESE", "Comte", True, unit=UnitOfMeasure("kg", 3))


def test_what_is_sold_by_weight_has_its_bounds_in_its_unit() -> None:
    decision = given().when(
        PutProduct,
        sku="CHEESE",
        title="Comte",
        unit_of_measure=KG,
        safety_stock="0.5",
        backorder_limit="20",
    )
    decision.then(replace(CHEESE, safety_stock=500, backorder_limit=20_000))
    assert decision.answer["unit_of_measure"] == KG
    cheese = {"sku": "CHEESE", "title": "Comte", "unit_of_measure": KG}
    refused = given().when(PutProduct, **cheese, safety_stock=5).then_refused("invalid_fields")
    assert [error["field"] for error in refused.errors] == ["safety_stock"]


def test_a_unit_stays_and_may_get_another_name() -> None:
    cheese = {"sku": "CHEESE", "title": "Comte"}
    given(CHEESE).when(PutProduct, **cheese).then()
    given(CHEESE).when(PutProduct, **cheese, unit_of_measure={"code": "KGM", "decimals": 3}).then(
        replace(CHEESE, unit=UnitOfMeasure("KGM", 3))
    )
    given(ProductDefined("A", "Heart", True)).when(
        PutProduct, sku="A", title="Heart", unit_of_measure={"code": "BX", "decimals": 0}
    ).then(ProductDefined("A", "Heart", True, unit=UnitOfMeasure("BX", 0)))


def test_what_is_counted_one_way_is_never_counted_another() -> None:
    heart = ProductDefined("A", "Heart", True)
    for before, sku, unit in ((heart, "A", KG), (CHEESE, "CHEESE", {"code": "kg", "decimals": 1})):
        refused = given(before).when(PutProduct, sku=sku, title="X", unit_of_measure=unit)
        assert "counted so" in refused.then_refused("unit_is_fixed").detail
    kit = [{"sku": "A", "quantity": 1}]
    given(CHEESE, heart).when(PutProduct, sku="CHEESE", title="Comte", components=kit).then_refused(
        "unit_is_fixed"
    )


def test_a_kit_has_some_of_what_is_sold_by_weight() -> None:
    board = {"sku": "BOARD", "title": "Cheese board"}
    part = {"sku": "CHEESE", "quantity": "0.25"}
    given(CHEESE).when(PutProduct, **board, components=[part]).then(
        ProductDefined("BOARD", "Cheese board", True, components=(Component("CHEESE", 250),))
    )
    whole = [{"sku": "CHEESE", "quantity": 1}]
    refused = given(CHEESE).when(PutProduct, **board, components=whole)
    errors = refused.then_refused("invalid_fields").errors
    assert [error["field"] for error in errors] == ["components.0.quantity"]
    measured = given(CHEESE).when(PutProduct, **board, components=[part], unit_of_measure=KG)
    assert list(measured.wrong) == ["unit_of_measure"]
