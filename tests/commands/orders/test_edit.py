"""Editing an order: which units may change, and what stock that takes and frees."""

from __future__ import annotations

import pytest

from oms_commands.orders.edit import EditOrder
from oms_ledger.domain.catalogue.events import LocationDefined, ProductDefined, Site
from oms_ledger.domain.orders.events import (
    CreditGranted,
    OrderEdited,
    OrderPlaced,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineEdit, OrderLine
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    LotChange,
    StockAllocated,
    StockBackordered,
    StockLotsChanged,
    StockLotStatusChanged,
    StockReleased,
)
from oms_ledger.kernel import Event, Json
from oms_ledger.testing import given, replace
from tests.commands.orders.edits import (
    after,
    answer,
    cancelled,
    changed,
    edit,
    edited,
    more,
    price,
    quantity,
)
from tests.commands.shop import (
    SHELF,
    UNDER_WAY,
    delivered,
    dispatched,
    goods,
    line,
    ordered,
    packed,
    place,
    quantities,
    service,
    six,
    stock,
)


def test_more_units_take_stock_and_raise_what_is_due() -> None:
    decision = given(*six()).when(EditOrder, **edit(quantity(8)))
    got = Allocation("1", "A", "LON", 2)
    decision.then(
        edited(2025, 2535, changed=changed(8, 6), allocations=(got,)),
        StockAllocated("A", "LON", 2, "o1", "1"),
    )
    answer = decision.answer
    assert (answer["difference"], answer["amount_due"], answer["total"]) == (
        "5.10",
        "25.35",
        "25.35",
    )


def test_fewer_units_free_their_stock_and_are_not_cancelled() -> None:
    decision = given(*six()).when(EditOrder, **edit(quantity(4)))
    freed = Allocation("1", "A", "LON", 2)
    decision.then(
        edited(2025, 1515, changed=changed(4, 6), released=(freed,)),
        StockReleased("A", "LON", 2, "o1", "1"),
    )
    (shown,) = answer(decision)["lines"]
    assert (shown["ordered"], shown["allocated"], shown["cancelled"]) == (4, 4, 0)
    assert answer(decision)["difference"] == "-5.10"


def test_units_that_wait_are_given_up_before_units_that_are_there() -> None:
    got, short = (Allocation("1", "A", "LON", 4),), (Backorder("1", "A", "LON", 2),)
    past = (*SHELF, *ordered(line(6), got=got, short=short))
    decision = given(*past).when(EditOrder, **edit(quantity(3)))
    decision.then(
        edited(
            2025,
            1260,
            changed=changed(3, 6),
            released=(Allocation("1", "A", "LON", 1),),
            backorders_released=short,
        ),
        StockReleased("A", "LON", 1, "o1", "1"),
        BackorderReleased("A", "LON", 2, "o1", "1"),
    )


def test_a_line_is_added_under_an_id_that_was_never_used() -> None:
    past = (*six(), goods("B"), stock(5, "B"))
    add = edit(more("B", 2, tax="0.30", title="Bell"))
    decision = given(*past).when(EditOrder, **add)
    new = OrderLine("2", "B", 2, 255, 30, title="Bell")
    decision.then(
        edited(2025, 2565, added=(new,), allocations=(Allocation("2", "B", "LON", 2),)),
        StockAllocated("B", "LON", 2, "o1", "2"),
    )
    gone = given(*past, *decision.events).when(EditOrder, **edit(quantity(0, "2")))
    (event, *_) = given(*past, *decision.events, *gone.events).when(EditOrder, **add).events
    assert isinstance(event, OrderEdited)
    assert [each.line_id for each in event.added] == ["3"]


def test_a_line_without_units_stays_and_can_get_some_again() -> None:
    past = (*SHELF, goods("B"), stock(5, "B"))
    lines = (line(6), OrderLine("2", "B", 3, 255, 100, 7))
    got = (Allocation("1", "A", "LON", 6), Allocation("2", "B", "LON", 3))
    past = (*past, *ordered(*lines, got=got))
    removed = given(*past).when(EditOrder, **edit(quantity(0, "2")))
    assert [n["ordered"] for n in answer(removed)["lines"]] == [6, 0]
    assert answer(removed)["total"] == "20.25"
    again = given(*past, *removed.events).when(EditOrder, **edit(quantity(3, "2")))
    assert after(again, *past, *removed.events).terms.lines == lines


