"""Events that set or end deadlines, folded into rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.rules import is_unpaid
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
from oms_projections.state_documents import update_document

order_of = msgspec.json.Decoder(Order).decode
"""The order of a row, from its `document`."""

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
            row = row_of(name, change, r)
            if change.follows_money:
                follow_money(row, Order(), r)
            page.put(row)
        elif row is not None:
            update(row, change, r)
            page.put(row)


def update(row: DeadlineRow, change: DeadlineChange, r: Recorded) -> None:
    if isinstance(change, DeadlineEnded):
        row.ended, row.document = True, ""
    elif isinstance(change, DeadlineParts):
        row.parts += change.parts
    if row.document:
        follow_money(row, order_of(row.document), r)


def follow_money(row: DeadlineRow, order: Order, r: Recorded) -> None:
    """Set `covered` of an unpaid order's deadline: whether the order is paid or authorised. From
    `due_at` on it stays as it is, since the command has decided by then. `document` has the events
    about money and units alone: of the order's state nothing else in it is up to date."""
    update_document(row, order, r)
    if r.meta.recorded_at < row.due_at:
        row.covered = not is_unpaid(order)


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
    version=6,
    package=__name__.rpartition(".")[0],
    rows=(DeadlineRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(event.type for kind in KINDS for event in kind.events),
)
