"""The state of a count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from oms_ledger.domain.counts.events import (
    CountApproved,
    CountCancelled,
    CountCreated,
    CountedLine,
    CountRecorded,
)
from oms_ledger.domain.errors import NotFound, illegal_transition
from oms_ledger.kernel import Event, Given, State


@dataclass(slots=True)
class Count(State):
    """`stage` is open, approved or cancelled. `skus` are those that are to be counted; where there
    are none, any may be. `counted` are the newest figures by SKU."""

    category: ClassVar[str] = "count"
    version: int = 0
    location: str = ""
    skus: list[str] = field(default_factory=list)
    reference: str | None = None
    stage: str = "open"
    counted: dict[str, CountedLine] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """requested, counting, counted, approved or cancelled."""
        if self.stage != "open":
            return self.stage
        if not self.counted:
            return "requested"
        return "counting" if self.uncounted else "counted"

    @property
    def uncounted(self) -> list[str]:
        return [sku for sku in self.skus if sku not in self.counted]

    def apply(self, event: Event) -> None:
        match event:
            case CountCreated():
                self.location, self.reference = event.location, event.reference
                self.skus = [item.sku for item in event.items]
            case CountRecorded():
                self.counted |= {line.sku: line for line in event.lines}
            case CountApproved():
                self.stage = "approved"
            case CountCancelled():
                self.stage = "cancelled"
            case _:
                raise TypeError(f"{event.type} does not belong to a count")


def open_count(given: Given, count_id: str, wanted: str) -> Count:
    """The count. `NotFound` where there is none; `Refused` with `illegal_transition` where it is
    approved or cancelled."""
    count = given.state(Count, count_id)
    if not count.version:
        raise NotFound(f"There is no count {count_id}. GET /v1/counts lists them.")
    if count.stage != "open":
        raise illegal_transition("The count", count.stage, wanted, "Create another one.")
    return count
