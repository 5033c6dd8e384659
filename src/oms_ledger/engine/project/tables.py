"""The tables of a build, and the statements that read and write whole pages of their rows.

Rows are sent as one array per column, packed by `engine.db.binary`: one statement a table and page,
however many rows. The types follow from the annotations of the row's fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from typing import get_args, get_type_hints

from oms_ledger.engine.db import binary, statements
from oms_ledger.engine.db.binary import BinaryArray, ColumnType, column_type
from oms_ledger.engine.db.statements import table_name
from oms_ledger.kernel import ReadModel, Row

SQL = statements.queries(__package__)


@dataclass(frozen=True, slots=True)
class Build:
    """One set of a read model's tables, and the code that folds it. `number` is unique among the
    builds of the read model; it is the `version` of migrations/0003_projections.sql."""

    model: ReadModel
    number: int

    @property
    def key(self) -> tuple[str, int]:
        return self.model.name, self.number

    def __str__(self) -> str:
        return f"{self.model.name} {self.number}"


class Table:
    """One table of a build, and the statements that select, insert, upsert and copy its rows."""

    def __init__(self, kind: type[Row], number: int) -> None:
        hints = get_type_hints(kind)
        self.kind: Callable[..., Row] = kind
        self.key = kind.key
        self.append_only = kind.append_only
        self.name = table_name(kind.table, number)
        self.columns = _columns(kind)
        self.types = tuple(column_type(hints[name]) for name in self.columns)
        self.nullable = tuple(_is_optional(hints[name]) for name in self.columns)
        self.key_types = tuple(column_type(hints[name]) for name in kind.key)
        self.key_of: Callable[[Row], tuple[object, ...]] = _getter(kind.key)
        self._getters = tuple(attrgetter(name) for name in self.columns)
        self.select = self._select()
        self.upsert = self._upsert()
        self.insert = SQL["insert_rows"].format(**self._inserted())
        self.copy = SQL["copy_rows"].format(table=self.name, columns=", ".join(self.columns))

    def _select(self) -> str:
        return SQL["select_rows"].format(
            table=self.name,
            columns=", ".join(f"t.{name}" for name in self.columns),
            key=", ".join(self.key),
            arrays=_arrays(self.key_types),
            match=" AND ".join(f"t.{name} = k.{name}" for name in self.key),
        )

    def _upsert(self) -> str:
        others = [name for name in self.columns if name not in self.key]
        return SQL["upsert_rows" if others else "insert_new_rows"].format(
            **self._inserted(),
            key=", ".join(self.key),
            change=", ".join(f"{name} = excluded.{name}" for name in others),
        )

    def _inserted(self) -> dict[str, str]:
        """What the statements that insert rows have in common."""
        kinds = zip(self.columns, self.types, strict=True)
        return {
            "table": self.name,
            "columns": ", ".join(self.columns),
            "values": ", ".join(f"v.{name}{kind.cast}" for name, kind in kinds),
            "arrays": _arrays(self.types),
        }

    def key_arrays(self, keys: Sequence[tuple[object, ...]]) -> list[BinaryArray]:
        columns = zip(*keys, strict=True)
        return [binary.array(t, values) for t, values in zip(self.key_types, columns, strict=True)]

    def arrays(self, rows: Sequence[Row]) -> list[BinaryArray]:
        return [
            binary.array(kind, list(map(get, rows)), nullable=nullable)
            for kind, get, nullable in zip(self.types, self._getters, self.nullable, strict=True)
        ]

    def copied(self, rows: Sequence[Row]) -> bytes:
        """The rows in the binary format of COPY."""
        return binary.copy_rows(self.types, [list(map(get, rows)) for get in self._getters])

    def row(self, values: Iterable[object]) -> Row:
        return self.kind(*values)


def _arrays(types: Iterable[ColumnType]) -> str:
    return f"unnest({', '.join(f'%s::{t.element}[]' for t in types)})"


def _is_optional(hint: object) -> bool:
    return type(None) in get_args(hint)


def _getter(names: tuple[str, ...]) -> Callable[[Row], tuple[object, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)


def _columns(kind: type[Row]) -> tuple[str, ...]:
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no dataclass, so it has no columns")
    return tuple(f.name for f in fields(kind))


def tables_of(build: Build) -> dict[type[Row], Table]:
    return {kind: Table(kind, build.number) for kind in build.model.rows}
