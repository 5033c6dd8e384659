"""The money of lines that are sold in steps of a unit, over any number of parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.money import in_proportion
from oms_ledger.domain.orders.events import CreditGranted, OrderCancelled, UnitsPacked, UnitsShipped
from oms_ledger.domain.orders.lines import LineQuantity, OrderLine
from oms_ledger.domain.orders.progress import LineProgress, apply_to_lines
from oms_ledger.domain.units import UnitOfMeasure


@st.composite
def measured_lines(draw: st.DrawFn) -> OrderLine:
    """Few steps at any price, so that what a step costs is often less than a minor unit."""
    unit = UnitOfMeasure("kg", draw(st.integers(0, 4)))
    line = OrderLine(
        "1", "CHEESE", draw(st.integers(1, 400)), draw(st.integers(0, 30_000)), unit=unit
    )
    discounts = draw(st.integers(0, line.goods))
    discount = draw(st.integers(0, discounts))
    included = draw(st.booleans())
    tax = draw(st.integers(0, line.goods - discounts if included else 5000))
    return OrderLine(
        "1",
        "CHEESE",
        line.quantity,
        line.unit_price,
        tax,
        discount,
        tax_included=included,
        order_discount=discounts - discount,
        unit=unit,
    )


@given(measured_lines())
def test_the_parts_of_a_line_are_worth_the_line(line: OrderLine) -> None:
    amounts = [line.amount_of(units) for units in range(line.quantity + 1)]
    assert (amounts[0], amounts[-1]) == (0, line.amount)
    assert amounts == sorted(amounts), "a step more is never worth less"
    taxes = [line.tax_of(units) for units in range(line.quantity + 1)]
    assert (taxes[0], taxes[-1]) == (0, line.tax)


@given(measured_lines(), st.data())
def test_a_line_of_another_quantity_is_worth_that_part(
    line: OrderLine, data: st.DataObject
) -> None:
    units = data.draw(st.integers(0, 2 * line.quantity))
    other = line.of_quantity(units)
    assert (other.quantity, other.unit, other.unit_price) == (units, line.unit, line.unit_price)
    assert other.amount == line.amount_of(units)
    assert min(other.tax, other.discount, other.order_discount) >= 0
    assert line.of_quantity(line.quantity) == line


@given(measured_lines(), st.data())
def test_no_minor_unit_is_lost_however_it_is_cancelled_and_granted_back(
    line: OrderLine, data: st.DataObject
) -> None:
    """What is left is cancelled or granted back in parts, until nothing is."""
    lines = {"1": LineProgress(line)}
    left, granted, cancelled = line.quantity, 0, 0
    shipped = data.draw(st.integers(0, line.quantity))
    lines["1"].allocated_at["LON"] = line.quantity
    if shipped:
        sent = (LineQuantity("1", shipped),)
        apply_to_lines(lines, UnitsPacked("o1", "s1", "LON", sent))
        apply_to_lines(lines, UnitsShipped("o1", "s1", sent))
    while left:
        progress, back = lines["1"], left - lines["1"].open
        part = data.draw(st.integers(1, left))
        if back and data.draw(st.booleans()):
            part = min(part, back)
            price, tax = progress.price_of_more(part), progress.tax_of_more(part)
            assert min(price, tax) >= 0
            granted += price
            event = CreditGranted("o1", "staff", "GBP", (LineQuantity("1", part),), price, tax=tax)
            apply_to_lines(lines, event)
        elif progress.open:
            part = min(part, progress.open)
            before = progress.amount_back
            apply_to_lines(lines, OrderCancelled("o1", "staff", None, (LineQuantity("1", part),)))
            cancelled += lines["1"].amount_back - before
        else:
            continue
        left -= part
    assert granted + cancelled == lines["1"].amount_back == line.amount


@given(st.integers(1, 400), st.integers(0, 400), st.integers(0, 300), st.integers(0, 300))
def test_lines_of_pieces_are_worth_what_they_always_were(
    quantity: int, price: int, tax: int, discount: int
) -> None:
    line = OrderLine("1", "A", quantity, price, tax, discount)
    for units in range(quantity + 1):
        part = units * price + in_proportion(tax, units, quantity)
        assert line.amount_of(units) == part - in_proportion(discount, units, quantity)
        assert line.of_quantity(units).discount == in_proportion(discount, units, quantity)
