"""One session at a time holds the lock of a job, for as long as it lives."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from psycopg.errors import AdminShutdown

from oms_ledger.engine.db.pool import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work.singleton import exclusive
from tests.databases import Database
from tests.engine.project.log import terminate_others


class Lender:
    """Lends a connection of its own for each block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def __call__(self, role: Role) -> Generator[Connection]:
        connection = self._database.connect(role)
        try:
            yield connection
        finally:
            connection.close()


def test_one_session_at_a_time_holds_the_lock_of_a_job(postgres: Database) -> None:
    lend = Lender(postgres)
    with exclusive(lend, "retention") as first:
        with exclusive(lend, "retention") as second, exclusive(lend, "anchors") as other:
            assert (first, second, other) == (True, False, True)
        with exclusive(lend, "retention") as third:
            assert not third, "a session that was refused released the lock of another"
    with exclusive(lend, "retention") as again:
        assert again


def test_the_lock_is_released_where_the_connection_is_kept(postgres: Database) -> None:
    """A pool gives the connection back, and the session goes on."""
    connection = postgres.connect_writer()

    @contextmanager
    def keep(role: Role) -> Generator[Connection]:
        yield connection

    with exclusive(keep, "retention") as first:
        assert first
    with exclusive(Lender(postgres), "retention") as second:
        assert second
    connection.close()


def test_a_session_that_dies_holds_no_lock(postgres: Database) -> None:
    """What ran under it learns at the end that it may not have been alone."""
    lend = Lender(postgres)
    with pytest.raises(AdminShutdown), exclusive(lend, "retention") as first:
        assert first
        assert terminate_others(postgres) == 1
        with exclusive(lend, "retention") as second:
            assert second
