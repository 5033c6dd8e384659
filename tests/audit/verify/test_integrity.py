"""The checks of the log: a true history has no findings, and each fault is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.catalogue.put_product import PutProduct
from oms_commands.orders._fields import AddLine, CancelledLine, LineFields
from oms_commands.orders.cancel import CancelOrder
from oms_commands.orders.edit import EditOrder
from oms_commands.orders.place import PlaceOrder
from oms_commands.orders.resume import ResumeOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.audit.standalone.hashes import leaf
from oms_ledger.audit.tree.store import StoredEvent
from oms_ledger.audit.verify.findings import Finding
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.audit.verify.tee import event_of
from oms_ledger.engine.log import codec
from oms_ledger.testing import MemoryLedger
from tests.audit.verify.conftest import History, stored
from tests.tiers import others_long

decode = cache(codec.decode)
"""The same histories are checked again and again, and a stored event does not change."""

SEED = 31  # a history with every kind of event that is changed below


def folded(events: Sequence[StoredEvent], page: int = 10_000) -> tuple[LogChecker, list[Finding]]:
    checker = LogChecker(decode, max(event.position for event in events))
    for start in range(0, len(events), page):
        checker.page(events[start : start + page])
    return checker, checker.finish()


def fault_positions(events: Sequence[StoredEvent]) -> list[tuple[str, int]]:
    return [(f.kind, f.first) for f in folded(events)[1]]


@pytest.mark.parametrize("seed", others_long(range(1, 6), 1, 2))
def test_a_true_history_is_believed(history: History, seed: int) -> None:
    events = history(seed)
    checker, findings = folded(events)
    assert findings == []
    assert checker.events == len(events) > 400
    assert checker.left_out == 0
    checked = checker.invariants.checked
    assert checked["orders"] == sum(e.type == "order.placed.v1" for e in events) > 20
    assert checked["shipments"] == sum(e.type == "shipment.created.v1" for e in events) > 5
    assert checked["commands"] == len({command(e) for e in events})
    assert checked["edits"] == sum(e.type == "order.edited.v1" for e in events) > 5
    lines = agreed_lines(events).values()
    totals = (n["quantity"] * n["unit_price"] + n["tax"] - n["discount"] for n in lines)
    assert checker.invariants.totals == {"GBP": sum(totals)}


def agreed_lines(events: Sequence[StoredEvent]) -> dict[tuple[str, str], Any]:
    """The lines of all orders as they were agreed last, by order and line id."""
    lines: dict[tuple[str, str], Any] = {}
    for event in events:
        data = json.loads(event.state)["data"]
        if event.type == "order.placed.v1":
            agreed = data["terms"]["lines"]
        elif event.type == "order.edited.v1":
            agreed = [*data["added"], *(each["line"] for each in data["changed"])]
        else:
            continue
        lines |= {(data["order_id"], line["line_id"]): line for line in agreed}
    return lines


def test_the_size_of_pages_does_not_matter(history: History) -> None:
    whole, single = folded(history(SEED)), folded(history(SEED), page=1)
    assert whole[1] == single[1] == []
    assert whole[0].invariants.checked == single[0].invariants.checked


@pytest.mark.parametrize("every", others_long([31, 7]))
def test_any_beginning_of_a_true_history_is_believed(history: History, every: int) -> None:
    """Up to a position that lies within a command, which has not come to its end."""
    events = history(SEED)
    for until in range(1, len(events), every):
        checker = LogChecker(decode, until)
        checker.page(events[:until])
        assert checker.finish(whole=False) == []


def command(event: StoredEvent) -> str:
    return str(json.loads(event.state)["meta"]["id"])


def test_a_leaf_is_read_back_as_its_event(history: History) -> None:
    for event in history(SEED):
        assert event_of(leaf(*event)) == event
    assert event_of(leaf(1, "order-x", 1, "t", b"x" * 40_000)) is None


# Faults of single events.


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.99])
def test_a_missing_event_is_named_and_its_stream_left_out(history: History, part: float) -> None:
    events = list(history(SEED))
    gone = events.pop(int(part * len(events)))
    checker, findings = folded(events)
    assert ("missing_event", gone.position) == (findings[0].kind, findings[0].first)
    others = findings[1:]
    assert all(f.stream == gone.stream for f in others), others
    assert checker.left_out <= 1


def test_a_missing_end_is_named(history: History) -> None:
    events = history(SEED)
    checker = LogChecker(decode, len(events))
    checker.page(events[:-3])
    (finding,) = checker.finish()
    assert (finding.kind, finding.first, finding.last) == (
        "missing_event",
        len(events) - 2,
        len(events),
    )


def test_an_event_at_the_place_of_another_is_named(history: History) -> None:
    events = list(history(SEED))
    events.insert(100, events[99])
    assert ("position_twice", 100) in fault_positions(events)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"type": "order.exploded.v1"}, "unknown_event_type"),
        ({"state": b'{"meta":{},"data":{}}'}, "undecodable_event"),
        ({"state": b"\xff"}, "undecodable_event"),
        ({"stream": "ship-1"}, "unknown_stream"),
        ({"version": 99}, "version_gap"),
    ],
)
def test_what_cannot_be_an_event_is_named_once(
    history: History, change: dict[str, Any], kind: str
) -> None:
    events = list(history(SEED))
    at = next(n for n, e in enumerate(events) if e.type == "order.placed.v1" and n > 50)
    events[at] = events[at]._replace(**change)
    findings = folded(events)[1]
    first = findings[0]
    assert (first.kind, first.first) == (kind, at + 1)
    assert first.expected
    assert first.actual
    assert len(findings) <= 2, "and the stream that lacks it now"


# Faults of what events add up to.

Change = Callable[[dict[str, Any]], None]


def altered(events: Sequence[StoredEvent], at: int, change: Change) -> list[StoredEvent]:
    """The history with one event's bytes rewritten."""
    stored = json.loads(events[at].state)
    change(stored)
    changed = events[at]._replace(state=json.dumps(stored).encode())
    return [*events[:at], changed, *events[at + 1 :]]


