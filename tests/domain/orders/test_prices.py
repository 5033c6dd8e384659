"""Prices, tax and discounts: no part of them is lost or made, however they are divided."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.lines import OrderLine, discounted
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.terms import OrderTerms, Presentment, ShippingCharge

LINES = st.builds(
    lambda quantity, price, tax, discount, included: OrderLine(
        "1",
        "A",
        quantity,
        price,
        min(tax, quantity * price) if included else tax,
        min(discount, quantity * price),
        tax_included=included,
    ),
    st.integers(1, 40),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.booleans(),
)


def test_tax_is_on_top_or_in_the_price() -> None:
    on_top = OrderLine("1", "A", 3, 1000, tax=500)
    within = OrderLine("1", "A", 3, 1000, tax=500, tax_included=True)
    assert (on_top.amount, within.amount) == (3500, 3000)
    charge = ShippingCharge("standard", 495, 82, tax_included=True)
    terms = OrderTerms("web", "GBP", (within,), shipping=charge)
    assert (terms.total, terms.tax_total) == (3495, 582)
    assert ShippingCharge("standard", 495, 82).amount == 577


@given(LINES, st.lists(st.integers(1, 10), max_size=12))
def test_parts_that_are_granted_back_add_up_to_the_last_cent(
    line: OrderLine, parts: list[int]
) -> None:
    progress = LineProgress(line)
    price = tax = 0
    for units in (*parts, line.quantity):
        units = min(units, line.quantity - progress.credited)
        price += progress.price_of_more(units)
        tax += progress.tax_of_more(units)
        progress.credited += units
    assert (price, tax) == (line.amount, line.tax)
    assert progress.amount_back == line.amount


@given(LINES, st.data())
def test_cancelled_and_credited_units_share_one_division(
    line: OrderLine, data: st.DataObject
) -> None:
    progress = LineProgress(line)
    back = 0
    for _ in range(data.draw(st.integers(0, 8))):
        units = data.draw(st.integers(0, line.quantity - progress.cancelled - progress.credited))
        before = progress.amount_back
        if data.draw(st.booleans()):
            back += progress.price_of_more(units)
            progress.credited += units
        else:
            progress.cancelled += units
            back += progress.amount_back - before
    assert back == progress.amount_back <= max(line.amount, 0)


@given(st.lists(LINES, min_size=1, max_size=8), st.data())
def test_a_discount_on_the_whole_is_spread_without_a_rest(
    lines: list[OrderLine], data: st.DataObject
) -> None:
    total = sum(line.amount for line in lines)
    discount = data.draw(st.integers(0, max(0, total)))
    spread = discounted(tuple(lines), discount)
    assert sum(line.order_discount for line in spread) == discount
    assert sum(line.amount for line in spread) == total - discount
    assert all(
        0 <= line.order_discount <= max(0, line.amount + line.order_discount) for line in spread
    )


def test_the_buyer_saw_another_currency() -> None:
    presented = Presentment("JPY", "187.35").shown(Money(2025, "GBP"))
    assert presented == Money(3794, "JPY")
    assert Presentment("GBP", "0.0053376").shown(Money(3794, "JPY")) == Money(2025, "GBP")
