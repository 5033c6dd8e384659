"""Receiving goods of a return."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from oms_commands.returns.receive import ReceiveReturn
from oms_ledger.domain.lots.events import LotDefined, SerialReturned, SerialShipped
from oms_ledger.domain.orders.events import ReturnProgressed, UnitsReturned
from oms_ledger.domain.returns.events import ReceivedLine, ReturnApproved, ReturnReceived
from oms_ledger.domain.stock.events import (
    STOCK_EVENTS,
    LotChange,
    StockAdjusted,
    StockEvent,
    StockLotsChanged,
    StockReturned,
    StockStateChanged,
)
from oms_ledger.testing import Decision, given, replace
from tests.commands.returns.past import (
    APPROVED,
    PAID_AND_DELIVERED,
    followed_by,
    requested,
    returned,
    units,
)
from tests.commands.shop import place

LON = {"line_id": "1", "location": "LON"}


def back(quantity: int, condition: str = "resellable", **more: object) -> dict[str, object]:
    return {**LON, "quantity": quantity, "condition": condition, **more}


def line(decision: Decision) -> Mapping[str, object]:
    lines = decision.answer["lines"]
    assert isinstance(lines, list)
    (only,) = lines
    assert isinstance(only, Mapping)
    return only


def test_what_is_resellable_is_sold_again() -> None:
    decision = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=[back(2)])
    decision.then(
        ReturnReceived("r1", (ReceivedLine("1", "A", 2, "resellable", "LON", "restock"),)),
        ReturnProgressed("o1", "r1", "received"),
        UnitsReturned("o1", "r1", units(("1", 2))),
        StockReturned("A", "LON", 2, "r1", "c1", "o1"),
    )
    assert decision.answer["status"] == "received"


BACK = StockReturned("A", "LON", 2, "r1", "c1", "o1")
KEPT_APART = StockStateChanged("A", "LON", 2, "available", "quarantine", "return", "r1")
WRITTEN_OFF = StockAdjusted("A", "LON", -2, "write_off", "r1")


@pytest.mark.parametrize(
    ("condition", "disposition", "recorded", "stock"),
    [
        ("damaged", None, "quarantine", (BACK, KEPT_APART)),
        ("wrong_item", None, "quarantine", ()),
        ("wrong_item", "write_off", "write_off", ()),
        ("damaged", "write_off", "write_off", (BACK, WRITTEN_OFF)),
        ("resellable", "quarantine", "quarantine", (BACK, KEPT_APART)),
        ("damaged", "restock", "restock", (BACK,)),
    ],
)
def test_only_what_is_restocked_is_sold_again(
    condition: str, disposition: str | None, recorded: str, stock: tuple[StockEvent, ...]
) -> None:
    more = {} if disposition is None else {"disposition": disposition}
    lines = [back(2, condition, **more)]
    decision = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=lines)
    first = decision.events[0]
    assert isinstance(first, ReturnReceived)
    assert first.lines[0].disposition == recorded
    assert tuple(e for e in decision.events if isinstance(e, STOCK_EVENTS)) == stock
    assert any(isinstance(event, UnitsReturned) for event in decision.events)
    assert line(decision)["receipts"] == [
        {"condition": condition, "disposition": recorded, "location": "LON", "quantity": 2}
    ]


def test_units_of_a_recalled_lot_are_blocked_when_they_come_back() -> None:
    past = (*APPROVED, LotDefined("A", "L1", "recalled"))
    decision = given(*past).when(ReceiveReturn, return_id="r1", lines=[back(2, lot="L1")])
    lots = StockLotsChanged("A", "LON", (LotChange("L1", 2, "recalled"),), "r1")
    assert [e for e in decision.events if isinstance(e, STOCK_EVENTS)] == [BACK, lots]
    apart = given(*past).when(ReceiveReturn, return_id="r1", lines=[back(2, "damaged", lot="L1")])
    changed = replace(KEPT_APART, lot="L1", lot_status="recalled")
    assert [e for e in apart.events if isinstance(e, STOCK_EVENTS)] == [BACK, lots, changed]
    scrapped = back(2, "damaged", disposition="write_off", lot="L1")
    gone = given(*past).when(ReceiveReturn, return_id="r1", lines=[scrapped])
    assert [e for e in gone.events if isinstance(e, STOCK_EVENTS)] == [BACK, WRITTEN_OFF]
    unknown = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=[back(2, lot="L9")])
    unknown.then_refused("unknown_lot", {"sku": "A", "lot": "L9"})


def test_a_serial_number_comes_back_with_the_order_that_it_left_with() -> None:
    past = (
        *APPROVED,
        SerialShipped("A", "N1", "LON", "o1", "1", "s1"),
        SerialShipped("A", "N2", "LON", "o2", "1", "s2"),
    )
    decision = given(*past).when(ReceiveReturn, return_id="r1", lines=[back(2, serials=["N1"])])
    assert SerialReturned("A", "N1", "LON", "o1", "r1") in decision.events
    other = given(*past).when(ReceiveReturn, return_id="r1", lines=[back(2, serials=["N2", "N3"])])
    other.then_refused(
        "serial_not_shipped", {"line": "1", "serial": "N2"}, {"line": "1", "serial": "N3"}
    )
    twice = given(*past).when(ReceiveReturn, return_id="r1", lines=[back(2, serials=["N1", "N1"])])
    named = twice.then_refused("serial_not_shipped").errors
    assert named == ({"line": "1", "serial": "N1"}, {"line": "1", "serial": "N1"})


def test_another_article_is_not_put_on_the_shelf_of_the_line() -> None:
    lines = [back(1, "wrong_item", disposition="restock")]
    wrong = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=lines)
    assert "its own SKU" in wrong.then_invalid("lines.0.disposition")


def test_fewer_than_requested() -> None:
    decision = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=[back(1)])
    assert decision.answer["status"] == "partially_received"
    assert (line(decision)["received"], line(decision)["outstanding"]) == (1, 1)
    assert ReturnProgressed("o1", "r1", "partially_received", units(("1", 1))) in decision.events
    rest = given(*followed_by(APPROVED, decision)).when(
        ReceiveReturn, return_id="r1", lines=[back(1, "damaged")]
    )
    assert rest.answer["status"] == "received"
    assert len(line(rest)["receipts"]) == 2  # type: ignore[arg-type]  # a list


def test_nothing_more_is_expected() -> None:
    decision = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=[back(1)], complete=True)
    assert decision.answer["status"] == "received"
    assert line(decision)["outstanding"] == 0
    assert ReturnProgressed("o1", "r1", "received") in decision.events


def test_more_than_requested() -> None:
    decision = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=[back(5)])
    assert (line(decision)["received"], line(decision)["excess"]) == (5, 3)
    assert UnitsReturned("o1", "r1", units(("1", 5))) in decision.events


def test_more_than_were_ever_shipped() -> None:
    """The order counts no more than it shipped; the shelf has what came."""
    decision = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=[back(9)])
    assert UnitsReturned("o1", "r1", units(("1", 6))) in decision.events
    assert StockReturned("A", "LON", 9, "r1", "c1", "o1") in decision.events
    assert line(decision)["excess"] == 7


def test_two_places_and_conditions_at_once() -> None:
    lines = [back(1), {**back(1, "damaged"), "location": "MAN"}]
    decision = given(place("MAN", 2), *APPROVED).when(ReceiveReturn, return_id="r1", lines=lines)
    assert [event for event in decision.events if isinstance(event, StockReturned)] == [
        StockReturned("A", "LON", 1, "r1", "c1", "o1"),
        StockReturned("A", "MAN", 1, "r1", "c1", "o1"),
    ]
    nowhere = [{**back(1), "location": "OSL"}]
    given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=nowhere).then_refused(
        "unknown_location"
    )


def test_a_line_of_neither_return_nor_order() -> None:
    lines = [{**back(1), "line_id": "9"}]
    refusal = given(*APPROVED).when(ReceiveReturn, return_id="r1", lines=lines)
    assert refusal.then_refused("unknown_line").errors == ({"line": "9"},)


def test_nothing_of_a_claim_comes_back() -> None:
    past = (*PAID_AND_DELIVERED, *returned(requested(kind="claim"), ReturnApproved("r1")))
    given(*past).when(ReceiveReturn, return_id="r1", lines=[back(1)]).then_refused(
        "illegal_transition"
    )
