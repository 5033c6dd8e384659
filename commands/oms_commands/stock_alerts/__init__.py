"""Commands about alerts of stock."""

from __future__ import annotations

from oms_commands.stock_alerts.check import CheckStockAlerts
from oms_commands.stock_alerts.put import PutStockAlert
from oms_ledger.kernel import Command

COMMANDS: tuple[type[Command], ...] = (
    PutStockAlert,
    CheckStockAlerts,
)
