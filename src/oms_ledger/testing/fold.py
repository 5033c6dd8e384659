"""Read models without a database: a history folded into rows in memory."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass

from oms_ledger.kernel import R, ReadModel, Recorded, Row, RowKey


class MemoryPage:
    """A page of rows in memory, as strict as that of the engine: `get` returns rows that `touches`
    names for this page or that were `put` on it, and no append-only rows."""

    def __init__(self, stored: dict[RowKey, Row], named: Iterable[RowKey]) -> None:
        self._rows = {key: copy.deepcopy(stored[key]) for key in named if key in stored}
        self._stored = stored
        self._named = set(named)
        self.changed: dict[RowKey, Row] = {}
        self.memo: dict[object, object] = {}

    def get(self, kind: type[R], *key: object) -> R | None:
        row_key: RowKey = (kind, key)
        if row_key not in self._named:
            raise LookupError(f"{kind.__name__} {key} is not among the rows that touches() named")
        row = self._rows.get(row_key)
        if row is not None and not isinstance(row, kind):
            raise TypeError(f"{row_key} holds a {type(row).__name__}")
        return row

    def put(self, row: Row) -> None:
        key = key_of(row)
        self._rows[key] = self.changed[key] = row

    def add(self, row: Row) -> None:
        key = key_of(row)
        if key in self._stored or key in self._rows:
            raise LookupError(f"{key} is added, and there is such a row already")
        self.put(row)


def key_of(row: Row) -> RowKey:
    """The class of a row and the values of its primary key."""
    return type(row), tuple(getattr(row, name) for name in type(row).key)


@dataclass(slots=True)
class Folded:
    """The rows of a read model after the pages that were folded."""

    model: ReadModel
    rows: dict[RowKey, Row] = field(default_factory=dict)

    def page(self, events: Sequence[Recorded]) -> Folded:
        """Fold one page of events, as a projector does: those of the model's event types."""
        relevant = [r for r in events if type(r.event).type in self.model.event_types]
        page = MemoryPage(self.rows, {key for r in relevant for key in self.model.touches(r)})
        for r in relevant:
            self.model.fold(r, page)
        self.model.finish(page)
        # Stored rows are read back as new objects: nothing but the columns survives a page.
        for key, row in page.changed.items():
            self.rows[key] = _columns_alone(row)
        return self

    def of(self, kind: type[R]) -> list[R]:
        """The rows of one table, in order of their keys."""
        rows = [row for row in self.rows.values() if isinstance(row, kind)]
        return sorted(rows, key=lambda row: tuple(map(str, key_of(row)[1])))

    def then_rows(self, *expected: Row) -> None:
        """The tables of the expected rows have exactly these rows."""
        for kind in {type(row) for row in expected}:
            wanted = {key_of(row): row for row in expected if type(row) is kind}
            actual = {key: row for key, row in self.rows.items() if key[0] is kind}
            assert actual == wanted, f"{kind.__name__}: {actual} is not {wanted}"


def _columns_alone(row: Row) -> Row:
    columns = {name: copy.deepcopy(getattr(row, name)) for name in columns_of(type(row))}
    return type(row)(**columns)


def columns_of(kind: type[Row]) -> tuple[str, ...]:
    """The columns of a row, in the order of its fields."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no dataclass, so it has no columns")
    return tuple(column.name for column in fields(kind))


def folded(model: ReadModel, history: Sequence[Recorded], page: int | None = None) -> Folded:
    """The read model after this history, folded in pages of `page` (all at once by default)."""
    result = Folded(model)
    size = page or max(1, len(history))
    for start in range(0, len(history), size):
        result.page(history[start : start + size])
    return result
