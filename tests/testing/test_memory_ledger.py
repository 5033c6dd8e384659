"""A ledger in memory keeps every promise but durability."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_commands.orders._fields import LineFields
from oms_commands.orders.place import PlaceOrder
from oms_commands.stock.receive import ReceiveStock
from oms_ledger.domain.errors import Conflict, IdempotencyKeyReused, Refused
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.testing import START, MemoryLedger
from tests.engine.log.audit import assert_dense, assert_never_oversold


@pytest.fixture
def ledger() -> Iterator[MemoryLedger]:
    with MemoryLedger() as opened:
        opened.execute(PutLocation("LON", "London"))
        opened.execute(ReceiveStock("A", "LON", 5))
        yield opened


def order(units: int = 1) -> PlaceOrder:
    return PlaceOrder("web", "GBP", (LineFields("A", units, "2.55"),))  # type: ignore[arg-type]  # money comes in as text


def test_what_is_executed_is_in_the_log(ledger: MemoryLedger) -> None:
    ledger.now = START + timedelta(hours=1)
    outcome = ledger.execute(order(2), actor="ada")
    last = ledger.history(after=outcome.position - 2)
    assert [type(r.event).type for r in last] == ["order.placed.v1", "stock.allocated.v1"]
    assert {(r.meta.actor, r.meta.recorded_at) for r in last} == {("ada", ledger.now)}
    assert ledger.state(StockLevel, "A@LON").allocated == 2
    placed = last[0].event
    assert isinstance(placed, OrderPlaced)
    assert placed.order_id == outcome.answer["order_id"] == "command-3"
    assert ledger.state(Order, "command-3").version == 1


def test_a_refusal_is_raised_and_leaves_no_trace(ledger: MemoryLedger) -> None:
    before = ledger.history()
    with pytest.raises(Refused) as refused:
        ledger.execute(order(6))
    assert refused.value.code == "insufficient_stock"
    assert ledger.history() == before


def test_under_one_key_it_happens_once(ledger: MemoryLedger) -> None:
    first, again = ledger.execute(order(), key="k"), ledger.execute(order(), key="k")
    assert (again.answer, again.replayed) == (first.answer, True)
    with pytest.raises(IdempotencyKeyReused):
        ledger.execute(order(2), key="k")


def test_a_stale_version_is_a_conflict(ledger: MemoryLedger) -> None:
    with pytest.raises(Conflict):
        ledger.execute(ReceiveStock("A", "LON", 1), expected=((StockLevel, "A@LON"), 7))
    ledger.execute(ReceiveStock("A", "LON", 1), expected=((StockLevel, "A@LON"), 1))


def test_a_dry_run_shows_its_events_and_writes_none(ledger: MemoryLedger) -> None:
    before = ledger.history()
    events = ledger.dry_run(order()).answer["events"]
    assert isinstance(events, list)
    assert len(events) == 3
    assert ledger.history() == before


def test_many_threads_and_two_ledgers_on_one_log_never_oversell(ledger: MemoryLedger) -> None:
    def place(where: MemoryLedger) -> bool:
        try:
            where.execute(order())
        except Refused:
            return False
        return True

    with MemoryLedger(ledger.log, name="other") as other, ThreadPoolExecutor(8) as threads:
        accepted = list(threads.map(place, [ledger, other] * 10))
    assert sum(accepted) == 5
    assert_dense(ledger.history())
    assert_never_oversold(ledger.history())
