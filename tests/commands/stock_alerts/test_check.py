"""A crossing is recorded once, whatever crossed it."""

from __future__ import annotations

import pytest

from oms_commands.stock_alerts.check import CheckStockAlerts
from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.stock.events import (
    StockAllocated,
    StockBackordered,
    StockHeld,
    StockReceived,
    StockReleased,
    StockStateChanged,
)
from oms_ledger.kernel import Event
from oms_ledger.policies.stock_alerts import check_alerts
from oms_ledger.testing import given, replace
from tests.commands.stock_alerts.past import LON, SHELF, alert, back, low

CHECK = CheckStockAlerts("A")
SOLD = StockAllocated("A", "LON", 6, "o1", "1")


def test_it_is_recorded_once_while_stock_stays_low() -> None:
    crossed = (*SHELF, alert(4), SOLD)
    decision = given(*crossed).when(CHECK)
    decision.then(low(4, 4))
    assert decision.answer["alerts"] == [
        {"location": None, "channel": None, "threshold": 4, "low": True}
    ]
    lower = StockAllocated("A", "MAN", 1, "o2", "1")
    given(*crossed, low(4, 4)).when(CHECK).then()
    given(*crossed, low(4, 4), lower).when(CHECK).then()
    assert check_alerts("A") == CHECK


def test_stock_that_is_back_is_recorded_once_too() -> None:
    returned = (*SHELF, alert(4), SOLD, low(4, 4), StockReleased("A", "LON", 1, "o1", "1"))
    given(*returned).when(CHECK).then(back(4, 5))
    given(*returned, back(4, 5)).when(CHECK).then()


@pytest.mark.parametrize(
    "cause",
    [
        SOLD,
        StockHeld("A", "LON", 6, "r1"),
        StockStateChanged("A", "LON", 6, "available", "damaged", "Wet"),
        StockBackordered("A", "LON", 6, "o1", "1"),
        ProductDefined("A", "Heart", True, safety_stock=5),
        replace(LON, closed=True),
    ],
)
def test_whatever_crosses_it(cause: Event) -> None:
    (event,) = given(*SHELF, alert(5), cause).when(CHECK).events
    assert event.type == "stock_alert.low.v1"


def test_each_alert_is_crossed_on_its_own() -> None:
    alerts = (alert(4), alert(1, "MAN"), alert(1, channel="web"), alert(2, "LON"), alert(None, "X"))
    past = given(*SHELF, *alerts, StockAllocated("A", "MAN", 1, "o1", "1"))
    past.when(CHECK).then(low(1, 1, "MAN"), low(1, 1, channel="web"))


def test_a_channel_with_more_locations_sells_more() -> None:
    wider = ChannelDefined("web", locations=("MAN", "LON"))
    past = (*SHELF, alert(2, channel="web"), low(2, 2, channel="web"))
    given(*past).when(CHECK).then()
    given(*past, wider).when(CHECK).then(back(2, 10, channel="web"))


def test_what_comes_in_for_waiting_orders_is_not_back() -> None:
    waiting = (*SHELF, alert(0), StockBackordered("A", "LON", 13, "o1", "1"), low(0, 0))
    given(*waiting, StockReceived("A", "LON", 3)).when(CHECK).then()
    given(*waiting, StockReceived("A", "LON", 4)).when(CHECK).then(back(0, 1))


def test_a_kit_goes_by_its_components() -> None:
    past = (*SHELF, alert(1, sku="K"), SOLD)
    given(*past).when(CheckStockAlerts("K")).then(low(1, 0, sku="K"))


def test_a_removed_alert_is_not_checked() -> None:
    given(*SHELF, alert(4), alert(None), SOLD).when(CHECK).then()


def test_without_an_alert_there_is_nothing_to_check() -> None:
    refusal = given(*SHELF).when(CHECK).refusal
    assert isinstance(refusal, NotFound)
