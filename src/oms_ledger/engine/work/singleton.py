"""What is done now and then, by one process at a time: deleting what has been kept long enough."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role

Lend = Callable[[Role], AbstractContextManager[Connection]]

# Ends with the session, however that ends.
TRY_TURN = """
SELECT pg_try_advisory_lock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0))"""

END_TURN = """
SELECT pg_advisory_unlock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0))"""

PRUNE = {
    "receipts": """
        DELETE FROM receipts WHERE (scope, key) IN (
            SELECT scope, key FROM receipts
            WHERE recorded_at < %s ORDER BY recorded_at LIMIT %s)""",
    # Nobody but the owner may delete from that record; the function does, from its far end.
    "access_log": "SELECT prune_accesses(%s, %s)",
}

AT_ONCE = 5000
"""Rows deleted in one statement, so that none of them takes long."""


class Chores:
    """`lend` lends a connection that acts as a role."""

    def __init__(self, lend: Lend) -> None:
        self._lend = lend

    @contextmanager
    def turn(self, job: str) -> Generator[bool]:
        """Whether it is this process's turn at a job, which no other is at meanwhile."""
        with self._lend(Role.WRITER) as connection:
            row = connection.execute(TRY_TURN, (job,)).fetchone()
            mine = row is not None and row[0] is True
            try:
                yield mine
            finally:
                if mine and not connection.closed:
                    connection.execute(END_TURN, (job,))

    def prune(self, kind: str, before: datetime) -> int:
        """Delete some of what is older, the oldest first; how much. 0: there is no more."""
        with self._lend(Role.WRITER) as connection:
            cursor = connection.execute(PRUNE[kind].encode(), (before, AT_ONCE))
            if cursor.description is None:
                return cursor.rowcount
            row = cursor.fetchone()
            return int(str(row[0])) if row is not None else 0
