"""Events of counts as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.counts.events import (
    CountApproved,
    CountCancelled,
    CountCreated,
    CountEvent,
    CountRecorded,
)
from oms_ledger.domain.phrases import note_suffix, plural


def describe_count(event: CountEvent) -> str:
    match event:
        case CountCreated():
            what = plural(len(event.items), "SKU") if event.items else "stock"
            return f"Count of {what} at {event.location} created"
        case CountRecorded():
            return f"{plural(len(event.lines), 'SKU')} counted"
        case CountApproved():
            differences = sum(1 for each in event.variances if each.change)
            return f"Count approved with {plural(differences, 'difference')}"
        case CountCancelled():
            return f"Count cancelled{note_suffix(event.reason)}"
        case _:
            assert_never(event)
