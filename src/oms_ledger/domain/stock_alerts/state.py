"""The state of a SKU's alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from oms_ledger.domain.stock_alerts.events import (
    STOCK_ALERT_EVENTS,
    StockAlertSet,
    StockBecameLow,
)
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class StockAlert:
    """Units at a location, for a channel, or where both are None at all open locations. A
    `threshold` of None: there is no alert any more. `low` is what the newest crossing was."""

    location: str | None = None
    channel: str | None = None
    threshold: int | None = None
    low: bool = False


@dataclass(slots=True)
class StockAlerts(State):
    """The alerts of a SKU by `alert_key`: at most one for each location and channel."""

    category: ClassVar[str] = "stock_alert"
    version: int = 0
    alerts: dict[str, StockAlert] = field(default_factory=dict)

    def alert(self, location: str | None, channel: str | None) -> StockAlert:
        return self.alerts.get(alert_key(location, channel)) or StockAlert(location, channel)

    def apply(self, event: Event) -> None:
        if not isinstance(event, STOCK_ALERT_EVENTS):
            raise TypeError(f"{event.type} does not belong to an alert of stock")
        key = alert_key(event.location, event.channel)
        alert = self.alerts.setdefault(key, StockAlert(event.location, event.channel))
        if isinstance(event, StockAlertSet):
            alert.threshold = event.threshold
        else:
            alert.low = isinstance(event, StockBecameLow)


def alert_key(location: str | None, channel: str | None) -> str:
    """Codes of locations and channels have no `/`."""
    return f"{location or ''}/{channel or ''}"
