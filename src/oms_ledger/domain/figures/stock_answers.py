"""Answers of figures about stock. Formulas are in docs/analytics.md."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, Sku


class StockValueAnswer(TypedDict):
    """What the units of a SKU were worth, wherever they were. Values are decimal text in
    `currency`: at the newest cost of a unit, first in first out, and by moving average."""

    sku: Sku
    units: int
    currency: Harmless
    value_unit_cost: str
    value_fifo: str
    value_average: str
    received_on: Harmless | None
    sold_on: Harmless | None


class StockTotalAnswer(TypedDict):
    currency: Harmless
    skus: int
    units: int
    value_unit_cost: str
    value_fifo: str
    value_average: str


class StockValuesAnswer(TypedDict):
    """At the end of `day`, in UTC. `totals` are of all SKUs, on every page."""

    day: Harmless
    items: list[StockValueAnswer]
    totals: list[StockTotalAnswer]
    next_cursor: Harmless | None


class StockAgeingAnswer(TypedDict):
    """Units by the days since their SKU was last received or sold."""

    to_30_days: int
    to_90_days: int
    to_180_days: int
    to_365_days: int
    older: int


class StockFiguresRow(TypedDict):
    """A rate is null where it would divide by nothing. Amounts are decimal text in `currency`."""

    group: str
    currency: Harmless
    start_units: int
    end_units: int
    received: int
    sold: int
    returned: int
    lost: int
    gained: int
    start_value: str
    end_value: str
    end_value_unit_cost: str
    end_value_fifo: str
    cost_of_goods_sold: str
    cost_of_goods_sold_fifo: str
    lost_value: str
    turnover: float | None
    days_of_supply: float | None
    days_inventory_outstanding: float | None
    sell_through: float | None
    shrinkage: float | None
    ageing: StockAgeingAnswer


class CountAccuracyAnswer(TypedDict):
    """Of approved counts: SKUs that were counted, those without a variance, and the accuracies."""

    counts: int
    skus: int
    exact: int
    accuracy: float | None
    unit_accuracy: float | None


class StockFiguresAnswer(TypedDict):
    """Days are in UTC; both are included."""

    group_by: Harmless
    first_day: Harmless
    last_day: Harmless
    rows: list[StockFiguresRow]
    counts: CountAccuracyAnswer
    next_cursor: Harmless | None
