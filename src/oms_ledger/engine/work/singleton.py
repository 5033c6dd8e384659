"""The lock of a job that one process at a time may run, whichever process that is."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress

import psycopg

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role

SQL = statements.queries(__package__)


@contextmanager
def exclusive(connect: Callable[[Role], Connection], job: str) -> Generator[bool]:
    """Hold the lock of a job while the block runs. Yields False, and holds nothing, where another
    session has it.

    The lock is free when the block has ended, even where it raised. It belongs to a session that is
    opened here, so PostgreSQL releases it when the process dies. It spares processes the same work;
    where that would do harm, a compare-and-set in the job's own transaction must prevent it.
    `Unavailable` where there is no connection.
    """
    try:
        connection = connect(Role.READER)
    except psycopg.OperationalError as error:
        raise Unavailable("The database does not answer. Try again in a moment.") from error
    with closing(connection):
        row = connection.execute(SQL["try_lock"], (job,)).fetchone()
        acquired = row is not None and row[0] is True
        try:
            yield acquired
        finally:
            if acquired:
                # The server ends a closed session only a moment later. A session that is lost holds
                # no lock.
                with suppress(psycopg.OperationalError):
                    connection.execute(SQL["unlock"], (job,))
