"""Which crossings of thresholds are to be recorded."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.domain.stock.rules import (
    Available,
    available_for_all,
    of_channel,
    parts_of,
    stock_by_location,
    stock_skus,
    units_promisable,
)
from oms_ledger.domain.stock_alerts.events import StockBecameLow, StockCameBack
from oms_ledger.domain.stock_alerts.state import StockAlert
from oms_ledger.kernel import Change, Given


class UnitsForSale:
    """How many units of a SKU a new order could get, of a kit whole kits: those that are free
    beyond the safety stock, less those that waiting orders get."""

    def __init__(self, sku: str, given: Given) -> None:
        self._parts = parts_of(sku, given)
        self._given = given
        stock = stock_by_location(given, stock_skus(sku, given))
        self._available = available_for_all(given, stock)

    def of(self, location: str | None, channel: str | None) -> int:
        """At a location, for a channel, or where both are None at all open locations."""
        available: Available = self._available
        if channel is not None:
            available = of_channel(available, channel, self._given)
        if location is not None:
            available = {
                sku: {code: units for code, units in places.items() if code == location}
                for sku, places in available.items()
            }
        return units_promisable(self._parts, available)


def differs(alert: StockAlert, low: bool) -> bool:
    """Whether stock has crossed the threshold since the newest recorded crossing, so that each is
    recorded once."""
    return low != alert.low


def crossings(sku: str, alerts: Iterable[StockAlert], given: Given) -> list[Change]:
    """The event of each alert whose threshold was crossed since its last one."""
    units, changes = UnitsForSale(sku, given), []
    for alert in alerts:
        if alert.threshold is None:
            continue
        available = units.of(alert.location, alert.channel)
        low = available <= alert.threshold
        if differs(alert, low):
            kind = StockBecameLow if low else StockCameBack
            event = kind(sku, alert.location, alert.channel, alert.threshold, available)
            changes.append(Change(event))
    return changes
