"""The row of a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class CaseRow(Row):
    """One case. `document` is its state as JSON text, which is read back to fold the next event.
    `facets` are what exact filters compare, as `kind:lost`. `channel` is that of its order;
    `opened_by` and `closed_by` are actors. Times are when it happened, except `updated_at`."""

    table: ClassVar[str] = "cases"
    key: ClassVar[tuple[str, ...]] = ("case_id",)
    case_id: str
    channel: str
    document: str
    facets: list[str]
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    updated_at: datetime
