"""The binary wire formats: PostgreSQL reads back what was packed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oms_ledger.engine.db import binary
from oms_ledger.engine.db.binary import BIGINT, BYTEA, JSONB, TEXT, TEXTS, TYPES, ColumnType
from oms_ledger.engine.db.connection import Connection
from tests.databases import Database

VALUES: list[tuple[ColumnType, list[object]]] = [
    (TEXT, ["", "é" * 300, "a", "a", "a", None]),
    (TEXT, [str(n) for n in range(50)]),
    (BIGINT, [0, -1, 2**63 - 1, -(2**63)]),
    (BIGINT, [1, 1, 1, None]),
    (BYTEA, [b"", bytes(range(256)), None]),
    (TYPES[bool], [True, False, None]),
    (TYPES[float], [0.0, -0.0, 1.5, None]),
    (
        TYPES[datetime],
        [datetime(1999, 12, 31, 23, 59, 59, 1, UTC), None, datetime.max.replace(tzinfo=UTC)],
    ),
    (JSONB, [{"a": [1, None]}, [], None]),
]


@pytest.mark.parametrize(("kind", "values"), VALUES)
@pytest.mark.parametrize("some", [slice(None), slice(0, 0), slice(1)])
def test_an_array_is_read_back(
    postgres: Database, kind: ColumnType, values: list[object], some: slice
) -> None:
    with postgres.connect() as connection:
        statement = f"SELECT %s::{kind.element}[]".encode()
        row = connection.execute(statement, (binary.array(kind, values[some]),)).fetchone()
    assert repr(row) == repr((values[some],))  # -0.0 equals 0.0


def test_arrays_without_null_are_the_same_bytes() -> None:
    texts, blobs, numbers = ["a", "é"], [b"", b"x" * 300], [1, -1]
    for few in (slice(None), slice(0, 0)):
        assert binary.text_array(texts[few]).packed == binary.array(TEXT, texts[few]).packed
        assert binary.bytea_array(blobs[few]).packed == binary.array(BYTEA, blobs[few]).packed
        assert binary.bigint_array(numbers[few]).packed == binary.array(BIGINT, numbers[few]).packed


def test_copied_rows_are_read_back(postgres: Database) -> None:
    texts: list[object] = [["a", 'b"\\'], [], None]
    columns: list[list[object]] = [["x", None, "x"], [1, 2, None], [datetime.now(UTC)] * 3, texts]
    kinds = (TEXT, BIGINT, TYPES[datetime], TEXTS)
    with postgres.connect_owner() as connection:
        connection.execute(
            "CREATE TEMPORARY TABLE packed (a text, b bigint, c timestamptz, d text[])"
        )
        copy_in(connection, "packed", binary.copy_rows(kinds, columns))
        rows = connection.execute("SELECT * FROM packed").fetchall()
    assert rows == list(zip(*columns, strict=True))


def test_event_rows_are_the_same_bytes() -> None:
    rows = [("order-1", 1, "order.placed.v1", b"{}" * n, n) for n in range(300)]
    kinds = (TEXT, BIGINT, TEXT, BYTEA, BIGINT)
    columns = list(zip(*rows, strict=True))
    assert binary.copy_event_rows(rows) == binary.copy_rows(kinds, columns)


def test_a_row_without_a_column_type_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be"):
        binary.column_type(complex)


def copy_in(connection: Connection, table: str, rows: bytes) -> None:
    statement = f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows)
