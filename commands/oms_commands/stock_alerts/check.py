"""Comparing the stock of a SKU with its alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Sku
from oms_commands.stock_alerts._stock_alert_command import StockAlertCommand
from oms_ledger.domain.catalogue.state import stored_sku
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.stock_alerts.rules import crossings
from oms_ledger.domain.stock_alerts.state import StockAlerts
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CheckStockAlerts(StockAlertCommand):
    """Compare the units for sale of a SKU with its alerts, and record what was crossed.

    The workers do so by themselves, soon after stock has changed.
    """

    name: ClassVar[str] = "CheckStockAlerts"
    route: ClassVar[Route] = Route("POST", "/v1/stock-alerts/{sku}/check")
    example: ClassVar[Mapping[str, Json]] = {}

    sku: Sku

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        alerts = given.state(StockAlerts, sku)
        if not alerts.version:
            raise NotFound(f"{sku} has no alert. Set one with PUT /v1/stock-alerts/{sku}.")
        return crossings(sku, alerts.alerts.values(), given)
