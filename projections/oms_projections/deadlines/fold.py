"""Events that set or end deadlines, folded into rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.kernel import Event, Page, ReadModel, Recorded, RowKey
from oms_projections.deadlines.kinds import (
    KINDS,
    DeadlineChange,
    DeadlineEnded,
    DeadlineKind,
    DeadlineParts,
    DeadlineSet,
)
from oms_projections.deadlines.rows import DeadlineRow

BY_EVENT: dict[type[Event], list[DeadlineKind]] = defaultdict(list)
for _kind in KINDS:
    for _event in _kind.events:
        BY_EVENT[_event].append(_kind)


def changes(event: Event) -> Iterator[tuple[str, DeadlineChange]]:
    """The name of each kind that an event changes, and the change."""
    for kind in BY_EVENT[type(event)]:
        change = kind.change(event)
        if change is not None:
            yield kind.name, change


def touches(r: Recorded) -> Iterable[RowKey]:
    return [(DeadlineRow, (name, change.key)) for name, change in changes(r.event)]


def fold(r: Recorded, page: Page) -> None:
    for name, change in changes(r.event):
        row = page.get(DeadlineRow, name, change.key)
        if isinstance(change, DeadlineSet):
            page.put(row_of(name, change, r))
        elif row is not None and row.parts:
            row.parts = parts_after(row.parts, change)
            page.put(row)


def parts_after(parts: int, change: DeadlineEnded | DeadlineParts) -> int:
    if isinstance(change, DeadlineParts):
        return max(0, parts + change.parts)
    return 0 if change.parts is None else max(0, parts - change.parts)


def row_of(name: str, change: DeadlineSet, r: Recorded) -> DeadlineRow:
    return DeadlineRow(
        name,
        change.key,
        change.due_at,
        reference_of(change.key, change.due_at),
        change.parts,
        r.position,
        r.stream,
        r.meta.correlation_id,
    )


def reference_of(key: str, due_at: datetime) -> str:
    return f"{key}@{rfc3339(due_at)}"


READ_MODEL = ReadModel(
    name="deadlines",
    version=2,
    package=__name__.rpartition(".")[0],
    rows=(DeadlineRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(event.type for kind in KINDS for event in kind.events),
)
