"""The row of a payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class PaymentRow(Row):
    """One payment. `document` is its state as JSON text, which is read back to fold the next event;
    `answer` is what lists show of it, as JSON text. `facets` are what exact filters compare, as
    `status:captured`. `channel` is that of its order; None where the payment does not name it.
    `requested_at` is when it happened, `updated_at` when the newest event was recorded.
    `capture_by` is when the authorisation expires, while there is something to capture."""

    table: ClassVar[str] = "payments"
    key: ClassVar[tuple[str, ...]] = ("payment_id",)
    payment_id: str
    document: str
    answer: str
    facets: list[str]
    channel: str | None
    sensitive: bool
    requested_at: datetime
    capture_by: datetime | None
    updated_at: datetime
