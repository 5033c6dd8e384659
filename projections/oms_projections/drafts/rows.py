"""The row of a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.kernel import Row


@dataclass(slots=True)
class DraftRow(Row):
    """One draft. `document` is its state as JSON text, which is read back to fold the next event.
    `facets` are what exact filters compare, as `status:open`; `search` is what `q` looks in,
    `grams` its parts of three characters. `customer_id` is that of its customer, `person` the id of
    the key that seals what is personal in it."""

    table: ClassVar[str] = "drafts"
    key: ClassVar[tuple[str, ...]] = ("draft_id",)
    draft_id: str
    channel: str | None
    customer_id: str | None
    person: str | None
    document: str
    facets: list[str]
    search: str
    grams: list[str]
    created_at: datetime
    updated_at: datetime
