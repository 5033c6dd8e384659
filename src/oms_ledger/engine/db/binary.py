"""PostgreSQL's binary wire formats of arrays and of COPY, packed a whole column at a time.

psycopg adapts a list element by element in Python; packing a column here costs a tenth of that.

Array: dimensions, null flag, element oid, length, lower bound, then each element behind its
length, -1 for NULL (PostgreSQL source, src/backend/utils/adt/arrayfuncs.c, array_send).
COPY: a signature, then each row as its number of fields and each field behind its length, then
-1 (PostgreSQL manual, COPY, Binary Format).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

Encode = Callable[[Any], bytes]

_LENGTH = struct.Struct("!i").pack
_FIELD_COUNT = struct.Struct("!h").pack
_FIELD_COUNT_LENGTH = struct.Struct("!hi").pack
_LENGTH_BIGINT = struct.Struct("!iq").pack
_LENGTH_BIGINT_LENGTH = struct.Struct("!iqi").pack
_BIGINT = struct.Struct("!q").pack
_DOUBLE = struct.Struct("!d").pack
_NULL = _LENGTH(-1)
_LENGTHS = [_LENGTH(n) for n in range(256)]
_ARRAY_HEADER = struct.Struct("!iiIii").pack
_EMPTY_ARRAY = struct.Struct("!iiI").pack
_COPY_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_json = msgspec.json.Encoder().encode


class BinaryArray:
    """An array in binary form. It carries no oid: the statement casts the parameter (`%s::text[]`)
    or compares it with a column of the element type."""

    __slots__ = ("packed",)

    def __init__(self, packed: bytes) -> None:
        self.packed = packed


class _BinaryArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> Buffer:
        return obj.packed


psycopg.adapters.register_dumper(BinaryArray, _BinaryArrayDumper)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How the values of a column are sent.

    In an array: as elements of the type `element` with the oid `oid`, encoded by `encode`; `cast`
    is appended where the column's type has no arrays of its own. By COPY, which casts nothing:
    encoded by `copy_encode` (default `encode`) into a column of the type `copy_oid` (default
    `oid`)."""

    element: str
    oid: int
    encode: Encode
    cast: str = ""
    copy_encode: Encode | None = None
    copy_oid: int = 0

    @property
    def stored_oid(self) -> int:
        """The oid of the table's column."""
        return self.copy_oid or self.oid


def _boolean(value: bool) -> bytes:
    return b"\x01" if value else b"\x00"


