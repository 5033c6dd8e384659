"""What people sort orders by: tags, and whether an order is archived. No other guard reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from oms_ledger.domain.orders.events import OrderArchived, OrderTagged, OrderUnarchived

TAGS_MAX = 50


@dataclass(slots=True)
class Labels:
    """`tags` in the order in which they were added."""

    tags: list[str] = field(default_factory=list)
    archived: bool = False


LabelEvent: TypeAlias = OrderTagged | OrderArchived | OrderUnarchived


def apply_to_labels(labels: Labels, event: LabelEvent) -> None:
    match event:
        case OrderTagged():
            kept = [tag for tag in labels.tags if tag not in event.removed]
            labels.tags = [*kept, *event.added]
        case OrderArchived():
            labels.archived = True
        case OrderUnarchived():
            labels.archived = False
        case _:
            assert_never(event)
