"""What of an order's total is cancelled, and what is left, to the minor unit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from oms_commands.orders.cancel import CancelOrder
from oms_ledger.domain.money import split
from oms_ledger.domain.orders.events import OrderCancelled, OrderPlaced
from oms_ledger.domain.orders.lines import LineQuantity, OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms, ShippingCharge
from oms_ledger.domain.orders.views import order_view
from oms_ledger.testing import given
from tests.commands.shop import AT, DELIVER_BY, SHIP_BY, six


@st.composite
def lines(draw: st.DrawFn) -> OrderLine:
    quantity = draw(st.integers(1, 9))
    price, tax = draw(st.integers(0, 400)), draw(st.integers(0, 300))
    discount = draw(st.integers(0, quantity * price + tax))
    stocked = draw(st.booleans())
    return OrderLine("?", "A", quantity, price, tax, discount, stocked=stocked)


def order_of(agreed: Sequence[OrderLine], shipping: int = 0, currency: str = "GBP") -> Order:
    order = Order()
    terms = OrderTerms(
        "web", currency, tuple(agreed), shipping=ShippingCharge("standard", shipping)
    )
    order.apply(OrderPlaced("o1", "WEB-000001", terms, AT, SHIP_BY, DELIVER_BY))
    return order


def cancel(order: Order, line_id: str, units: int) -> None:
    order.apply(OrderCancelled("o1", "customer", None, (LineQuantity(line_id, units),)))


def totals(order: Order) -> tuple[str, str, str]:
    view = order_view(order)
    return str(view["total"]), str(view["cancelled_total"]), str(view["open_total"])


@for_all(st.lists(lines(), min_size=1, max_size=4), st.integers(0, 900), st.data())
def test_no_minor_unit_is_lost_however_it_is_cancelled(
    drawn: list[OrderLine], shipping: int, data: st.DataObject
) -> None:
    agreed = [
        OrderLine(str(n), "A", e.quantity, e.unit_price, e.tax, e.discount, stocked=e.stocked)
        for n, e in enumerate(drawn, 1)
    ]
    order = order_of(agreed, shipping)
    assert order.placed is not None
    total = order.placed.terms.total
    assert order.cancelled_total == 0
    units = [line.line_id for line in agreed for _ in range(line.quantity)]
    for line_id in data.draw(st.permutations(units)):
        cancel(order, line_id, 1)
        assert 0 <= order.cancelled_total <= total
        at_once = sum(p.line.amount_of(p.cancelled) for p in order.lines.values())
        assert order.cancelled_total in (at_once, total)
    assert order.cancelled_total == total
    assert totals(order)[2] == "0.00"


@for_all(lines(), st.data())
def test_a_part_and_the_rest_are_the_whole(line: OrderLine, data: st.DataObject) -> None:
    units = data.draw(st.integers(0, line.quantity))
    rest = line.amount - line.amount_of(units)
    assert line.amount_of(units) >= 0
    assert rest >= 0
    assert line.amount_of(line.quantity) == line.amount
    if 0 < units < line.quantity:
        shares = (units, line.quantity - units)
        tax, discount = split(line.tax, shares), split(line.discount, shares)
        assert (sum(tax), sum(discount)) == (line.tax, line.discount)
        assert rest == shares[1] * line.unit_price + tax[1] - discount[1]


@pytest.mark.parametrize(
    ("currency", "cancelled", "expected"),
    [
        ("GBP", [], ("46.45", "0.00", "46.45")),
        ("GBP", [("1", 1)], ("46.45", "10.16", "36.29")),
        ("GBP", [("1", 2)], ("46.45", "20.34", "26.11")),
        ("GBP", [("1", 3)], ("46.45", "30.50", "15.95")),
        ("GBP", [("1", 3), ("2", 1)], ("46.45", "46.45", "0.00")),
        ("JPY", [("1", 1)], ("4645", "1016", "3629")),
        ("KWD", [("1", 1)], ("4.645", "1.016", "3.629")),
    ],
)
def test_three_units_with_tax_and_discount_a_fee_and_shipping(
    currency: str, cancelled: list[tuple[str, int]], expected: tuple[str, str, str]
) -> None:
    agreed = (OrderLine("1", "A", 3, 1000, 100, 50), OrderLine("2", "FEE", 1, 1100, stocked=False))
    order = order_of(agreed, 495, currency)
    for line_id, units in cancelled:
        cancel(order, line_id, units)
    assert totals(order) == expected


def test_the_answer_to_a_cancellation_has_the_remaining_totals() -> None:
    """Six at 2.55 and 4.95 for shipping."""
    some = given(*six()).when(
        CancelOrder, order_id="o1", reason="customer", lines=[{"line_id": "1", "quantity": 2}]
    )
    answer = some.answer
    assert (answer["total"], answer["cancelled_total"], answer["open_total"]) == (
        "20.25",
        "5.10",
        "15.15",
    )
    whole = given(*six()).when(CancelOrder, order_id="o1", reason="customer").answer
    assert (whole["total"], whole["cancelled_total"], whole["open_total"]) == (
        "20.25",
        "20.25",
        "0.00",
    )
