"""The row of a count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class CountRow(Row):
    """One count. `document` is its state as JSON text, which is read back to fold the next event.
    `facets` are what exact filters compare, as `status:counted`. `created_at` and `closed_at` are
    when it happened, `updated_at` when it was recorded."""

    table: ClassVar[str] = "counts"
    key: ClassVar[tuple[str, ...]] = ("count_id",)
    count_id: str
    document: str
    facets: list[str]
    created_at: datetime
    closed_at: datetime | None
    updated_at: datetime
