"""A read model's tables: the SQL that reads and writes whole pages of rows, made from row types.

Rows travel as one array per column, packed here into PostgreSQL's binary form: one statement a
table and page, however many rows. The types follow from the annotations of the row's fields.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec
import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

from oms_ledger.kernel import ReadModel, Row

Encode = Callable[[Any], bytes]

_LENGTH = struct.Struct("!i").pack
_FIELDS = struct.Struct("!h").pack
_BIGINT = struct.Struct("!q").pack
_DOUBLE = struct.Struct("!d").pack
_NULL = _LENGTH(-1)
_LENGTHS = [_LENGTH(n) for n in range(256)]
_HEADER = struct.Struct("!iiIii").pack
_COPY_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_TIMESTAMPTZ = 1184
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_json = msgspec.json.Encoder().encode


class PackedArray:
    """An array in binary form. Its type is what the statement casts the parameter to."""

    __slots__ = ("packed",)

    def __init__(self, packed: bytes) -> None:
        self.packed = packed


class _PackedArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PackedArray) -> Buffer:
        return obj.packed


psycopg.adapters.register_dumper(PackedArray, _PackedArrayDumper)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How a column's values are sent: as an array of `element` (with its oid), then cast to
    `cast` where PostgreSQL has no arrays of what is wanted. COPY casts nothing: it sends `copied`
    into a column of the very type `stored`."""

    element: str
    oid: int
    encode: Encode
    cast: str = ""
    copied: Encode | None = None
    stored: int = 0

    @property
    def stored_oid(self) -> int:
        return self.stored or self.oid


