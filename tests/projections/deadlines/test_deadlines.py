"""Deadlines are open from the event that sets one to the event that ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from oms_ledger.domain.orders.events import (
    FulfilmentReleased,
    OrderCancelled,
    OrderEdited,
    OrderResumed,
)
from oms_ledger.domain.orders.lines import LineEdit, LineQuantity, OrderLine
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.testing import folded, given, recorded
from oms_projections.deadlines import READ_MODEL
from oms_projections.deadlines.rows import DeadlineRow
from tests.projections.histories import PLACED_AT, Shop, placed

DUE = PLACED_AT + timedelta(days=5)
ROW = DeadlineRow(
    "scheduled_order", "o1", DUE, "o1@2026-01-06T09:00:00Z", 6, False, 1, "order-o1", "c1"
)
SCHEDULED = placed(fulfil_at=DUE)


def cancelled(units: int) -> OrderCancelled:
    return OrderCancelled("o1", "customer", None, (LineQuantity("1", units),))


def test_a_scheduled_order_has_a_deadline_until_it_is_released() -> None:
    given(SCHEDULED).folded_into(READ_MODEL).then_rows(ROW)
    released = given(SCHEDULED, FulfilmentReleased("o1")).folded_into(READ_MODEL, page=1)
    released.then_rows(replace(ROW, ended=True))


def test_or_until_all_of_it_is_cancelled() -> None:
    given(SCHEDULED, cancelled(4)).folded_into(READ_MODEL).then_rows(replace(ROW, parts=2))
    gone = given(SCHEDULED, cancelled(4), cancelled(2)).folded_into(READ_MODEL, page=1)
    gone.then_rows(replace(ROW, parts=0))


def test_an_order_that_is_resumed_or_edited_has_it_again() -> None:
    resumed = OrderResumed("o1", None, (LineQuantity("1", 5),))
    again = given(SCHEDULED, cancelled(6), resumed).folded_into(READ_MODEL)
    again.then_rows(replace(ROW, parts=5))
    more = replace(SCHEDULED.terms.lines[0], quantity=8)
    edited = OrderEdited(
        "o1", "e1", "GBP", 0, 0, 0, (OrderLine("2", "B", 3, 100),), (LineEdit(more, 6),)
    )
    history = given(SCHEDULED, edited, cancelled(6)).folded_into(READ_MODEL)
    history.then_rows(replace(ROW, parts=5))
    ended = given(SCHEDULED, FulfilmentReleased("o1"), edited).folded_into(READ_MODEL)
    ended.then_rows(replace(ROW, parts=11, ended=True))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_open_while_the_order_waits_whatever_happens_to_it(seed: int) -> None:
    shop = Shop(seed)
    rows = {row.id: row for row in folded(READ_MODEL, recorded(shop.play(400))).of(DeadlineRow)}
    waiting = {
        order_id
        for order_id, order in shop.orders.items()
        if order.scheduled and order.statuses.order not in ENDED
    }
    assert waiting == {row.id for row in rows.values() if row.parts > 0 and not row.ended}
    assert waiting
    scheduled = {
        o for o, order in shop.orders.items() if order.placed and order.placed.terms.fulfil_at
    }
    assert rows.keys() == scheduled


def test_an_order_without_a_time_has_none() -> None:
    history = given(placed(), cancelled(1), FulfilmentReleased("o1"))
    assert history.folded_into(READ_MODEL).of(DeadlineRow) == []
