"""Events of drafts as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.drafts.events import DraftDeleted, DraftEvent, DraftPlaced, DraftSaved
from oms_ledger.domain.phrases import plural


def describe_draft(event: DraftEvent) -> str:
    match event:
        case DraftSaved():
            return f"Draft saved with {plural(len(event.content.lines), 'line')}"
        case DraftPlaced():
            return f"Draft placed as order {event.order_id}"
        case DraftDeleted():
            return "Draft deleted"
        case _:
            assert_never(event)
