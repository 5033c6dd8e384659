"""Read models without a database: the rows that a history folds into."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass

from oms_ledger.kernel import R, ReadModel, Recorded, Row, RowKey


class MemoryPage:
    """The rows at hand, in memory. Strict as the engine is: `get` finds only rows that the
    read model's `touches` named for this page or that were `put` on it, and no append-only
    rows."""

    def __init__(self, stored: dict[RowKey, Row], named: Iterable[RowKey]) -> None:
        self._rows = {key: copy.deepcopy(stored[key]) for key in named if key in stored}
        self._stored = stored
        self._named = set(named)
        self.changed: dict[RowKey, Row] = {}

    def get(self, kind: type[R], *key: object) -> R | None:
        wanted: RowKey = (kind, key)
        if wanted not in self._named:
            raise LookupError(f"{kind.__name__} {key} is not among the rows that touches() named")
        row = self._rows.get(wanted)
        if row is not None and not isinstance(row, kind):
            raise TypeError(f"{wanted} holds a {type(row).__name__}")
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
    return type(row), tuple(getattr(row, name) for name in type(row).key)


@dataclass(slots=True)
class Folded:
    """What a read model holds after the pages it was given."""

    model: ReadModel
    rows: dict[RowKey, Row] = field(default_factory=dict)

    def page(self, events: Sequence[Recorded]) -> Folded:
        """Fold one page of events, as a projector does: only those the model wants."""
        wanted = [r for r in events if type(r.event).type in self.model.event_types]
        page = MemoryPage(self.rows, {key for r in wanted for key in self.model.touches(r)})
        for r in wanted:
            self.model.fold(r, page)
        # Stored rows are read back as new objects: nothing but the columns survives a page.
        for key, row in page.changed.items():
            self.rows[key] = _columns_alone(row)
        return self

    def of(self, kind: type[R]) -> list[R]:
        """The rows of one table, by key."""
        found = [row for row in self.rows.values() if isinstance(row, kind)]
        return sorted(found, key=lambda row: tuple(map(str, key_of(row)[1])))

    def then_rows(self, *expected: Row) -> None:
        """Every row there is of the expected rows' tables, no more and no less."""
        for kind in {type(row) for row in expected}:
            wanted = {key_of(row): row for row in expected if type(row) is kind}
            found = {key: row for key, row in self.rows.items() if key[0] is kind}
            assert found == wanted, f"{kind.__name__}: {found} is not {wanted}"


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
