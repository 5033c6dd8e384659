"""What stock was worth: by the newest cost, first in first out, and by moving average."""

from __future__ import annotations

import random
from datetime import timedelta
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given as examples

from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.counts.events import (
    CountApproved,
    CountCreated,
    CountedLine,
    CountRecorded,
)
from oms_ledger.domain.money import Money
from oms_ledger.domain.stock.events import (
    StockAdjusted,
    StockAllocated,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReturned,
    StockShipped,
)
from oms_ledger.domain.transfers.events import TransferClosed, TransferLine
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.kernel import Event, Recorded
from oms_ledger.testing import START, given
from oms_ledger.testing.fold import folded
from oms_ledger.testing.history import recorded
from oms_projections.stock_history.fold import READ_MODEL
from oms_projections.stock_history.rows import (
    CountFigureRow,
    StockDayRow,
    StockProductRow,
    ValuationRow,
)


def bought(units: int, cost: int, sku: str = "A", currency: str = "GBP") -> StockReceived:
    return StockReceived(sku, "LON", units, None, cost, currency)


def sold(units: int) -> StockShipped:
    return StockShipped("A", "LON", units, "o1", "1", "s1")


def on_days(*events: tuple[int, Event]) -> list[Recorded]:
    """Each event recorded in turn, and happened on a day after the start."""
    history = recorded([event for _, event in events])
    return [
        Recorded(
            r.position,
            r.stream,
            r.version,
            r.event,
            type(r.meta)(
                r.meta.recorded_at,
                r.meta.actor,
                r.meta.command,
                r.meta.command_id,
                r.meta.correlation_id,
                r.meta.causation_id,
                START + timedelta(days=day),
            ),
        )
        for (day, _), r in zip(events, history, strict=True)
    ]


def day_after(days: int) -> str:
    return (START + timedelta(days=days)).date().isoformat()


def days(*events: tuple[int, Event]) -> list[StockDayRow]:
    return folded(READ_MODEL, on_days(*events), 1).of(StockDayRow)


def test_the_three_methods() -> None:
    """Ten at 1.00 and ten at 2.00; five are sold."""
    (first, second) = days((0, bought(10, 100)), (0, bought(10, 200)), (3, sold(5)))
    assert (first.on_hand, first.value_unit_cost) == (20, 4000)
    assert (first.value_fifo, first.value_average) == (3000, 3000)
    assert (second.on_hand, second.value_unit_cost) == (15, 3000)
    assert (second.value_fifo, second.value_average) == (2500, 2250)
    assert (second.sold, second.cost_fifo, second.cost_average) == (5, 500, 750)
    assert (second.received, second.sold_on) == (0, day_after(3))


def test_what_comes_back_or_is_gained_costs_the_average() -> None:
    returned, gained = StockReturned("A", "LON", 1), StockAdjusted("A", "LON", 2, "found")
    (row,) = days((0, bought(2, 100)), (0, bought(2, 200)), (0, returned), (0, gained))
    assert (row.on_hand, row.value_average, row.value_fifo) == (7, 1050, 1050)
    assert (row.returned, row.gained, row.lost) == (1, 2, 0)


def test_what_is_lost_on_the_shelf_or_on_its_way() -> None:
    closed = TransferClosed("t1", (TransferLine("A", 1),))
    (row,) = days((0, bought(4, 100)), (0, StockAdjusted("A", "LON", -1, "theft")), (0, closed))
    assert (row.on_hand, row.lost, row.lost_value) == (2, 2, 200)


def test_moving_units_between_places_changes_no_value() -> None:
    moved = (StockMovedOut("A", "LON", 3, "MAN", "t1"), StockMovedIn("A", "MAN", 2, "LON", "t1"))
    (row,) = days((0, bought(4, 100)), *((0, event) for event in moved))
    assert (row.on_hand, row.value_average) == (4, 400)


@pytest.mark.parametrize("cost", [None, Money(990, "GBP")])
def test_what_is_bought_by_weight_is_worth_its_whole_units(cost: Money | None) -> None:
    """2.5 kg at 9.90 per kg; a gram is worth less than a minor unit, and no value is lost."""
    cheese = ProductDefined("A", "A", True, unit_cost=cost, unit=UnitOfMeasure("kg", 3))
    grams = [(1 + n, sold(1)) for n in range(50)]
    *_, row = days((0, cheese), (0, bought(2500, 990)), *grams)
    assert (row.on_hand, row.value_fifo, row.value_average) == (2450, 2426, 2426)
    assert row.value_unit_cost == 2426
    (row,) = days((0, cheese), (0, bought(2500, 990)), (0, sold(50)), (0, sold(300)))
    assert (row.sold, row.cost_fifo, row.cost_average) == (350, 347, 347)


