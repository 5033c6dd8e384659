"""Placing an order with what was reserved for it."""

from __future__ import annotations

from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.reservations.events import ReservationUsed
from oms_ledger.domain.stock.events import StockAllocated, StockBackordered
from oms_ledger.kernel import Event
from oms_ledger.testing import Decision, given
from oms_ledger.testing.decision import StrictStates
from tests.commands.orders.test_place import OWN, line, order, placed
from tests.commands.reservations.past import FREED, RELEASED, USED, held
from tests.commands.shop import place, stock

R1 = {"reservation_id": "r1"}


def use(past: tuple[Event, ...], units: int, **more: object) -> Decision:
    return given(*past).when(order(line(units), **R1, **more))


def test_the_held_units_become_the_orders() -> None:
    past = held()
    decision = use(past, 4)
    assert placed(decision).allocations == (Allocation("1", "A", "LON", 4),)
    assert decision.events[1:3] == (ReservationUsed("r1", OWN), FREED)
    assert decision.events[4] == StockAllocated("A", "LON", 4, OWN, "1")
    states = StrictStates((*past, *decision.events))
    level = states.by_stream["stock-A@LON"]
    assert (level.allocated, level.held) == (4, 0)  # type: ignore[attr-defined]  # a StockLevel


def test_what_is_wanted_more_comes_from_the_rest_and_fewer_is_freed() -> None:
    more = use(held(), 10)
    assert placed(more).allocations == (Allocation("1", "A", "LON", 10),)
    fewer = use(held(), 1)
    assert FREED in fewer.events
    assert placed(fewer).allocations == (Allocation("1", "A", "LON", 1),)
    use(held(), 11).then_refused(
        "insufficient_stock", {"line": "1", "sku": "A", "requested": 11, "available": 10}
    )
    short = use(held(), 11, backorder="allow")
    assert placed(short).backorders == (Backorder("1", "A", "LON", 1),)
    assert StockBackordered("A", "LON", 1, OWN, "1") in short.events


def test_they_are_taken_where_they_are_held() -> None:
    past = (*held(), place("AAA", 0), stock(9, location="AAA"))
    decision = use(past, 5)
    assert placed(decision).allocations == (
        Allocation("1", "A", "LON", 4),
        Allocation("1", "A", "AAA", 1),
    )


def test_a_reservation_that_has_ended_or_expired_is_none() -> None:
    for past in (RELEASED, USED, held(0), held(-1)):
        use(past, 1).then_refused("illegal_transition")
    given(*held()).when(order(line(1), reservation_id="r2")).then_refused("not_found")


def test_a_reservation_of_a_channel_is_for_its_orders() -> None:
    use(held(channel="Store"), 1).then_refused("wrong_channel")
    assert use(held(channel="WEB"), 1).events


def test_the_same_order_again_is_the_same() -> None:
    first = use(held(), 4, external_id="1")
    again = given(*held(), *first.events).when(order(line(4), external_id="1", **R1))
    again.then()
    assert again.answer["order_id"] == first.answer["order_id"]


def test_a_queued_order_cannot_use_one() -> None:
    fields = {"channel": "web", "currency": "GBP", "lines": [line(1)], "intake": "queued", **R1}
    given(*held()).when(PlaceOrder, **fields).then_invalid("reservation_id")
