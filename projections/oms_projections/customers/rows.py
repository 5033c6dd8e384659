"""The rows of customers with an id, and of their orders. Nothing of them is personal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class CustomerRow(Row):
    """One customer who has an id. `tags` are in the order in which they were added; `forgotten`
    counts how often they were. `restricted`: the processing of their data is."""

    table: ClassVar[str] = "customers"
    key: ClassVar[tuple[str, ...]] = ("customer_id",)
    customer_id: str
    tags: list[str] = field(default_factory=list)
    forgotten: int = 0
    restricted: bool = False


@dataclass(slots=True)
class CustomerOrderRow(Row):
    """One order and the customer whose it is by its newest edit; None for guests. `total` is as
    agreed now, `paid` captured and neither refunded nor charged back; minor units. `units` and
    `cancelled` are of all lines. `payments` has of each its captured, refunded and charged-back
    amounts, `returns` their statuses."""

    table: ClassVar[str] = "customer_orders"
    key: ClassVar[tuple[str, ...]] = ("order_id",)
    order_id: str
    customer_id: str | None
    placed_at: datetime
    currency: str
    total: int
    units: int
    cancelled: int = 0
    paid: int = 0
    refunded: int = 0
    returned: int = 0
    payments: dict[str, list[int]] = field(default_factory=dict)
    returns: dict[str, str] = field(default_factory=dict)
