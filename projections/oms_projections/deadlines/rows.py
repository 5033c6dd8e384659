"""Rows of deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class DeadlineRow(Row):
    """The deadline of one `kind` for one thing, whose key is `id`. It is open while it has `parts`,
    is not `ended` and, of an order that is to be paid, not `covered`: paid, or authorised.
    `reference` identifies it with its time: a deadline that is set anew for another time is another
    one. `position`, `stream` and `correlation_id` are of the event that has set it. `document` is
    the state of an order that is to be paid, until the deadline is ended; otherwise empty."""

    table: ClassVar[str] = "deadlines"
    key: ClassVar[tuple[str, ...]] = ("kind", "id")
    kind: str
    id: str
    due_at: datetime
    reference: str
    parts: int
    ended: bool
    position: int
    stream: str
    correlation_id: str
    covered: bool = False
    document: str = ""
