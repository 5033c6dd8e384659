"""Another time of a preorder moves the promise of the orders that wait, once."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.orders.reschedule_preorders import ReschedulePreorders
from oms_ledger.domain.catalogue.events import Preorder, PreorderPromise
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.stock.events import PreorderRescheduled
from oms_ledger.policies.preorders import reschedule
from oms_ledger.testing import given, replace
from tests.commands.orders.test_place import OWN, line, order
from tests.commands.orders.test_preorders import SHELF, SOON, first_line, sold_early


def test_another_time_reaches_the_promise_once() -> None:
    later = SOON + timedelta(days=5)
    bought = given(*SHELF).when(order(line(5)))
    past = (*SHELF, *bought.events)
    given(*past).when(ReschedulePreorders(OWN)).then()
    moved = given(*past, sold_early(at=later)).when(ReschedulePreorders(OWN))
    edited, stock_event = moved.events
    assert isinstance(edited, OrderEdited)
    assert isinstance(stock_event, PreorderRescheduled)
    assert edited.ship_by == later + timedelta(hours=48)
    assert edited.notify_customer
    assert stock_event.preorder == PreorderPromise("p1", later)
    shown = first_line(moved.answer)
    assert shown["preorder"]["available_at"] == "2026-02-25T00:00:00Z"
    given(*past, sold_early(at=later), *moved.events).when(ReschedulePreorders(OWN)).then()
    assert reschedule(OWN) == ReschedulePreorders(OWN)


def test_an_earlier_time_does_too_but_not_before_what_was_agreed() -> None:
    sooner = SOON - timedelta(days=5)
    agreed = SOON + timedelta(days=30)
    for promise, expected in ((None, sooner + timedelta(hours=48)), (agreed, None)):
        more = {} if promise is None else {"promised_ship_at": promise}
        past = (*SHELF, *given(*SHELF).when(order(line(5), **more)).events)
        event = given(*past, sold_early(at=sooner)).when(ReschedulePreorders(OWN)).events[0]
        assert isinstance(event, OrderEdited)
        assert event.ship_by == expected


def test_orders_that_wait_for_none_stay_as_they_are() -> None:
    later = sold_early(at=SOON + timedelta(days=5))
    here = given(*SHELF).when(order(line(2))).events
    given(*SHELF, *here, later).when(ReschedulePreorders(OWN)).then()
    waiting = given(*SHELF).when(order(line(5))).events
    ended = replace(later, preorder=None)
    given(*SHELF, *waiting, ended).when(ReschedulePreorders(OWN)).then()
    another = replace(later, preorder=Preorder("p2", SOON, 5))
    given(*SHELF, *waiting, another).when(ReschedulePreorders(OWN)).then()
