"""The row of a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class MessageRow(Row):
    """One message. `document` is its state as JSON text, which is read back to fold the next event.
    `facets` are what exact filters compare, as `status:requested`. `channel` is that of its order.
    `requested_at` is when it happened, `updated_at` when the newest event was recorded."""

    table: ClassVar[str] = "messages"
    key: ClassVar[tuple[str, ...]] = ("message_id",)
    message_id: str
    channel: str
    document: str
    facets: list[str]
    requested_at: datetime
    updated_at: datetime
