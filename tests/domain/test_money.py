"""Money: no cent is lost, no currency mixed, nothing rounded in silence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oms_ledger.domain.money import DIGITS, Money, to_minor, to_text

MINOR = st.integers(min_value=-(10**18), max_value=10**18)
CURRENCY = st.sampled_from(sorted(DIGITS))
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=20)


@given(MINOR, WEIGHTS)
def test_a_split_never_loses_a_cent(minor: int, weights: list[int]) -> None:
    assume(sum(weights))
    parts = Money(minor, "GBP").split(weights)
    assert sum(part.minor for part in parts) == minor
    assert {part.currency for part in parts} == {"GBP"}


@given(MINOR, WEIGHTS)
def test_each_part_is_its_share_to_less_than_a_cent(minor: int, weights: list[int]) -> None:
    assume(sum(weights))
    for part, weight in zip(Money(minor, "GBP").split(weights), weights, strict=True):
        assert abs(part.minor * sum(weights) - minor * weight) < sum(weights)


def test_the_cents_left_over_go_to_the_largest_remainders_first_come_first() -> None:
    assert [p.minor for p in Money(100, "GBP").split([1, 1, 1])] == [34, 33, 33]
    assert [p.minor for p in Money(100, "GBP").split([2, 2, 3])] == [29, 28, 43]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_divide_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100, "GBP").split(weights)


@given(MINOR, CURRENCY)
def test_text_and_minor_units_are_the_same_amount(minor: int, currency: str) -> None:
    assert to_minor(Decimal(to_text(minor, currency)), currency) == minor


@pytest.mark.parametrize("currency", sorted(DIGITS))
def test_every_currency_shows_its_own_digits(currency: str) -> None:
    text = to_text(-5, currency)
    assert text == {0: "-5", 2: "-0.05", 3: "-0.005"}[DIGITS[currency]]
    assert to_minor(Decimal(text), currency) == -5


@given(MINOR, CURRENCY, st.integers(min_value=1, max_value=60))
def test_what_is_finer_than_the_currency_is_refused(minor: int, currency: str, more: int) -> None:
    fine = Decimal(f"{to_text(minor, currency)}{'' if DIGITS[currency] else '.'}{'0' * more}1")
    with pytest.raises(ValueError, match=f"finer than {currency} allows"):
        to_minor(fine, currency)


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="'XXX' is not an ISO 4217"):
        to_minor(Decimal(1), "XXX")


@given(MINOR, MINOR, CURRENCY, CURRENCY)
def test_sums_keep_to_one_currency(one: int, other: int, a: str, b: str) -> None:
    if a == b:
        assert Money(one, a) + Money(other, b) == Money(one + other, a)
    else:
        with pytest.raises(ValueError, match=f"cannot add {b} to {a}"):
            Money(one, a) + Money(other, b)
