"""A writer that takes the ledger's lock and does nothing more, for tests that stop it:
`python -m tests.engine.db.lock_holder URL DEADLINE PLACE`."""

from __future__ import annotations

import sys
import time

from oms_ledger.engine.db.pool import Pools
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.postgres import SQL
from oms_ledger.settings import Settings

LOCK = "SELECT position FROM ledger_head FOR UPDATE"

BETWEEN = "between two statements"
AMID = "amid a series of statements"
"""The server waits for more of the series, and no timeout of a statement runs."""
COPYING = "amid a COPY"
"""The server waits for more rows, and none of its timeouts runs."""


def hold(url: str, deadline: float, place: str) -> None:
    settings = Settings(database_url=url, database_deadline_seconds=deadline)
    connection = Pools(settings).connect(Role.WRITER)
    if place == BETWEEN:
        connection.execute("BEGIN")
        connection.execute(LOCK)
        _wait()
    if place == COPYING:
        connection.execute("BEGIN")
        connection.execute(LOCK)
        with connection.cursor().copy(SQL["copy_events"]):
            _wait()
    with connection.pipeline():
        connection.execute("BEGIN")
        connection.execute(LOCK).fetchone()
        _wait()


def _wait() -> None:
    print("locked", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    hold(sys.argv[1], float(sys.argv[2]), sys.argv[3])
