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
        elif row is not None:
            if isinstance(change, DeadlineParts):
                row.parts += change.parts
            else:
                row.ended = True
            page.put(row)


def row_of(name: str, change: DeadlineSet, r: Recorded) -> DeadlineRow:
    return DeadlineRow(
        name,
        change.key,
        change.due_at,
        reference_of(change.key, change.due_at),
        change.parts,
        False,
        r.position,
        r.stream,
        r.meta.correlation_id,
    )


def reference_of(key: str, due_at: datetime) -> str:
    return f"{key}@{rfc3339(due_at)}"


READ_MODEL = ReadModel(
    name="deadlines",
    version=5,
    package=__name__.rpartition(".")[0],
    rows=(DeadlineRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(event.type for kind in KINDS for event in kind.events),
)
