"""What tests of alerts begin with: 10 units of A at LON and 4 at MAN, with 2 of safety stock at
each, and the alerts that there are."""

from __future__ import annotations

from oms_ledger.domain.catalogue.events import Component, LocationDefined, ProductDefined, Site
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.domain.stock_alerts.events import StockAlertSet, StockBecameLow, StockCameBack
from oms_ledger.kernel import Event

LON = LocationDefined("LON", "London", "warehouse", Site(), 1, None)
MAN = LocationDefined("MAN", "Manchester", "store", Site(), 2, None)

SHELF: tuple[Event, ...] = (
    LON,
    MAN,
    ProductDefined("A", "Heart", True, safety_stock=2),
    ProductDefined("B", "Box", True),
    ProductDefined("K", "Kit", True, components=(Component("A", 3), Component("B", 1))),
    ChannelDefined("web", locations=("MAN",)),
    StockReceived("A", "LON", 10),
    StockReceived("A", "MAN", 4),
    StockReceived("B", "LON", 9),
)


def alert(
    threshold: int | None, location: str | None = None, channel: str | None = None, sku: str = "A"
) -> StockAlertSet:
    return StockAlertSet(sku, location, channel, threshold)


def low(
    threshold: int,
    available: int,
    location: str | None = None,
    channel: str | None = None,
    sku: str = "A",
) -> StockBecameLow:
    return StockBecameLow(sku, location, channel, threshold, available)


def back(
    threshold: int,
    available: int,
    location: str | None = None,
    channel: str | None = None,
    sku: str = "A",
) -> StockCameBack:
    return StockCameBack(sku, location, channel, threshold, available)
