"""The row of a reservation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class ReservationRow(Row):
    """One reservation. `document` is its state as JSON text, which is read back to fold the next
    event."""

    table: ClassVar[str] = "reservations"
    key: ClassVar[tuple[str, ...]] = ("reservation_id",)
    reservation_id: str
    channel: str | None
    status: str
    expires_at: datetime
    document: str
    created_at: datetime
    updated_at: datetime
