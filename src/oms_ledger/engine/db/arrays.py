"""PostgreSQL's binary forms of arrays and of rows for COPY, packed at once.

psycopg adapts a list element by element in Python; a batch of some thousand events is sent as
five arrays, and packing them here costs a tenth of that.
An array is: dimensions, null flag, element type, length, lower bound, then each element behind
its length (PostgreSQL source, src/backend/utils/adt/arrayfuncs.c, array_send).
COPY's rows: number of fields, then each field behind its length, framed by a signature and a -1
(PostgreSQL manual, COPY, Binary Format).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEADER = struct.Struct("!iiIii")
_LENGTH = struct.Struct("!i").pack

_FIELDS_AND_LENGTH = struct.Struct("!hi").pack
_LENGTH_BIGINT_LENGTH = struct.Struct("!iqi").pack
_LENGTH_BIGINT = struct.Struct("!iq").pack
_COPY_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"

_BYTEA, _INT8, _TEXT = 17, 20, 25
_BYTEA_ARRAY, _INT8_ARRAY, _TEXT_ARRAY = 1001, 1016, 1009


class BinaryArray:
    """An array ready to be sent."""

    __slots__ = ("packed",)

    def __init__(self, packed: bytes) -> None:
        self.packed = packed


class TextArray(BinaryArray):
    __slots__ = ()


class ByteaArray(BinaryArray):
    __slots__ = ()


class BigintArray(BinaryArray):
    __slots__ = ()


def text_array(values: Collection[str]) -> TextArray:
    return TextArray(_pack(_TEXT, [value.encode() for value in values]))


def bytea_array(values: Collection[bytes]) -> ByteaArray:
    return ByteaArray(_pack(_BYTEA, values))


def bigint_array(values: Iterable[int]) -> BigintArray:
    numbers = list(values)
    n = len(numbers)
    flat = [8] * (2 * n)
    flat[1::2] = numbers
    return BigintArray(_header(_INT8, n) + struct.pack("!" + "iq" * n, *flat))


def _pack(element: int, values: Collection[bytes]) -> bytes:
    parts = [_header(element, len(values))]
    for value in values:
        parts.append(_LENGTH(len(value)))
        parts.append(value)
    return b"".join(parts)


def _header(element: int, length: int) -> bytes:
    if length == 0:
        return struct.pack("!iiI", 0, 0, element)
    return _HEADER.pack(1, 0, element, length, 1)


def copy_rows(rows: Iterable[tuple[str, int, str, bytes, int]]) -> bytes:
    """Rows of (text, bigint, text, bytea, bigint) for COPY ... FROM STDIN (FORMAT BINARY)."""
    parts = [_COPY_START]
    for one, two, three, four, five in rows:
        first, third = one.encode(), three.encode()
        parts += (
            _FIELDS_AND_LENGTH(5, len(first)),
            first,
            _LENGTH_BIGINT_LENGTH(8, two, len(third)),
            third,
            _LENGTH(len(four)),
            four,
            _LENGTH_BIGINT(8, five),
        )
    parts.append(_COPY_END)
    return b"".join(parts)


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> Buffer:
        return obj.packed


class _TextArrayDumper(_ArrayDumper):
    oid = _TEXT_ARRAY


class _ByteaArrayDumper(_ArrayDumper):
    oid = _BYTEA_ARRAY


class _BigintArrayDumper(_ArrayDumper):
    oid = _INT8_ARRAY


psycopg.adapters.register_dumper(TextArray, _TextArrayDumper)
psycopg.adapters.register_dumper(ByteaArray, _ByteaArrayDumper)
psycopg.adapters.register_dumper(BigintArray, _BigintArrayDumper)
