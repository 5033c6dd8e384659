"""The Merkle tree in PostgreSQL; its tables are in migrations/0005_merkle.sql.

No statement here takes the lock of the head row. The caller chooses page sizes, so that none runs
long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn
from psycopg.waiting import Ready, Wait

from oms_ledger.audit.standalone.notes import VerifierKey
from oms_ledger.audit.tree.merkle import Coordinate
from oms_ledger.audit.tree.store import (
    Seal,
    SealConflict,
    StoredCheckpoint,
    StoredEvent,
    StoredVerifierKey,
    TreeState,
)
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.binary import bigint_array, bytea_array
from oms_ledger.engine.db.connection import Connection

SQL = statements.queries(__package__)

COPY_HEADER_BYTES = 19
COPY_TRAILER = b"\xff\xff"

ANY_SIZE = 2**63 - 1


class PostgresTree:
    """A `TreeStore`. `lend` lends a connection in autocommit mode with the ledger's search_path, as
    the `connection` of a pool does."""

    def __init__(self, lend: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._lend = lend

    def state(self) -> TreeState:
        return TreeState(*self._rows("tree_state")[0])

    def leaves(self, after: int, until: int) -> Sequence[bytes]:
        with (
            self._lend() as connection,
            connection.cursor() as cursor,
            cursor.copy(SQL["copy_leaves"], (after, until)) as copy,
        ):
            rows = connection.wait(copy_rows(connection.pgconn))
            assert not copy.read(), "a COPY goes on behind its trailer"
        return rows

    def events(self, after: int, until: int) -> Sequence[StoredEvent]:
        return [StoredEvent(*row) for row in self._rows("events", after, until)]

    def stream_starts(self, category: str, after: str, limit: int) -> Sequence[StoredEvent]:
        first, end = max(after, f"{category}-"), f"{category}."
        return [StoredEvent(*row) for row in self._rows("stream_starts", first, end, limit)]

    def tiles(self, at: Collection[Coordinate]) -> Mapping[Coordinate, bytes]:
        levels = bigint_array(level for level, _ in at)
        indexes = bigint_array(index for _, index in at)
        return {(row[0], row[1]): row[2] for row in self._rows("tiles", levels, indexes)}

    def signing_keys(self) -> Sequence[StoredVerifierKey]:
        return [
            StoredVerifierKey(VerifierKey(name, public), from_size, rotation)
            for name, public, from_size, rotation in self._rows("signing_keys")
        ]

    def newest_checkpoint(self, at_most: int | None = None) -> StoredCheckpoint | None:
        size = ANY_SIZE if at_most is None else at_most
        rows = self._rows("newest_checkpoint", size)
        return StoredCheckpoint(*rows[0]) if rows else None

    def checkpoints(self, after: tuple[int, int], limit: int) -> Sequence[StoredCheckpoint]:
        return [StoredCheckpoint(*row) for row in self._rows("checkpoints", *after, limit)]

    def seal(self, seal: Seal) -> None:
        columns = {
            "levels": bigint_array(tile.level for tile in seal.tiles),
            "indexes": bigint_array(tile.index for tile in seal.tiles),
            "hashes": bytea_array([tile.hashes for tile in seal.tiles]),
        }
        grown = {"old_size": seal.old_size, "size": seal.size, "root": seal.root, "note": seal.note}
        with self._lend() as connection, connection.transaction() if seal.key else nullcontext():
            if connection.execute(SQL["seal"], grown | columns, prepare=True).rowcount != 1:
                raise SealConflict
            if seal.key is not None:
                key = seal.key.key
                row = (key.name, key.id, key.public, seal.key.from_size, seal.key.rotation)
                connection.execute(SQL["add_key"], row)

    def _rows(self, name: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._lend() as connection:
            return connection.execute(SQL[name], parameters, prepare=True, binary=True).fetchall()


def copy_rows(server: PGconn) -> Generator[Wait, Ready | int, list[bytes]]:
    """The rows of a binary COPY. Each message has one row, the first one behind the header; the
    last message is the trailer. psycopg's own loop waits once for each row, which takes as long as
    all else."""
    rows: list[bytes] = []
    header = COPY_HEADER_BYTES
    while True:
        size, message = server.get_copy_data(1)
        if size > 0:
            row = bytes(message)[header:]
            if row == COPY_TRAILER:
                return rows
            rows.append(row)
            header = 0
        elif size == 0:
            while not (yield Wait.R):
                continue
            server.consume_input()
        else:
            why = server.get_error_message()
            while result := server.get_result():
                why = result.get_error_message()
            raise psycopg.OperationalError(why)
