"""A job that one process at a time may run, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

from oms_ledger.engine.db.pool import Connection
from oms_ledger.engine.db.roles import Role

Lend = Callable[[Role], AbstractContextManager[Connection]]
"""Lends a connection that acts as a role, and takes it back when the block ends."""

# Ends with the session, however that ends.
TRY_LOCK = """
SELECT pg_try_advisory_lock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0))"""

UNLOCK = """
SELECT pg_advisory_unlock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0))"""


@contextmanager
def exclusive(lend: Lend, job: str) -> Generator[bool]:
    """Hold the lock of a job while the block runs. Yields False, and holds nothing, where another
    session has it. PostgreSQL releases the lock of a session that dies: then the end of the block
    raises `psycopg.OperationalError`, since the job may not have been alone."""
    with lend(Role.WRITER) as connection:
        row = connection.execute(TRY_LOCK, (job,)).fetchone()
        acquired = row is not None and row[0] is True
        try:
            yield acquired
        finally:
            if acquired and not connection.closed:
                connection.execute(UNLOCK, (job,))
