"""Answers by the time of occurrence (`happened_by`), also as of an earlier position."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from oms_ledger.domain.orders.events import OrderConfirmed, OrderHeld
from oms_ledger.domain.stock.events import StockAdjusted, StockReceived
from oms_ledger.kernel import Position, Recorded
from oms_ledger.testing import START, recorded, replace
from oms_ledger.testing.log import LogUntil, Records
from oms_projections.order_status.queries import OrderHistory, order_events, order_timeline
from oms_projections.stock_levels.queries import GetStock, get_stock_as_of
from tests.projections.histories import placed

MONDAY, TUESDAY, WEDNESDAY = (START + timedelta(days=day) for day in range(3))


def log_of(history: list[Recorded], position: Position | None = None) -> LogUntil:
    records = Records()
    for r in history:
        records.add(r)
    return LogUntil(records, len(history) if position is None else position)


def at(r: Recorded, recorded_at: datetime, occurred_at: datetime | None = None) -> Recorded:
    return replace(r, meta=replace(r.meta, recorded_at=recorded_at, occurred_at=occurred_at))


def received_and_corrected() -> list[Recorded]:
    """Ten came on Monday. On Wednesday it was noticed that three had broken on Tuesday."""
    came, broke = recorded((StockReceived("A", "LON", 10), StockAdjusted("A", "LON", -3, "broken")))
    return [at(came, MONDAY), at(broke, WEDNESDAY, TUESDAY)]


def on_hand(log: LogUntil, happened_by: datetime) -> int:
    body: Mapping[str, Any] = get_stock_as_of(GetStock("A", happened_by), log)
    on_hand: int = body["on_hand"]
    return on_hand


def test_on_hand_is_the_sum_of_movements_that_had_happened_and_were_recorded() -> None:
    history = received_and_corrected()
    now, then = log_of(history), log_of(history, 1)
    assert on_hand(now, MONDAY) == 10
    assert on_hand(now, TUESDAY) == 7
    assert on_hand(then, TUESDAY) == 10
    assert on_hand(then, WEDNESDAY) == 10


def noted_late() -> list[Recorded]:
    """Placed on Monday. On Wednesday it was confirmed, and noted that it was held on Tuesday."""
    bought, confirmed, held = recorded(
        (placed(), OrderConfirmed("o1"), OrderHeld("o1", "h", "fraud"))
    )
    return [at(bought, MONDAY), at(confirmed, WEDNESDAY), at(held, WEDNESDAY, TUESDAY)]


@pytest.mark.parametrize(
    ("happened_by", "as_of", "positions"),
    [
        (None, 3, [1, 2, 3]),
        (WEDNESDAY, 3, [1, 2, 3]),
        (TUESDAY, 3, [1, 3]),
        (TUESDAY, 2, [1]),
        (MONDAY, 3, [1]),
        (MONDAY - timedelta(days=1), 3, []),
    ],
)
def test_timeline_and_events_of_what_had_happened(
    happened_by: datetime | None, as_of: int, positions: list[int]
) -> None:
    log, params = log_of(noted_late(), as_of), OrderHistory("o1", happened_by)
    for query in (order_events, order_timeline):
        items = query(params, log)["items"]
        assert isinstance(items, list)
        assert sorted({item["position"] for item in items}) == positions
