"""Deadlines are open from the event that sets one to the event that ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from oms_ledger.domain.orders.events import FulfilmentReleased, OrderCancelled
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.testing import given
from oms_projections.deadlines import READ_MODEL
from oms_projections.deadlines.rows import DeadlineRow
from tests.projections.histories import PLACED_AT, placed

DUE = PLACED_AT + timedelta(days=5)
ROW = DeadlineRow("scheduled_order", "o1", DUE, "o1@2026-01-06T09:00:00Z", 6, 1, "order-o1", "c1")
SCHEDULED = placed(fulfil_at=DUE)


def cancelled(units: int) -> OrderCancelled:
    return OrderCancelled("o1", "customer", None, (LineQuantity("1", units),))


def test_a_scheduled_order_has_a_deadline_until_it_is_released() -> None:
    given(SCHEDULED).folded_into(READ_MODEL).then_rows(ROW)
    released = given(SCHEDULED, FulfilmentReleased("o1")).folded_into(READ_MODEL, page=1)
    released.then_rows(replace(ROW, parts=0))


def test_or_until_all_of_it_is_cancelled() -> None:
    given(SCHEDULED, cancelled(4)).folded_into(READ_MODEL).then_rows(replace(ROW, parts=2))
    gone = given(SCHEDULED, cancelled(4), cancelled(2)).folded_into(READ_MODEL, page=1)
    gone.then_rows(replace(ROW, parts=0))


def test_an_order_without_a_time_has_none() -> None:
    history = given(placed(), cancelled(1), FulfilmentReleased("o1"))
    assert history.folded_into(READ_MODEL).of(DeadlineRow) == []
