"""The row of a backorder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class BackorderRow(Row):
    """`quantity` units of the stock of a SKU that a line of an order waits for; of a kit a row for
    each component. 0: it waits no more. `position` and `waiting_since` are of the event since which
    it has waited without a break. `location` is where it is booked. `preordered` units were sold
    under the preorder `preorder_id` and not given up since, whether or not they wait still;
    `available_at` is when the line was promised that they are there."""

    table: ClassVar[str] = "backorders"
    key: ClassVar[tuple[str, ...]] = ("sku", "location", "order_id", "line_id")
    sku: str
    location: str
    order_id: str
    line_id: str
    quantity: int
    position: int
    waiting_since: datetime
    preorder_id: str | None = None
    available_at: datetime | None = None
    preordered: int = 0


@dataclass(slots=True)
class PreorderRow(Row):
    """The preorder of a product: up to `cap` units are sold until `available_at`. `preorder_id` is
    None where it has ended."""

    table: ClassVar[str] = "preorders"
    key: ClassVar[tuple[str, ...]] = ("sku",)
    sku: str
    preorder_id: str | None
    available_at: datetime | None
    cap: int | None
    sensitive: bool
