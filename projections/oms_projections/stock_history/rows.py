"""Rows of the value of stock, and of counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class ValuationRow(Row):
    """The value of a SKU's units that were bought since its cost was first known, wherever they
    are: in transit too. `unit_cost` is the newest cost of a unit, `average_value` the value of all
    by moving average, both in minor units of `currency`. `layers` are the receipts that first-in
    first-out has not used up, as JSON text: `[units, unit_cost]` each, the oldest first. Days are
    YYYY-MM-DD. `day` is the last that has a row in `stock_days`, and the fields from `received` on
    are of that day, as there. Of a product with a unit of measure `unit_cost` is that of a whole
    unit, which has so many `steps`: quantities are in steps, and all other money is in minor units
    divided by `steps`, so that none is rounded before the end of a day."""

    table: ClassVar[str] = "stock_valuations"
    key: ClassVar[tuple[str, ...]] = ("sku",)
    sku: str
    currency: str
    unit_cost: int
    on_hand: int
    average_value: int
    layers: str
    received_on: str | None
    sold_on: str | None
    day: str
    received: int = 0
    sold: int = 0
    returned: int = 0
    lost: int = 0
    gained: int = 0
    cost_fifo: int = 0
    cost_average: int = 0
    lost_value: int = 0
    steps: int = 1


@dataclass(slots=True)
class StockDayRow(Row):
    """A SKU at the end of a day (UTC) on which its units changed, and what changed on that day.
    Values are minor units of `currency`: `value_unit_cost` at the newest cost, `value_fifo` first
    in first out, `value_average` by moving average. `cost_fifo` and `cost_average` are of the units
    `sold`, `lost_value` of those `lost`, by moving average."""

    table: ClassVar[str] = "stock_days"
    key: ClassVar[tuple[str, ...]] = ("sku", "day")
    sku: str
    day: str
    currency: str
    on_hand: int
    value_unit_cost: int
    value_fifo: int
    value_average: int
    received_on: str | None
    sold_on: str | None
    received: int = 0
    sold: int = 0
    returned: int = 0
    lost: int = 0
    gained: int = 0
    cost_fifo: int = 0
    cost_average: int = 0
    lost_value: int = 0


@dataclass(slots=True)
class StockProductRow(Row):
    """A product that may have stock. `sensitive`: its rows are left out for readers without the
    right to see such, those of days on which it was not sensitive yet too. `steps` are those of its
    unit of measure; 1 of pieces."""

    table: ClassVar[str] = "stock_products"
    key: ClassVar[tuple[str, ...]] = ("sku",)
    sku: str
    sensitive: bool
    steps: int = 1


@dataclass(slots=True)
class CountFigureRow(Row):
    """The result of a count once it is approved: how many `skus` were counted, those of them
    without a variance (`exact`), the sum of the variances without their sign, and the sum of the
    counted `units`. `counted` is JSON text: counted and recorded units by SKU."""

    table: ClassVar[str] = "count_figures"
    key: ClassVar[tuple[str, ...]] = ("count_id",)
    count_id: str
    location: str
    approved_at: datetime | None
    counted: str
    skus: int
    exact: int
    variance: int
    units: int
