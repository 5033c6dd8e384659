"""Receiving goods."""

from __future__ import annotations

import pytest

from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.money import Money
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.testing import given
from tests.commands.shop import SHELF, place


def receipt(**more: object) -> dict[str, object]:
    return {"sku": "A", "location": "LON", "quantity": 5, **more}


def test_units_are_put_on_hand() -> None:
    decision = given(*SHELF).when(ReceiveStock, **receipt(reference="PO 7"))
    decision.then(StockReceived("A", "LON", 5, "PO 7"))
    assert decision.answer["on_hand"] == 15


def test_what_they_cost_is_kept_in_minor_units_beside_its_currency() -> None:
    given(*SHELF).when(ReceiveStock, **receipt(unit_cost="1.25", currency="KWD")).then(
        StockReceived("A", "LON", 5, None, 1250, "KWD")
    )


def test_a_cost_without_a_currency_is_in_that_of_the_product_or_refused() -> None:
    refused = given(*SHELF).when(ReceiveStock, **receipt(unit_cost="1.25"))
    errors = refused.then_refused("invalid_fields").errors
    assert [error["field"] for error in errors] == ["currency"]
    defined = ProductDefined("A", "A", True, unit_cost=Money(100, "BRL"))
    given(place(), defined).when(ReceiveStock, **receipt(unit_cost="1.25")).then(
        StockReceived("A", "LON", 5, None, 125, "BRL")
    )
    given(place(), defined).when(ReceiveStock, **receipt(unit_cost="1.25", currency="USD")).then(
        StockReceived("A", "LON", 5, None, 125, "USD")
    )


def test_a_product_never_heard_of_is_defined_under_its_own_name() -> None:
    given(place()).when(ReceiveStock, **receipt()).then(
        ProductDefined("A", "A", True), StockReceived("A", "LON", 5)
    )


def test_an_undefined_location_is_refused() -> None:
    given().when(ReceiveStock, **receipt()).then_refused("unknown_location", {"location": "LON"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 0),
        ("quantity", 1.5),
        ("quantity", "five"),
        ("sku", ""),
        ("sku", "A\tB"),
        ("location", "a@b"),
        ("unit_cost", "1.255"),
        ("unit_cost", 1.25),
        ("unit_cost", "1.0000000000000000000000000000000001"),
        ("unit_cost", "-1"),
        ("unit_cost", "NaN"),
    ],
)
def test_what_cannot_be_names_its_field(field: str, value: object) -> None:
    given(*SHELF).when(ReceiveStock, **receipt(**{"currency": "GBP", field: value})).then_invalid(
        field
    )


def test_text_is_a_quantity_of_what_has_a_unit_of_measure_alone() -> None:
    refused = given(*SHELF).when(ReceiveStock, **receipt(quantity="5"))
    errors = refused.then_refused("invalid_fields").errors
    assert [error["field"] for error in errors] == ["quantity"]


def test_a_currency_must_exist() -> None:
    given(*SHELF).when(ReceiveStock, **receipt(unit_cost="1", currency="XXX")).then_invalid(
        "currency"
    )


def test_a_misspelt_field_is_not_lost_silently() -> None:
    given(*SHELF).when(ReceiveStock, **receipt(referense="PO 7")).then_invalid("referense")
