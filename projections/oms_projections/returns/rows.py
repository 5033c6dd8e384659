"""The row of a return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class ReturnRow(Row):
    """One return. `document` is its state as JSON text, which is read back to fold the next event.
    `facets` are what exact filters compare, as `status:approved`; `search` is what `q` looks in,
    `grams` its parts of three characters. Times are when it happened, except `updated_at`;
    `received_at` is the last receipt."""

    table: ClassVar[str] = "returns"
    key: ClassVar[tuple[str, ...]] = ("return_id",)
    return_id: str
    channel: str | None
    document: str
    facets: list[str]
    search: str
    grams: list[str]
    requested_at: datetime
    received_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime
