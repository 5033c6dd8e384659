"""Units of measure: steps inside, decimal text outside, prices of whole units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.units import (
    STEPS_MAX,
    UnitOfMeasure,
    in_unit,
    price_of,
    quantity_text,
    steps_of,
)

KG = UnitOfMeasure("kg", 3)
BOX = UnitOfMeasure("BX", 0)


@given(st.integers(-STEPS_MAX, STEPS_MAX), st.integers(0, 4))
def test_a_quantity_goes_out_and_comes_back_as_it_was(quantity: int, decimals: int) -> None:
    unit = UnitOfMeasure("m", decimals)
    text = in_unit(quantity, unit)
    assert Decimal(text) * 10**decimals == quantity
    assert len(text.partition(".")[2]) == decimals
    assert steps_of(Decimal(text), unit, "quantity") == quantity


def test_people_read_it_with_its_unit() -> None:
    assert [quantity_text(250, KG), quantity_text(-5, KG)] == ["0.250 kg", "-0.005 kg"]
    assert [quantity_text(3, None), quantity_text(3, BOX)] == ["3", "3 BX"]


def test_pieces_are_whole_numbers() -> None:
    assert steps_of(3, None, "quantity") == 3
    assert [steps_of(3, BOX, "quantity"), steps_of(Decimal("3"), BOX, "quantity")] == [3, 3]


@pytest.mark.parametrize(
    ("quantity", "unit", "remedy"),
    [
        (Decimal("3"), None, "Write a whole number, without quotes."),
        (3, KG, 'measured in kg with 3 decimals. Write it as text in this unit, such as "1.000".'),
        (Decimal("0.2505"), KG, "Write no more decimals"),
        (Decimal("0.5"), BOX, "with no decimals. Write no more decimals"),
        (Decimal("1000000.001"), KG, "Write at most 1000000.000 kg."),
    ],
)
def test_what_could_be_meant_otherwise_is_refused_by_its_field(
    quantity: int | Decimal, unit: UnitOfMeasure | None, remedy: str
) -> None:
    with pytest.raises(Invalid) as refused:
        steps_of(quantity, unit, "lines.0.quantity")
    assert [error["field"] for error in refused.value.errors] == ["lines.0.quantity"]
    assert remedy in refused.value.detail


def test_nothing_is_nothing_in_any_unit() -> None:
    assert steps_of(0, KG, "damaged") == 0


@given(st.integers(0, 10**9), st.integers(0, STEPS_MAX), st.integers(0, 4))
def test_a_price_of_whole_units_is_rounded_half_up_once(
    price: int, quantity: int, decimals: int
) -> None:
    exact = Fraction(price * quantity, 10**decimals)
    cost = price_of(price, quantity, UnitOfMeasure("kg", decimals))
    assert Fraction(-1, 2) < cost - exact <= Fraction(1, 2)
    text = Decimal(in_unit(quantity, UnitOfMeasure("kg", decimals)))
    assert cost == int((price * text).quantize(Decimal(1), ROUND_HALF_UP))
