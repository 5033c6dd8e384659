"""The Merkle tree in PostgreSQL: see migrations/0005_merkle.sql, and `audit/` for what it means.

Nothing here takes the head's lock, and no statement runs long: pages are the caller's to choose.
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
from oms_ledger.engine.db.arrays import bigint_array, bytea_array

Connection = psycopg.Connection[tuple[Any, ...]]

STATE = """
SELECT t.ledger_id, t.size, t.root, h.position,
       coalesce((SELECT max(notification_id) FROM ledger_events), 0)
FROM merkle_tree AS t CROSS JOIN ledger_head AS h"""

# Sent in binary, a row of this is the leaf as it is hashed: audit/standalone/hashes.py, `leaf`.
COPY_LEAVES = """
COPY (
    SELECT notification_id, originator_id, originator_version, topic,
           CASE WHEN octet_length(state) <= 32768 THEN state END,
           CASE WHEN octet_length(state) > 32768 THEN sha256(state) END
    FROM ledger_events WHERE notification_id > %s AND notification_id <= %s
    ORDER BY notification_id
) TO STDOUT (FORMAT BINARY)"""

COPY_HEADER_BYTES = 19
COPY_TRAILER = b"\xff\xff"

EVENTS = """
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events WHERE notification_id > %s AND notification_id <= %s
ORDER BY notification_id"""

# A category is a range of ids: '-' is followed by '.' in the "C" collation.
STREAM_STARTS = """
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events
WHERE originator_id > %s AND originator_id < %s AND originator_version = 1
ORDER BY originator_id LIMIT %s"""

TILES = """
SELECT t.level, t.index, t.hashes
FROM unnest(%s::bigint[], %s::bigint[]) AS want (level, index)
JOIN merkle_tiles AS t ON t.level = want.level AND t.index = want.index"""

KEYS = "SELECT name, public_key, from_size, rotation FROM merkle_keys ORDER BY number"

CHECKPOINT_COLUMNS = "number, size, root, note, signed_at"

NEWEST_CHECKPOINT = f"""
SELECT {CHECKPOINT_COLUMNS} FROM merkle_checkpoints WHERE size <= %s
ORDER BY size DESC, number DESC LIMIT 1"""

CHECKPOINTS = f"""
SELECT {CHECKPOINT_COLUMNS} FROM merkle_checkpoints WHERE (size, number) > (%s, %s)
ORDER BY size, number LIMIT %s"""

ANY_SIZE = 2**63 - 1

LEASE = """
UPDATE merkle_tree
SET lease_owner = %s, lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE lease_owner = %s OR lease_until IS NULL OR lease_until < clock_timestamp()"""

GIVE_BACK = """
UPDATE merkle_tree SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = %s"""

# All of a seal in one statement, which writes nothing where the tree has another size by now. Its
# commit is not waited for: lost with a crash of the server, a seal is made again, and is the same.
SEAL = """
WITH grown AS (
    UPDATE merkle_tree SET size = %(size)s, root = %(root)s WHERE size = %(old_size)s RETURNING size
), tiles AS (
    INSERT INTO merkle_tiles (level, index, width, hashes)
    SELECT level, index, octet_length(hashes) / 32, hashes
    FROM grown, unnest(%(levels)s::bigint[], %(indexes)s::bigint[], %(hashes)s::bytea[])
        AS t (level, index, hashes)
    ON CONFLICT (level, index) DO UPDATE SET width = excluded.width, hashes = excluded.hashes
), signed AS (
    INSERT INTO merkle_checkpoints (size, root, note, signed_at)
    SELECT size, %(root)s, %(note)s, clock_timestamp() FROM grown
)
SELECT set_config('synchronous_commit', 'off', true) FROM grown"""

WRITE_KEY = """
INSERT INTO merkle_keys (name, key_id, public_key, from_size, rotation)
VALUES (%s, %s, %s, %s, %s)"""


class PostgresTree:
    """An `audit.store.TreeStore`. `lend` lends a connection in autocommit mode with the ledger's
    search_path; a pool's `connection` is one."""

    def __init__(self, lend: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._lend = lend

    def state(self) -> TreeState:
        return TreeState(*self._rows(STATE)[0])

    def leaves(self, after: int, until: int) -> Sequence[bytes]:
        with (
            self._lend() as connection,
            connection.cursor() as cursor,
            cursor.copy(COPY_LEAVES, (after, until)) as copy,
        ):
            rows = connection.wait(copied(connection.pgconn))
            assert not copy.read(), "a COPY goes on behind its trailer"
        return rows

    def events(self, after: int, until: int) -> Sequence[StoredEvent]:
        return [StoredEvent(*row) for row in self._rows(EVENTS, after, until)]

    def stream_starts(self, category: str, after: str, limit: int) -> Sequence[StoredEvent]:
        first, end = max(after, f"{category}-"), f"{category}."
        return [StoredEvent(*row) for row in self._rows(STREAM_STARTS, first, end, limit)]

    def tiles(self, at: Collection[Coordinate]) -> Mapping[Coordinate, bytes]:
        levels = bigint_array(level for level, _ in at)
        indexes = bigint_array(index for _, index in at)
        return {(row[0], row[1]): row[2] for row in self._rows(TILES, levels, indexes)}

    def signing_keys(self) -> Sequence[StoredVerifierKey]:
        return [
            StoredVerifierKey(VerifierKey(name, public), from_size, rotation)
            for name, public, from_size, rotation in self._rows(KEYS)
        ]

    def newest_checkpoint(self, at_most: int | None = None) -> StoredCheckpoint | None:
        size = ANY_SIZE if at_most is None else at_most
        found = self._rows(NEWEST_CHECKPOINT, size)
        return StoredCheckpoint(*found[0]) if found else None

    def checkpoints(self, after: tuple[int, int], limit: int) -> Sequence[StoredCheckpoint]:
        return [StoredCheckpoint(*row) for row in self._rows(CHECKPOINTS, *after, limit)]

    def lease(self, owner: str, seconds: float) -> bool:
        with self._lend() as connection:
            return connection.execute(LEASE, (owner, seconds, owner), prepare=True).rowcount == 1

    def give_back(self, owner: str) -> None:
        with self._lend() as connection:
            connection.execute(GIVE_BACK, (owner,))

    def seal(self, seal: Seal) -> None:
        columns = {
            "levels": bigint_array(tile.level for tile in seal.tiles),
            "indexes": bigint_array(tile.index for tile in seal.tiles),
            "hashes": bytea_array([tile.hashes for tile in seal.tiles]),
        }
        grown = {"old_size": seal.old_size, "size": seal.size, "root": seal.root, "note": seal.note}
        with self._lend() as connection, connection.transaction() if seal.key else nullcontext():
            if connection.execute(SEAL, grown | columns, prepare=True).rowcount != 1:
                raise SealConflict
            if seal.key is not None:
                key = seal.key.key
                row = (key.name, key.id, key.public, seal.key.from_size, seal.key.rotation)
                connection.execute(WRITE_KEY, row)

    def _rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._lend() as connection:
            return connection.execute(statement, parameters, prepare=True, binary=True).fetchall()


def copied(server: PGconn) -> Generator[Wait, Ready | int, list[bytes]]:
    """What a binary COPY sends: a row a message, the first behind the header, then the trailer.
    psycopg's own loop waits for each of them by itself, which costs as much as all the rest."""
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
