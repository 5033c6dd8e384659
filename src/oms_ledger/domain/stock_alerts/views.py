"""Alerts of stock as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.stock_alerts.state import StockAlerts
from oms_ledger.kernel import Json


def stock_alerts_view(sku: str, alerts: StockAlerts, *, sensitive: bool) -> dict[str, Json]:
    shown: list[Json] = [
        {
            "location": each.location,
            "channel": each.channel,
            "threshold": each.threshold,
            "low": each.low,
        }
        for _, each in sorted(alerts.alerts.items())
        if each.threshold is not None
    ]
    return {"sku": sku, "alerts": shown, "sensitive": sensitive, "version": alerts.version}
