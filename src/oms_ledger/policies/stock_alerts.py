"""What is done when the stock of a SKU with alerts has changed."""

from __future__ import annotations

from oms_commands.stock_alerts.check import CheckStockAlerts
from oms_ledger.kernel import Command


def check_alerts(sku: str) -> Command:
    """The command that records which thresholds were crossed. It does nothing where none was."""
    return CheckStockAlerts(sku)