def test_what_one_line_frees_another_takes_although_nothing_else_is_there() -> None:
    past = (place(), goods(), stock(6), *ordered(line(6), got=(Allocation("1", "A", "LON", 6),)))
    decision = given(*past).when(EditOrder, **edit(quantity(4), more("A", 2)))
    assert [type(event) for event in decision.events] == [
        OrderEdited,
        StockReleased,
        StockAllocated,
    ]
    given(*past).when(EditOrder, **edit(quantity(4), more("A", 3))).then_refused(
        "insufficient_stock", {"line": "2", "sku": "A", "requested": 3, "available": 2}
    )


def test_units_of_a_recalled_lot_that_one_line_frees_go_to_no_other() -> None:
    """Of six promised units five are of the lot: the one that can be sent is promised still."""
    past = (
        *(place(), goods(), stock(6), *ordered(line(6), got=(Allocation("1", "A", "LON", 6),))),
        StockLotsChanged("A", "LON", (LotChange("L1", 5),)),
        StockLotStatusChanged("A", "LON", "L1", 5, "approved", "recalled"),
    )
    refused = given(*past).when(EditOrder, **edit(quantity(4), more("A", 2)))
    refused.then_refused(
        "insufficient_stock", {"line": "2", "sku": "A", "requested": 2, "available": 0}
    )
    assert given(*past).when(EditOrder, **edit(quantity(0), more("A", 1))).events


def test_units_at_a_closed_location_that_one_line_frees_go_to_no_other() -> None:
    closed = LocationDefined("LON", "LON", "warehouse", Site(), 1, None, closed=True)
    past = (*six(), closed)
    refused = given(*past).when(EditOrder, **edit(quantity(4), more("A", 2)))
    refused.then_refused("insufficient_stock")


def test_below_the_safety_stock_an_order_keeps_what_it_has() -> None:
    past = (*six(), goods("A", safety_stock=10))
    assert given(*past).when(EditOrder, **edit(quantity(5), more("A", 1))).events
    given(*past).when(EditOrder, **edit(more("A", 1))).then_refused("insufficient_stock")


def test_without_enough_stock_nothing_changes_and_every_short_line_is_named() -> None:
    past = (*six(), goods("B"), stock(1, "B"))
    refused = given(*past).when(EditOrder, **edit(quantity(11), more("B", 3), price(tax="0.10")))
    refused.then_refused(
        "insufficient_stock",
        {"line": "1", "sku": "A", "requested": 5, "available": 4},
        {"line": "2", "sku": "B", "requested": 3, "available": 1},
    )


def allowing(past: tuple[Event, ...]) -> tuple[Event, ...]:
    """The past, with an order that takes backorders."""
    return tuple(
        replace(event, terms=replace(event.terms, backorder="allow"))
        if isinstance(event, OrderPlaced)
        else event
        for event in past
    )


def test_an_order_that_takes_backorders_waits_for_what_is_short() -> None:
    decision = given(*allowing(six())).when(EditOrder, **edit(quantity(11)))
    short = (Backorder("1", "A", "LON", 1),)
    got = (Allocation("1", "A", "LON", 4),)
    decision.then(
        edited(2025, 3300, changed=changed(11, 6), allocations=got, backorders=short),
        StockAllocated("A", "LON", 4, "o1", "1"),
        StockBackordered("A", "LON", 1, "o1", "1"),
    )


def test_backorders_that_are_given_up_count_for_the_limit() -> None:
    got, short = (Allocation("1", "A", "LON", 10),), (Backorder("1", "A", "LON", 2),)
    past = allowing((*SHELF, goods(backorder_limit=2), *ordered(line(12), got=got, short=short)))
    assert given(*past).when(EditOrder, **edit(quantity(10), more("A", 2))).events
    given(*past).when(EditOrder, **edit(more("A", 1))).then_refused("insufficient_stock")


def test_a_service_is_added_and_taken_away_without_stock() -> None:
    past = (*six(), service())
    decision = given(*past).when(EditOrder, **edit(more("POST", 2)))
    new = line(2, "2", "POST", stocked=False)
    decision.then(edited(2025, 2535, added=(new,)))
    gone = given(*past, *decision.events).when(EditOrder, **edit(quantity(0, "2")))
    gone.then(edited(2535, 2025, changed=(LineEdit(replace(new, quantity=0), 2),)))


# What cannot change.