def _moment(value: datetime) -> bytes:
    return _BIGINT((value - _EPOCH) // _MICROSECOND)


def _jsonb(value: object) -> bytes:
    return b"\x01" + _json(value)


def _array_literal(value: Sequence[str]) -> bytes:
    """`{"a","b"}`: elements of different lengths cannot be one array of arrays."""
    quoted = ('"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in value)
    return ("{" + ",".join(quoted) + "}").encode()


TEXT = ColumnType("text", 25, str.encode)
BIGINT = ColumnType("bigint", 20, _BIGINT)
JSONB = ColumnType("jsonb", 3802, _jsonb)
TYPES: dict[type, ColumnType] = {
    str: TEXT,
    int: BIGINT,
    bool: ColumnType("boolean", 16, lambda value: b"\x01" if value else b"\x00"),
    float: ColumnType("float8", 701, _DOUBLE),
    datetime: ColumnType("timestamptz", _TIMESTAMPTZ, _moment),
    bytes: ColumnType("bytea", 17, bytes),
    dict: JSONB,
    list: JSONB,
}
TEXTS = ColumnType(
    "text", 25, _array_literal, "::text[]", lambda value: packed(TEXT, value).packed, 1009
)

_ONCE: Collection[Encode] = {str.encode, _BIGINT, _moment}


def column_type(hint: object) -> ColumnType:
    """The column type of a field's annotation; TypeError where rows have no such fields."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if hint == list[str]:
        return TEXTS
    kind = get_origin(hint) or hint
    known = TYPES.get(kind) if isinstance(kind, type) else None
    if known is None:
        raise TypeError(
            f"a row's field cannot be {hint}; use str, int, bool, float, datetime, bytes, dict,"
            " list[str] or list[dict], or one of them or None"
        )
    return known


def packed(kind: ColumnType, values: Sequence[object]) -> PackedArray:
    """One array of all values, None included."""
    if not values:
        return PackedArray(struct.pack("!iiI", 0, 0, kind.oid))
    header = _HEADER(1, 1 if None in values else 0, kind.oid, len(values), 1)
    return PackedArray(header + b"".join(_fields(kind.encode, values)))


def _packed_bigints(values: Sequence[int | None]) -> PackedArray:
    if None in values or not values:
        return packed(BIGINT, values)
    n = len(values)
    flat = [8] * (2 * n)
    flat[1::2] = cast("Sequence[int]", values)
    return PackedArray(_HEADER(1, 0, BIGINT.oid, n, 1) + struct.pack("!" + "iq" * n, *flat))


def _fields(encode: Encode, values: Sequence[Any]) -> Iterable[bytes]:
    """Each behind its length. Most columns hold few values, again and again (a location, a state,
    the time of a commit): such a value is encoded once. Only of types whose equal values are
    encoded alike: 0.0 equals -0.0, and lists and dicts are not even hashed."""
    if encode not in _ONCE:
        return [_NULL if value is None else _field(encode(value)) for value in values]
    different = set(values)
    if len(different) * 2 > len(values):
        if None in different:
            return [_NULL if value is None else _field(encode(value)) for value in values]
        return map(_field, map(encode, values))
    known = {value: _NULL if value is None else _field(encode(value)) for value in different}
    return map(known.__getitem__, values)


def _field(data: bytes) -> bytes:
    length = len(data)
    return (_LENGTHS[length] if length < len(_LENGTHS) else _LENGTH(length)) + data


@dataclass(frozen=True, slots=True)
class Build:
    """One set of a read model's tables, and the code that folds it. `number` tells it from the
    others of the same read model; it is the `version` of migrations/0003_projections.sql."""

    model: ReadModel
    number: int

    @property
    def key(self) -> tuple[str, int]:
        return self.model.name, self.number

    def __str__(self) -> str:
        return f"{self.model.name} {self.number}"


class Table:
    """One table of one build of a read model, and the statements on it."""

    def __init__(self, kind: type[Row], number: int) -> None:
        hints = get_type_hints(kind)
        self.kind: Callable[..., Row] = kind
        self.key = kind.key
        self.append_only = kind.append_only
        self.name = table_name(kind.table, number)
        self.columns = _columns(kind)
        self.types = tuple(column_type(hints[name]) for name in self.columns)
        self.key_types = tuple(column_type(hints[name]) for name in kind.key)
        self.key_of: Callable[[Row], tuple[object, ...]] = _getter(kind.key)
        self._getters = tuple(attrgetter(name) for name in self.columns)
        self.select = self._select()
        self.insert = self._insert()
        self.copy = f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN (FORMAT BINARY)"

    def _select(self) -> str:
        columns = ", ".join(f"t.{name}" for name in self.columns)
        match = " AND ".join(f"t.{name} = k.{name}" for name in self.key)
        return (
            f"SELECT {columns} FROM {_arrays(self.key_types)} AS k ({', '.join(self.key)})"
            f" JOIN {self.name} AS t ON {match}"
        )

    def _insert(self) -> str:
        columns = ", ".join(self.columns)
        values = ", ".join(f"v.{c}{t.cast}" for c, t in zip(self.columns, self.types, strict=True))
        others = [name for name in self.columns if name not in self.key]
        change = ", ".join(f"{name} = excluded.{name}" for name in others)
        action = f"DO UPDATE SET {change}" if change else "DO NOTHING"
        conflict = "" if self.append_only else f" ON CONFLICT ({', '.join(self.key)}) "
        return (
            f"INSERT INTO {self.name} ({columns}) SELECT {values}"
            f" FROM {_arrays(self.types)} AS v ({columns})"
            f"{conflict}{action if conflict else ''}"
        )

    def key_arrays(self, keys: Sequence[tuple[object, ...]]) -> list[PackedArray]:
        columns = zip(*keys, strict=True)
        return [_array(t, values) for t, values in zip(self.key_types, columns, strict=True)]

    def arrays(self, rows: Sequence[Row]) -> list[PackedArray]:
        return [
            _array(kind, list(map(get, rows)))
            for kind, get in zip(self.types, self._getters, strict=True)
        ]

    def copied(self, rows: Sequence[Row]) -> bytes:
        """The rows as COPY reads them (PostgreSQL manual, COPY, Binary Format)."""
        columns = [
            _fields(kind.copied or kind.encode, list(map(get, rows)))
            for kind, get in zip(self.types, self._getters, strict=True)
        ]
        start_of_row = repeat(_FIELDS(len(columns)), len(rows))
        fields = chain.from_iterable(zip(start_of_row, *columns, strict=True))
        return b"".join((_COPY_START, *fields, _COPY_END))

    def row(self, values: Iterable[object]) -> Row:
        return self.kind(*values)


def _array(kind: ColumnType, values: Sequence[Any]) -> PackedArray:
    return _packed_bigints(values) if kind is BIGINT else packed(kind, values)


def _arrays(types: Iterable[ColumnType]) -> str:
    return f"unnest({', '.join(f'%s::{t.element}[]' for t in types)})"


def _getter(names: tuple[str, ...]) -> Callable[[Row], tuple[object, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)


def _columns(kind: type[Row]) -> tuple[str, ...]:
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no dataclass, so it has no columns")
    return tuple(f.name for f in fields(kind))


def table_name(stable: str, number: int) -> str:
    """What a table is called in a build; `{v}` in its `table.sql` stands for the same."""
    return f"{stable}_v{number}"


def tables_of(build: Build) -> dict[type[Row], Table]:
    return {kind: Table(kind, build.number) for kind in build.model.rows}