def _timestamptz(value: datetime) -> bytes:
    return _BIGINT((value - _EPOCH) // _MICROSECOND)


def _jsonb(value: object) -> bytes:
    return b"\x01" + _json(value)


def _array_literal(value: Sequence[str]) -> bytes:
    """`{"a","b"}`: elements of different lengths cannot be one array of arrays."""
    if not value:
        return b"{}"
    together = '","'.join(value)
    if "\\" not in together and together.count('"') == 2 * (len(value) - 1):
        return f'{{"{together}"}}'.encode()
    quoted = ('"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in value)
    return ("{" + ",".join(quoted) + "}").encode()


TEXT = ColumnType("text", 25, str.encode)
BIGINT = ColumnType("bigint", 20, _BIGINT)
BYTEA = ColumnType("bytea", 17, bytes)
JSONB = ColumnType("jsonb", 3802, _jsonb)
TYPES: dict[type, ColumnType] = {
    str: TEXT,
    int: BIGINT,
    bool: ColumnType("boolean", 16, _boolean),
    float: ColumnType("float8", 701, _DOUBLE),
    datetime: ColumnType("timestamptz", 1184, _timestamptz),
    bytes: BYTEA,
    dict: JSONB,
    list: JSONB,
}
TEXTS = ColumnType(
    "text", 25, _array_literal, "::text[]", lambda value: array(TEXT, value).packed, 1009
)

_ENCODED_ONCE: Collection[Encode] = {str.encode, _BIGINT, _boolean, _timestamptz}
"""Encoders whose equal values are encoded alike. Not so 0.0 and -0.0; lists and dicts have no
hash."""


def column_type(hint: object) -> ColumnType:
    """The column type of a field's annotation; TypeError where rows have no such fields."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if hint == list[str]:
        return TEXTS
    kind = get_origin(hint) or hint
    entry = TYPES.get(kind) if isinstance(kind, type) else None
    if entry is None:
        raise TypeError(
            f"a row's field cannot be {hint}; use str, int, bool, float, datetime, bytes, dict,"
            " list[str] or list[dict], or one of them or None"
        )
    return entry


def array(kind: ColumnType, values: Sequence[Any], *, nullable: bool = True) -> BinaryArray:
    """One array of all values, None included. Where `nullable` is False, none of them is None: to
    look for it would compare it with each."""
    has_null = nullable and None in values
    header = _array_header(kind, len(values), has_null)
    if kind is BIGINT and not has_null:
        return BinaryArray(header + _bigints(values))
    return BinaryArray(header + b"".join(_fields(kind.encode, values)))


def text_array(values: Iterable[str]) -> BinaryArray:
    """As `array`, for values of which none is None, and which mostly differ."""
    return _not_null(TEXT, [value.encode() for value in values])


def bytea_array(values: Collection[bytes]) -> BinaryArray:
    """As `array`, for values of which none is None."""
    return _not_null(BYTEA, values)


def bigint_array(values: Iterable[int]) -> BinaryArray:
    """As `array`, for values of which none is None."""
    numbers = list(values)
    header = _array_header(BIGINT, len(numbers))
    return BinaryArray(header + _bigints(numbers))


def _not_null(kind: ColumnType, encoded: Collection[bytes]) -> BinaryArray:
    parts = [_array_header(kind, len(encoded))]
    for value in encoded:
        parts.append(_LENGTH(len(value)))
        parts.append(value)
    return BinaryArray(b"".join(parts))


def _array_header(kind: ColumnType, length: int, has_null: bool = False) -> bytes:
    if not length:
        return _EMPTY_ARRAY(0, 0, kind.oid)
    return _ARRAY_HEADER(1, has_null, kind.oid, length, 1)


def copy_rows(kinds: Sequence[ColumnType], columns: Sequence[Sequence[Any]]) -> bytes:
    """Rows, given by their columns, as COPY ... FROM STDIN (FORMAT BINARY) reads them."""
    fields = [
        _fields(kind.copy_encode or kind.encode, values)
        for kind, values in zip(kinds, columns, strict=True)
    ]
    start_of_row = repeat(_FIELD_COUNT(len(fields)), len(columns[0]))
    rows = chain.from_iterable(zip(start_of_row, *fields, strict=True))
    return b"".join((_COPY_START, *rows, _COPY_END))


def copy_event_rows(rows: Iterable[tuple[str, int, str, bytes, int]]) -> bytes:
    """As `copy_rows`, for rows of (text, bigint, text, bytea, bigint) without None: the events of
    a large batch, in two thirds of the time."""
    parts = [_COPY_START]
    for one, two, three, four, five in rows:
        first, third = one.encode(), three.encode()
        parts += (
            _FIELD_COUNT_LENGTH(5, len(first)),
            first,
            _LENGTH_BIGINT_LENGTH(8, two, len(third)),
            third,
            _LENGTH(len(four)),
            four,
            _LENGTH_BIGINT(8, five),
        )
    parts.append(_COPY_END)
    return b"".join(parts)


def _bigints(values: Sequence[int]) -> bytes:
    """All elements by one call of struct."""
    n = len(values)
    flat = [8] * (2 * n)
    flat[1::2] = values
    return struct.pack("!" + "iq" * n, *flat)


def _fields(encode: Encode, values: Sequence[Any]) -> Iterable[bytes]:
    """Each value behind its length. Most columns hold few values, again and again (a location, a
    state, the time of a commit): such a value is encoded once."""
    different = set(values) if encode in _ENCODED_ONCE else ()
    if different and len(different) * 2 <= len(values):
        distinct = list(different)
        encoded = dict(zip(distinct, _each(encode, distinct), strict=True))
        return map(encoded.__getitem__, values)
    return _each(encode, values)


def _each(encode: Encode, values: Iterable[Any]) -> list[bytes]:
    """Each value behind its length."""
    return [
        _NULL
        if value is None
        else (_LENGTHS[size] if (size := len(data := encode(value))) < 256 else _LENGTH(size))
        + data
        for value in values
    ]
