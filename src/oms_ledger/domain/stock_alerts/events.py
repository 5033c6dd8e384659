"""Events of a SKU's alerts."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless, Sku
from oms_ledger.kernel import Event


class StockAlertStreamEvent(Event, frozen=True):
    """An event of the alerts of a SKU. An alert is about the stock at a `location`, about what a
    `channel` (in lower case) sells, or where both are None about all open locations."""

    category: ClassVar[str] = "stock_alert"
    sku: Sku
    location: Harmless | None
    channel: Harmless | None

    @property
    def key(self) -> str:
        return self.sku


class StockAlertSet(StockAlertStreamEvent, frozen=True):
    """Stock is low from now on where `threshold` units or fewer can be sold. None: there is no
    alert any more."""

    type: ClassVar[str] = "stock_alert.set.v1"
    sku: Sku
    location: Harmless | None
    channel: Harmless | None
    threshold: int | None


class StockBecameLow(StockAlertStreamEvent, frozen=True):
    """`available` units can be sold, which is not more than `threshold`; it was more before, or
    there was no alert."""

    type: ClassVar[str] = "stock_alert.low.v1"
    sku: Sku
    location: Harmless | None
    channel: Harmless | None
    threshold: int
    available: int


class StockCameBack(StockAlertStreamEvent, frozen=True):
    """`available` units can be sold, which is more than `threshold`; before, stock was low."""

    type: ClassVar[str] = "stock_alert.back.v1"
    sku: Sku
    location: Harmless | None
    channel: Harmless | None
    threshold: int
    available: int


StockAlertEvent: TypeAlias = StockAlertSet | StockBecameLow | StockCameBack
STOCK_ALERT_EVENTS: tuple[type[StockAlertEvent], ...] = get_args(StockAlertEvent)
