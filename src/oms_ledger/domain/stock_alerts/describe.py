"""Events of alerts of stock as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.stock_alerts.events import (
    StockAlertEvent,
    StockAlertSet,
    StockBecameLow,
    StockCameBack,
)


def describe_stock_alert(event: StockAlertEvent) -> str:
    goods = f"{event.sku}{_scope(event)}"
    match event:
        case StockAlertSet(threshold=None):
            return f"No alert of {goods} any more"
        case StockAlertSet():
            return f"Alert of {goods} at {event.threshold} or fewer units"
        case StockBecameLow():
            return f"{goods} is low: {event.available} for sale, the alert is at {event.threshold}"
        case StockCameBack():
            return f"{goods} is back: {event.available} for sale, the alert is at {event.threshold}"
        case _:
            assert_never(event)


def _scope(event: StockAlertEvent) -> str:
    if event.location is not None:
        return f" at {event.location}"
    return "" if event.channel is None else f" for channel {event.channel}"