def first_of(events: Sequence[StoredEvent], kind: str, after: int = 0) -> int:
    return next(n for n, e in enumerate(events) if e.type == kind and n >= after)


def more(name: str, by: int = 1) -> Change:
    def change(stored: dict[str, Any]) -> None:
        stored["data"][name] += by

    return change


def replaced(name: str, value: object) -> Change:
    def change(stored: dict[str, Any]) -> None:
        stored["data"][name] = value

    return change


def line_more(stored: dict[str, Any]) -> None:
    stored["data"]["lines"][0]["quantity"] += 1


def line_many(stored: dict[str, Any]) -> None:
    stored["data"]["lines"][0]["quantity"] += 100


def discounted(stored: dict[str, Any]) -> None:
    stored["data"]["terms"]["lines"][0]["discount"] = 10**9


def in_no_currency(stored: dict[str, Any]) -> None:
    stored["data"]["terms"]["currency"] = "XXX"


def long_ago(stored: dict[str, Any]) -> None:
    stored["meta"]["at"] = "2001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("type_", "change", "kind"),
    [
        ("stock.received.v1", more("quantity", -29), "oversold"),
        ("stock.allocated.v1", more("quantity", 1000), "oversold"),
        ("stock.allocated.v1", more("quantity"), "stock_differs_from_orders"),
        ("stock.shipped.v1", more("quantity", -1), "stock_differs_from_orders"),
        ("stock.backordered.v1", more("quantity"), "stock_differs_from_orders"),
        ("stock.allocated.v1", replaced("sku", "B/2"), "stream_mismatch"),
        ("order.units_packed.v1", line_more, "units_lost"),
        ("order.units_packed.v1", line_more, "shipment_differs"),
        ("order.units_delivered.v1", line_more, "units_lost"),
        ("order.units_returned.v1", line_many, "units_lost"),
        ("order.cancelled.v1", line_more, "units_lost"),
        ("order.placed.v1", discounted, "money_does_not_add_up"),
        ("order.placed.v1", in_no_currency, "money_does_not_add_up"),
        ("order.placed.v1", replaced("number", "WEB-999999"), "number_differs"),
        ("order.placed.v1", replaced("order_id", "x"), "stream_mismatch"),
        ("channel.order_numbered.v1", more("sequence"), "number_gap"),
        ("order.confirmed.v1", long_ago, "time_runs_backwards"),
        ("shipment.created.v1", replaced("location", "YRK"), "shipment_differs"),
        ("return.requested.v1", line_more, "return_differs"),
    ],
)
def test_what_does_not_add_up_is_named_at_its_position(
    history: History, type_: str, change: Change, kind: str
) -> None:
    events = history(SEED)
    at = first_of(events, type_, after=20)
    findings = folded(altered(events, at, change))[1]
    its = [f for f in findings if f.kind == kind]
    assert its, [f.text for f in findings]
    commands = {command(e) for e in (events[at], events[its[0].first - 1])}
    later = kind in ("oversold", "units_lost")  # may first show when more is asked of it
    assert len(commands) == 1 or later, its[0]
    assert its[0].expected != its[0].actual


