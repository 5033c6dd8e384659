"""Setting when stock is low."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Count, Sku
from oms_commands.stock_alerts._stock_alert_command import StockAlertCommand
from oms_ledger.domain.catalogue.state import stored_sku
from oms_ledger.domain.guards import refuse_unknown_skus, require_location
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.stock_alerts.events import StockAlertSet
from oms_ledger.domain.stock_alerts.rules import crossings
from oms_ledger.domain.stock_alerts.state import StockAlerts
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutStockAlert(StockAlertCommand):
    """Set the number of units for sale at or below which the stock of a SKU is low.

    The alert is about one `location`, about what one `channel` sells, or with neither about all
    open locations. Whenever the threshold is crossed there is one event, `stock_alert.low.v1` or
    `stock_alert.back.v1`, and no other while stock stays low, or stays back. Units for sale are
    what a new order could get: free beyond the safety stock, and not waited for. A `threshold` of 0
    is about what is sold out; null removes the alert.
    """

    name: ClassVar[str] = "PutStockAlert"
    route: ClassVar[Route] = Route("PUT", "/v1/stock-alerts/{sku}")
    example: ClassVar[Mapping[str, Json]] = {"threshold": 10, "location": "LON"}

    sku: Sku
    threshold: Annotated[Count | None, Field(description="Units; null removes the alert.")]
    location: Code | None = None
    channel: Code | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> PutStockAlert:
        if self.location is not None and self.channel is not None:
            raise ValueError("channel: an alert is about a location or a channel; leave one out")
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        refuse_unknown_skus([("", sku)], given, then="try again")
        if self.location is not None:
            require_location(given, self.location)
        channel = None if self.channel is None else channel_key(self.channel)
        before = given.state(StockAlerts, sku).alert(self.location, channel)
        if before.threshold == self.threshold:
            return ()
        alert = replace(before, threshold=self.threshold)
        event = StockAlertSet(sku, self.location, channel, self.threshold)
        return [Change(event), *crossings(sku, [alert], given)]
