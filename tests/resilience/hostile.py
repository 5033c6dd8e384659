"""What people and programs do to a database while it is in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress

import psycopg

from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from tests.databases import Database
from tests.engine.project.log import terminate_others

OBSTACLES = (
    # A report that somebody opened and forgot, after it had written something.
    "SELECT pg_current_xact_id()",
    # As VACUUM, ANALYZE and CREATE INDEX CONCURRENTLY do.
    "LOCK TABLE ledger_events IN SHARE UPDATE EXCLUSIVE MODE",
    "LOCK TABLE ledger_events IN ACCESS SHARE MODE",
)


def stranger(database: Database) -> Connection:
    """A connection of another program, with the owner's rights."""
    return pool.connect(database.url, database.schema, role=None, application_name="stranger")


@contextmanager
def idle_in_transaction(database: Database) -> Generator[None]:
    """Sessions that hold a transaction, and a lock, and do nothing."""
    with ExitStack() as stack:
        for statement in OBSTACLES:
            connection = stack.enter_context(stranger(database))
            stack.enter_context(connection.transaction(force_rollback=True))
            connection.execute(statement.encode())
        yield


@contextmanager
def repeatedly(act: Callable[[], object], pause: float) -> Generator[None]:
    """`act` again and again, until the block ends. It must not fail."""
    stop = threading.Event()
    wrong: list[Exception] = []

    def run() -> None:
        try:
            while not stop.wait(pause):
                act()
        except Exception as error:
            wrong.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not wrong, wrong


@contextmanager
def vacuuming(database: Database) -> Generator[None]:
    with stranger(database) as connection:

        def vacuum() -> None:
            connection.execute("VACUUM ANALYZE ledger_head, receipts, projection_positions")

        with repeatedly(vacuum, 0.01):
            yield


@contextmanager
def losing_connections(database: Database, ended: list[int], pause: float = 0.3) -> Generator[None]:
    """Every session of the application is ended, now and then; how many, each time."""
    with repeatedly(lambda: ended.append(terminate_others(database)), pause):
        yield


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """AssertionError when it does not become true: something hangs. `true` may
    lose its connection to the database, and is called again then."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(psycopg.OperationalError):
            if true():
                return
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.01)