def test_an_order_that_still_can_be_edited_keeps_its_terms() -> None:
    """An order that is not confirmed, and of which a service is left, is not closed."""
    goods, service = LineFields("A", 2, Decimal("2.55")), LineFields("POST", 1, Decimal("1.00"))
    with MemoryLedger() as ledger:
        ledger.execute(PutLocation("LON", "London"))
        ledger.execute(PutProduct(sku="POST", title="Postage", stocked=False))
        ledger.execute(ReceiveStock(sku="A", location="LON", quantity=5))
        placed = ledger.execute(PlaceOrder("web", "GBP", (goods, service)))
        order_id = str(placed.answer["order_id"])
        some = (CancelledLine("1", 2),)
        ledger.execute(CancelOrder(order_id=order_id, reason="customer", lines=some))
        change = AddLine(type="add_line", line=goods)
        ledger.execute(EditOrder(order_id=order_id, changes=(change,)))
        checker, findings = folded(stored(ledger.history()))
    assert findings == []
    assert checker.invariants.checked["edits"] == 1
    assert checker.invariants.totals == {"GBP": 2 * 510 + 100}


def got_more(stored: dict[str, Any]) -> None:
    stored["data"]["allocations"][0]["quantity"] += 1


def resumed() -> list[StoredEvent]:
    """The events of an order that was cancelled whole and resumed."""
    with MemoryLedger() as ledger:
        ledger.execute(PutLocation("LON", "London"))
        ledger.execute(ReceiveStock(sku="A", location="LON", quantity=5))
        placed = ledger.execute(PlaceOrder("web", "GBP", (LineFields("A", 2, Decimal("2.55")),)))
        order_id = str(placed.answer["order_id"])
        ledger.execute(CancelOrder(order_id=order_id, reason="customer"))
        ledger.execute(ResumeOrder(order_id=order_id))
        return stored(ledger.history())


def test_a_resumed_order_claims_stock_again() -> None:
    assert folded(resumed())[1] == []


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (line_more, {"units_lost"}),
        (got_more, {"units_lost", "stock_differs_from_orders"}),
    ],
)
def test_units_that_a_resumed_order_lacks_are_named_at_its_position(
    change: Change, kinds: set[str]
) -> None:
    events = resumed()
    at = first_of(events, "order.resumed.v1")
    findings = folded(altered(events, at, change))[1]
    assert {f.kind for f in findings} == kinds
    assert {command(events[f.first - 1]) for f in findings} == {command(events[at])}


def edited_line(name: str) -> Change:
    """One more of a number of the first line that an edit has changed."""

    def change(stored: dict[str, Any]) -> None:
        stored["data"]["changed"][0]["line"][name] += 1

    return change


def first_edit_of_goods(events: Sequence[StoredEvent], part: str) -> int:
    """The index of the first edit whose first entry of `part` concerns goods: services have no
    stages in which units could be lost."""
    for n, event in enumerate(events):
        if event.type == "order.edited.v1":
            entries = json.loads(event.state)["data"][part]
            if entries and entries[0].get("line", {"stocked": True})["stocked"]:
                return n
    raise LookupError(f"no edit with {part} of goods")


@pytest.mark.parametrize(
    ("change", "part", "kind"),
    [
        (more("total_after"), "changed", "money_does_not_add_up"),
        (edited_line("tax"), "changed", "money_does_not_add_up"),
        (edited_line("unit_price"), "changed", "money_does_not_add_up"),
        (edited_line("quantity"), "changed", "units_lost"),
        (got_more, "allocations", "units_lost"),
        (got_more, "allocations", "stock_differs_from_orders"),
    ],
)
def test_an_edit_that_does_not_add_up_is_named_at_its_position(
    history: History, change: Change, part: str, kind: str
) -> None:
    events = history(SEED)
    at = first_edit_of_goods(events, part)
    its = [f for f in folded(altered(events, at, change))[1] if f.kind == kind]
    assert its
    assert command(events[its[0].first - 1]) == command(events[at])


def test_an_order_is_placed_once(history: History) -> None:
    events = list(history(SEED))
    at = first_of(events, "order.confirmed.v1", after=20)
    placed = next(e for e in events if e.stream == events[at].stream)
    events[at] = events[at]._replace(type=placed.type, state=placed.state)
    assert "placed_again" in [kind for kind, _ in fault_positions(events)]


def test_a_shipment_never_goes_back(history: History) -> None:
    events = list(history(SEED))
    at = first_of(events, "shipment.delivered.v1")
    stream = events[at].stream
    sent = next(e for e in events if e.stream == stream and e.type == "shipment.dispatched.v1")
    last = max(e.version for e in events if e.stream == stream)
    state = json.loads(sent.state)
    state["meta"] = json.loads(events[-1].state)["meta"]
    events.append(
        StoredEvent(len(events) + 1, stream, last + 1, sent.type, json.dumps(state).encode())
    )
    assert fault_positions(events) == [("shipment_moved_back", len(events))]


def test_a_fault_of_a_stream_is_reported_once(history: History) -> None:
    events = history(SEED)
    at = first_of(events, "stock.received.v1")
    findings = folded(altered(events, at, more("quantity", -29)))[1]
    assert [f.kind for f in findings] == ["oversold"]
    assert findings[0].stream == events[at].stream
