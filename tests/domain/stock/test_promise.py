"""What can be promised now, and by which day how much more."""

from __future__ import annotations

from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.log_states import StatesOfLog
from oms_ledger.domain.orders.lines import Backorder
from oms_ledger.domain.stock.events import StockHeld
from oms_ledger.domain.stock.promise import ExpectedUnits, Promise, promise_of
from oms_ledger.kernel import Event
from oms_ledger.testing import LogUntil, Records, recorded
from tests.commands.shop import SHELF, goods, line, ordered, place, stock

KIT = ProductDefined("K", "Kit", True, components=(Component("A", 2), Component("B", 1)))


def promised(
    past: tuple[Event, ...],
    *expected: tuple[str, str, str, int],
    sku: str = "A",
    channel: str = "web",
    quantity: int | None = None,
) -> Promise:
    history = recorded(past)
    given = StatesOfLog(LogUntil(Records(history), len(history)))
    units = [ExpectedUnits(*each) for each in expected]
    return promise_of(sku, channel, units, given, quantity)


def test_what_is_there_is_promised_now() -> None:
    assert promised(SHELF) == Promise(10, ())
    held = (*SHELF, StockHeld("A", "LON", 4, "r1"))
    assert promised(held) == Promise(6, ())
    assert promised((place(), goods(safety_stock=3), stock(10))) == Promise(7, ())


def test_each_day_shows_all_that_can_be_promised_by_then() -> None:
    later, sooner = ("2026-03-05", "A", "LON", 4), ("2026-03-01", "A", "LON", 5)
    expected = promised(SHELF, later, sooner)
    assert expected == Promise(10, (("2026-03-01", 15), ("2026-03-05", 19)))


def test_up_to_the_day_on_which_there_is_enough() -> None:
    coming = (("2026-03-01", "A", "LON", 5), ("2026-03-05", "A", "LON", 4))
    assert promised(SHELF, *coming, quantity=12).dates == (("2026-03-01", 15),)
    assert promised(SHELF, *coming, quantity=10).dates == ()
    assert len(promised(SHELF, *coming, quantity=100).dates) == 2


def test_what_is_expected_goes_first_to_the_orders_that_wait() -> None:
    waiting = ordered(line(13), short=(Backorder("1", "A", "LON", 13),))
    coming = (("2026-03-01", "A", "LON", 2), ("2026-03-05", "A", "LON", 4))
    assert promised((*SHELF, *waiting), *coming) == Promise(0, (("2026-03-05", 3),))


def test_a_channel_promises_what_it_sells() -> None:
    past = (*SHELF, place("MAN", 2), stock(3, location="MAN"))
    web = ChannelDefined("web", locations=("MAN",))
    coming = (("2026-03-01", "A", "LON", 5), ("2026-03-02", "A", "MAN", 1))
    assert promised((*past, web), *coming) == Promise(3, (("2026-03-02", 4),))
    assert promised((*past, web), channel="store") == Promise(13, ())


def test_of_a_kit_whole_kits_at_one_location_are_promised() -> None:
    past = (*SHELF, goods("B"), stock(4, "B"), KIT, place("MAN", 2))
    coming = (("2026-03-01", "B", "MAN", 5), ("2026-03-02", "B", "LON", 3))
    assert promised(past, *coming, sku="K") == Promise(4, (("2026-03-02", 5),))
