"""Routing units of an order anew."""

from __future__ import annotations

import pytest

from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_commands.routing.reroute import RerouteOrder
from oms_ledger.domain.catalogue.events import LocationDefined, Site
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.routing.events import (
    OrderRouted,
    RankedPlace,
    RoutedLine,
    RoutingRule,
    RoutingRulesDefined,
)
from oms_ledger.domain.stock.events import (
    LotChange,
    StockAllocated,
    StockBackordered,
    StockLotsChanged,
    StockLotStatusChanged,
    StockReleased,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import goods, line, ordered, packed, place, stock

RULES = RoutingRulesDefined("web", (RoutingRule("fewest_splits"),))
GOT = (Allocation("1", "A", "LON", 4), Allocation("2", "A", "LON", 2))


def shop(elsewhere: int, got: tuple[Allocation, ...] = GOT) -> tuple[Event, ...]:
    """An order of two lines, all of it at LON, and units at MAN."""
    places = (place("LON", 1), place("MAN", 2), goods(), stock(10), stock(elsewhere, "A", "MAN"))
    return (*places, *ordered(line(4), line(2, "2"), got=got))


def excluded(
    to: tuple[str, int],
    got: tuple[Allocation, ...],
    *lines: RoutedLine,
    short: tuple[RoutedLine, ...] = (),
) -> OrderRouted:
    """The decision, in a channel without rules, by which LON is excluded for the order."""
    return OrderRouted(
        "o1",
        "reroute",
        "web",
        (),
        "only_place",
        "2026-01-31",
        lines,
        (RankedPlace(*to),),
        1,
        got,
        short,
        "GB",
        excluded=("LON",),
    )


def test_units_move_to_where_they_are() -> None:
    moved = tuple(Allocation(a.line_id, "A", "MAN", a.quantity) for a in GOT)
    decision = given(*shop(10)).when(RerouteOrder("o1", without=("LON",)))
    decision.then(
        BackordersAllocated("o1", moved, (), GOT),
        StockReleased("A", "LON", 4, "o1", "1"),
        StockReleased("A", "LON", 2, "o1", "2"),
        StockAllocated("A", "MAN", 4, "o1", "1"),
        StockAllocated("A", "MAN", 2, "o1", "2"),
        excluded(("MAN", 6), moved, RoutedLine("1", "A", 4), RoutedLine("2", "A", 2)),
    )
    lines = decision.answer["lines"]
    assert isinstance(lines, list)
    assert [each["allocations"] for each in lines] == [
        [{"location": "MAN", "quantity": 4}],
        [{"location": "MAN", "quantity": 2}],
    ]


def test_what_no_other_place_has_stays() -> None:
    decision = given(*shop(3)).when(RerouteOrder("o1", without=("LON",)))
    decision.then(
        BackordersAllocated(
            "o1", (Allocation("1", "A", "MAN", 3),), (), (Allocation("1", "A", "LON", 3),)
        ),
        StockReleased("A", "LON", 3, "o1", "1"),
        StockAllocated("A", "MAN", 3, "o1", "1"),
        excluded(
            ("MAN", 3),
            (Allocation("1", "A", "MAN", 3),),
            RoutedLine("1", "A", 4),
            RoutedLine("2", "A", 2),
            short=(RoutedLine("1", "A", 1), RoutedLine("2", "A", 2)),
        ),
    )
    nothing = given(*shop(0)).when(RerouteOrder("o1", without=("LON",)))
    assert len(nothing.then_refused("insufficient_stock").errors) == 2


def test_or_waits_where_backorders_are_wished() -> None:
    decision = given(*shop(3)).when(RerouteOrder("o1", without=("LON",), backorder=True))
    event = decision.events[0]
    assert isinstance(event, BackordersAllocated)
    assert event.backorders == (Backorder("1", "A", "MAN", 1), Backorder("2", "A", "MAN", 2))
    assert StockBackordered("A", "MAN", 2, "o1", "2") in decision.events
    assert event.released == GOT


def test_the_excluded_place_stays_excluded_for_the_order() -> None:
    first = given(*shop(3), RULES).when(RerouteOrder("o1", without=("LON",), backorder=True))
    routed = first.events[-1]
    assert isinstance(routed, OrderRouted)
    assert (routed.cause, routed.excluded) == ("reroute", ("LON",))
    later = given(*shop(3), RULES, *first.events, stock(1, "A", "MAN")).when(
        AllocateBackorders("o1")
    )
    filled = later.events[0]
    assert isinstance(filled, BackordersAllocated)
    assert [(a.location, a.quantity) for a in filled.allocations] == [("MAN", 1)]


@pytest.mark.parametrize("reason", ["placement", "import", "reroute"])
def test_it_stays_excluded_whatever_reason_is_given_later(reason: str) -> None:
    """The reason is free text: that of the first decision of an order is nothing else."""
    first = given(*shop(9), RULES).when(RerouteOrder("o1", without=("LON",)))
    assert [place for place, _ in released(first.events[0])] == ["LON", "LON"]
    given(*shop(9), RULES, *first.events).when(RerouteOrder("o1", reason=reason)).then()


def released(event: Event) -> list[tuple[str, int]]:
    assert isinstance(event, BackordersAllocated)
    return [(each.location, each.quantity) for each in event.released]


def test_it_stays_excluded_in_a_channel_without_rules_too() -> None:
    """LON has eight units and sells them first; the order waits for MAN all the same."""
    first = given(*shop(3)).when(RerouteOrder("o1", without=("LON",), backorder=True))
    past = (*shop(3), *first.events)
    refused = given(*past).when(AllocateBackorders("o1"))
    refused.then_refused("insufficient_stock")
    later = given(*past, stock(1, "A", "MAN")).when(AllocateBackorders("o1"))
    filled = later.events[0]
    assert isinstance(filled, BackordersAllocated)
    assert [(a.location, a.quantity) for a in filled.allocations] == [("MAN", 1)]
    assert not any(isinstance(event, OrderRouted) for event in later.events)


def test_without_a_place_the_rules_decide_again_and_may_change_nothing() -> None:
    given(*shop(9)).when(RerouteOrder("o1")).then()
    nearer = RoutingRulesDefined("web", (RoutingRule("highest_stock"),))
    moved = given(*shop(20), nearer).when(RerouteOrder("o1")).events[0]
    assert isinstance(moved, BackordersAllocated)
    assert {a.location for a in moved.allocations} == {"MAN"}


def test_units_of_a_recalled_lot_are_not_allocated_again() -> None:
    """Of the ten units at LON six are promised, and seven are of the lot: three can be sent."""
    past = (
        *shop(0),
        StockLotsChanged("A", "LON", (LotChange("L1", 7),)),
        StockLotStatusChanged("A", "LON", "L1", 7, "approved", "recalled"),
    )
    moved = given(*past).when(RerouteOrder("o1", backorder=True)).events[0]
    assert isinstance(moved, BackordersAllocated)
    assert moved.released == (Allocation("1", "A", "LON", 1), Allocation("2", "A", "LON", 2))
    assert moved.backorders == (Backorder("1", "A", "LON", 1), Backorder("2", "A", "LON", 2))


def test_one_line_may_move_alone() -> None:
    moved = given(*shop(9)).when(RerouteOrder("o1", without=("LON",), lines=("2",))).events[0]
    assert isinstance(moved, BackordersAllocated)
    assert moved.released == (Allocation("2", "A", "LON", 2),)


def test_packed_units_do_not_move() -> None:
    past = (*shop(9, got=(Allocation("1", "A", "LON", 4),)), *packed(4))
    given(*past).when(RerouteOrder("o1")).then_refused("illegal_transition")


def test_orders_of_a_closed_location_can_be_routed_anew() -> None:
    closed = LocationDefined("LON", "LON", "warehouse", Site(), 1, None, closed=True)
    moved = given(*shop(9), closed).when(RerouteOrder("o1")).events[0]
    assert isinstance(moved, BackordersAllocated)
    assert {a.location for a in moved.allocations} == {"MAN"}