def test_without_a_cost_there_are_no_rows() -> None:
    """An order of a product without a cost adds nothing to this read model."""
    free = StockReceived("A", "LON", 9)
    allocated = StockAllocated("A", "LON", 2, "o1", "1")
    result = given(ProductDefined("A", "A", True), free, allocated, sold(2)).folded_into(READ_MODEL)
    assert (result.of(ValuationRow), result.of(StockDayRow)) == ([], [])


def test_units_of_before_the_first_cost_have_none_and_leave_last() -> None:
    (row,) = days((0, StockReceived("A", "LON", 3)), (0, bought(2, 100)), (0, sold(4)))
    assert (row.on_hand, row.value_average, row.value_fifo) == (0, 0, 0)
    assert (row.sold, row.cost_fifo, row.cost_average) == (4, 200, 200)


def test_a_new_cost_of_the_product_is_that_of_what_comes_without_one() -> None:
    defined = ProductDefined("A", "A", True, unit_cost=Money(150, "GBP"))
    other = ProductDefined("A", "A", True, unit_cost=Money(900, "USD"))
    (row,) = days(
        (0, bought(2, 100)),
        (0, defined),
        (0, StockReceived("A", "LON", 2)),
        (0, bought(1, 70, currency="USD")),
    )
    assert row.value_average == 2 * 100 + 3 * 150
    (row,) = days((0, bought(2, 100)), (0, other))
    assert (row.currency, row.value_unit_cost) == ("GBP", 200)


@pytest.mark.parametrize("cost", [None, Money(150, "GBP")])
def test_a_product_is_as_sensitive_as_it_was_defined_last(cost: Money | None) -> None:
    """Also where its cost is only known later, by a receipt."""

    def products(*sensitive: bool) -> list[StockProductRow]:
        defined = [ProductDefined("A", "A", True, unit_cost=cost, sensitive=s) for s in sensitive]
        past = (*((0, event) for event in defined), (1, bought(2, 100)))
        return folded(READ_MODEL, on_days(*past), 1).of(StockProductRow)

    assert products(True) == [StockProductRow("A", True)]
    assert products(False, True) == [StockProductRow("A", True)]
    assert products(True, False) == [StockProductRow("A", False)]


def test_what_is_recorded_late_does_not_change_the_past() -> None:
    first, second = days((0, bought(9, 100)), (5, sold(2)), (2, sold(1)))
    assert (first.on_hand, first.sold) == (9, 0)
    assert (second.day, second.on_hand, second.sold) == (day_after(5), 6, 3)


class Oracle:
    """Each unit by itself, and the average as a fraction."""

    def __init__(self) -> None:
        self.units: list[int] = []
        self.average = Fraction(0)

    def come(self, units: int, cost: int) -> None:
        self.average = (self.average * len(self.units) + units * cost) / (len(self.units) + units)
        self.units += [cost] * units

    def leave(self, units: int) -> None:
        del self.units[:units]


@examples(st.integers(0, 10**9), st.integers(1, 12))
def test_values_are_those_of_every_unit_by_itself(seed: int, page: int) -> None:
    chance, oracle = random.Random(seed), Oracle()
    events: list[tuple[int, Event]] = []
    ends: dict[str, tuple[int, int, Fraction]] = {}
    for n in range(40):
        days_after = n // 3
        if chance.random() < 0.5 or not oracle.units:
            units, cost = chance.randint(1, 9), chance.randint(1, 500)
            events.append((days_after, bought(units, cost)))
            oracle.come(units, cost)
        else:
            units = chance.randint(1, len(oracle.units))
            lost = StockAdjusted("A", "LON", -units, "damage")
            events.append((days_after, sold(units) if chance.random() < 0.7 else lost))
            oracle.leave(units)
        average = oracle.average * len(oracle.units)
        at = day_after(days_after)
        ends[at] = (len(oracle.units), sum(oracle.units), average)
    rows = folded(READ_MODEL, on_days(*events), page).of(StockDayRow)
    assert [row.day for row in rows] == list(ends)
    for row in rows:
        units, fifo, average = ends[row.day]
        assert (row.on_hand, row.value_fifo) == (units, fifo)
        assert abs(row.value_average - average) <= len(events)  # each step rounds by half at most
    flows = [row.received - row.sold - row.lost for row in rows]
    assert sum(flows) == len(oracle.units)


def test_counts_are_judged_when_they_are_approved() -> None:
    lines = (CountedLine("A", 8, 10), CountedLine("B", 5, 5))
    past = (CountCreated("n1", "LON"), CountRecorded("n1", lines))
    (row,) = given(*past).folded_into(READ_MODEL).of(CountFigureRow)
    assert (row.approved_at, row.skus) == (None, 0)
    again = CountRecorded("n1", (CountedLine("A", 9, 10),))
    (row,) = given(*past, again, CountApproved("n1")).folded_into(READ_MODEL).of(CountFigureRow)
    assert (row.skus, row.exact, row.variance, row.units) == (2, 1, 1, 14)
    with pytest.raises(LookupError, match="never created"):
        given(CountApproved("n1")).folded_into(READ_MODEL)
