"""Reading rows of a binary COPY: all of them, and an error in the middle."""

from __future__ import annotations

import psycopg
import pytest

from oms_ledger.audit.tree.postgres import copy_rows
from oms_ledger.engine.db.connection import Connection
from tests.databases import Database

COPIED = "COPY (SELECT 1 / (%s - n) FROM generate_series(1, %s) AS n) TO STDOUT (FORMAT BINARY)"


def quotients(connection: Connection, fails_at: int) -> list[bytes]:
    with connection.cursor() as cursor, cursor.copy(COPIED, (fails_at, 50_000)) as copy:
        rows = connection.wait(copy_rows(connection.pgconn))
        assert not copy.read()
    return rows


def test_a_message_a_row_however_many(postgres: Database) -> None:
    with postgres.connect() as connection:
        rows = quotients(connection, fails_at=0)
        assert len(rows) == 50_000
        assert {len(row) for row in rows} == {2 + 4 + 4}


def test_an_error_between_rows_is_raised_and_the_connection_stays_usable(
    postgres: Database,
) -> None:
    with postgres.connect() as connection:
        with pytest.raises(psycopg.OperationalError, match="division by zero"):
            quotients(connection, fails_at=40_000)
        assert connection.execute("SELECT 1").fetchone() == (1,)