def test_only_units_that_are_neither_packed_nor_shipped_nor_cancelled_can_be_taken_away() -> None:
    past = (*six(), *cancelled(1), *packed(2))
    assert given(*past).when(EditOrder, **edit(quantity(3))).events
    refused = given(*past).when(EditOrder, **edit(quantity(2), more("A", 1)))
    fault: dict[str, Json] = {"line": "1", "sku": "A", "requested": 4, "available": 3}
    refused.then_refused("illegal_transition", fault)


def test_every_line_at_fault_is_named() -> None:
    lines = (line(3), line(2, "2"), line(1, "3"))
    got = tuple(Allocation(n.line_id, "A", "LON", n.quantity) for n in lines)
    past = (*SHELF, *ordered(*lines, got=got), *packed(2, "s1"), *packed(1, "s2", line_id="2"))
    wanted = edit(quantity(1), price("2", unit_price="1.00"), quantity(0, "3"))
    given(*past).when(EditOrder, **wanted).then_refused(
        "illegal_transition",
        {"line": "1", "sku": "A", "requested": 2, "available": 1},
        {"line": "2", "sku": "A", "requested": 0, "available": 1, "packed": 1, "shipped": 0},
    )


def test_a_line_with_packed_or_shipped_units_keeps_its_price() -> None:
    for past in ((*six(), *packed(1)), (*six(), *packed(1), *dispatched(1))):
        given(*past).when(EditOrder, **edit(price(unit_price="1.00"))).then_refused(
            "illegal_transition"
        )


def test_a_service_that_was_refunded_keeps_its_price_and_its_units() -> None:
    past = (*six(), service(), *ordered(line(2, "1", "POST", stocked=False), order_id="o2"))
    credit = CreditGranted("o2", "late", "GBP", quantities(1), 255)
    confirmed = [
        event for event in past if event.stream != "order-o2" or event.type != "order.confirmed.v1"
    ]
    for change in (price(unit_price="1.00"), quantity(0)):
        wanted = {**edit(change, more("A", 1)), "order_id": "o2"}
        given(*confirmed, credit).when(EditOrder, **wanted).then_refused("illegal_transition")
    kept = {**edit(quantity(1)), "order_id": "o2"}
    assert given(*confirmed, credit).when(EditOrder, **kept).events


@pytest.mark.parametrize(
    ("past", "status"),
    [
        ((*six(), *cancelled(6)), "cancelled"),
        ((*six(), *cancelled(6, "expired")), "expired"),
        ((*UNDER_WAY, *delivered()), "completed"),
    ],
)
def test_an_order_that_has_ended_is_not_edited(past: tuple[Event, ...], status: str) -> None:
    refusal = given(*past).when(EditOrder, **edit(more())).then_refused("illegal_transition")
    assert f"is {status}; it cannot be edited" in refusal.detail


def test_an_order_with_all_goods_shipped_can_get_more() -> None:
    decision = given(*UNDER_WAY).when(EditOrder, **edit(more("A", 1)))
    assert answer(decision)["status"]["order"] == "processing"


def test_an_edit_that_leaves_nothing_is_a_cancellation() -> None:
    refusal = given(*six()).when(EditOrder, **edit(quantity(0))).then_refused("illegal_transition")
    assert "/cancel" in refusal.detail
    assert given(*six()).when(EditOrder, **edit(quantity(0), more("A", 1))).events


def test_unknown_lines_and_unknown_products_are_refused() -> None:
    given(*six()).when(EditOrder, **edit(quantity(1, "9"), price("8", tax="0.10"))).then_refused(
        "unknown_line", {"line": "8"}, {"line": "9"}
    )
    given(*six()).when(EditOrder, **edit(more("NEW"), more("A"))).then_refused(
        "unknown_sku", {"line": "2", "sku": "NEW"}
    )


def test_an_order_cannot_become_a_sensitive_one() -> None:
    kit = ProductDefined("K", "Test kit", True, sensitive=True)
    past = (*six(), kit, stock(5, "K"))
    given(*past).when(EditOrder, **edit(more("K"))).then_refused(
        "sensitive_product", {"line": "2", "sku": "K"}
    )
    marked = [replace(e, sensitive=True) if isinstance(e, OrderPlaced) else e for e in past]
    assert given(*marked).when(EditOrder, **edit(more("K"))).events


def test_an_order_that_is_not_there() -> None:
    given(*SHELF).when(EditOrder, **edit(more())).then_refused("not_found")


def test_an_order_has_a_greatest_number_of_lines() -> None:
    many = edit(*(more("A") for _ in range(2000)))
    given(*six()).when(EditOrder, **many).then_refused("too_many_lines")
