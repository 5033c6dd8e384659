"""Who gets which stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.catalogue.events import LocationDefined, Site
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.stock.rules import Shortage, allocate, by_priority

PLACES = ("LON", "MAN", "BER")
SKUS = ("A", "B")
WANTED = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 20)), max_size=6).map(
    lambda lines: [(str(n), sku, units) for n, (sku, units) in enumerate(lines, 1)]
)
AVAILABLE = st.dictionaries(
    st.tuples(st.sampled_from(SKUS), st.sampled_from(PLACES)), st.integers(0, 20)
)


def by_sku(available: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """Units by SKU, then by place in the order of `PLACES`."""
    return {
        sku: {place: available[sku, place] for place in PLACES if (sku, place) in available}
        for sku in SKUS
    }


Wanted = list[tuple[str, str, int]]
Available = dict[tuple[str, str], int]


@given(WANTED, AVAILABLE)
def test_never_more_is_given_than_there_is(wanted: Wanted, available: Available) -> None:
    given_away: Counter[tuple[str, str]] = Counter()
    for a in allocate(wanted, by_sku(available)).allocations:
        assert a.quantity > 0
        given_away[a.sku, a.location] += a.quantity
    assert all(units <= available.get(where, 0) for where, units in given_away.items())


@given(WANTED, AVAILABLE)
def test_every_line_is_covered_or_short_by_the_rest(wanted: Wanted, available: Available) -> None:
    plan = allocate(wanted, by_sku(available))
    short = {s.line_id: s for s in plan.shortages}
    for line_id, sku, units in wanted:
        got = sum(a.quantity for a in plan.allocations if a.line_id == line_id)
        if line_id in short:
            assert short[line_id] == Shortage(line_id, sku, units, got)
            assert got < units
        else:
            assert got == units


@given(WANTED, AVAILABLE)
def test_nothing_is_short_while_there_is_stock(wanted: Wanted, available: Available) -> None:
    left = by_sku(available)
    plan = allocate(wanted, left)
    for shortage in plan.shortages:
        assert not any(left[shortage.sku].get(place) for place in PLACES)


@given(WANTED, AVAILABLE)
def test_a_location_is_used_only_when_those_before_it_are_empty(
    wanted: Wanted, available: Available
) -> None:
    left = by_sku(available)
    for line in wanted:
        plan = allocate([line], left)
        if plan.allocations:
            last = PLACES.index(plan.allocations[-1].location)
            assert not any(left[line[1]].get(place) for place in PLACES[:last])


def test_two_lines_of_one_sku_cannot_both_get_the_same_unit() -> None:
    plan = allocate([("1", "A", 2), ("2", "A", 2)], {"A": {"LON": 3}})
    assert plan.allocations == [Allocation("1", "A", "LON", 2), Allocation("2", "A", "LON", 1)]
    assert plan.shortages == [Shortage("2", "A", 2, 1)]


def test_locations_are_used_by_priority_and_then_by_code() -> None:
    def location(code: str, priority: int) -> Location:
        return Location(1, LocationDefined(code, code, "store", Site(), priority, None))

    places = [location("C", 1), location("B", 2), location("A", 2), Location()]
    assert by_priority(places) == ["C", "A", "B"]
