"""What commands about the alerts of one SKU have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.catalogue.state import Product, product_refs, stored_sku
from oms_ledger.domain.stock.rules import wanted_refs
from oms_ledger.domain.stock_alerts.answers import StockAlertsAnswer
from oms_ledger.domain.stock_alerts.state import StockAlerts
from oms_ledger.domain.stock_alerts.views import stock_alerts_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class StockAlertCommand(Command):
    """Reads the alerts of one SKU and its stock at all locations, of a kit that of its components;
    answers with the alerts."""

    __slots__ = ()
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = StockAlertsAnswer
    sku: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        sku = stored_sku(self.sku, given)
        return [(StockAlerts, sku), *product_refs(self.sku), *wanted_refs(sku, given)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        sku = stored_sku(self.sku, given)
        sensitive = given.state(Product, sku).sensitive
        return stock_alerts_view(sku, given.state(StockAlerts, sku), sensitive=sensitive)
