"""The row of a fulfilment order on which work has begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class FulfilmentRow(Row):
    """One fulfilment order. `document` is its state as JSON text, which is read back to fold the
    next event; `position` that of its newest event. Times are when it happened, except
    `updated_at`: the first acceptance, rejection and shipment, and the last pick. `picked` and
    `short` are all units that were ever picked, or were not there to be."""

    table: ClassVar[str] = "fulfilment_queue"
    key: ClassVar[tuple[str, ...]] = ("fulfilment_id",)
    fulfilment_id: str
    order_id: str
    channel: str
    location: str
    sensitive: bool
    document: str
    position: int
    opened_at: datetime
    accepted_at: datetime | None
    rejected_at: datetime | None
    picked_at: datetime | None
    packed_at: datetime | None
    picked: int
    short: int
    overdue: bool
    updated_at: datetime
