"""One session at a time holds the lock of a job, for as long as it lives."""

from __future__ import annotations

import psycopg
import pytest

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.work.singleton import exclusive
from tests.databases import Database
from tests.engine.project.log import terminate_others


def test_one_session_at_a_time_holds_the_lock_of_a_job(postgres: Database) -> None:
    with exclusive(postgres.connect, "retention") as first:
        with (
            exclusive(postgres.connect, "retention") as second,
            exclusive(postgres.connect, "anchors") as other,
        ):
            assert (first, second, other) == (True, False, True)
        with exclusive(postgres.connect, "retention") as third:
            assert not third, "a session that was refused released the lock of another"
    with exclusive(postgres.connect, "retention") as again:
        assert again


def test_the_lock_is_released_where_the_job_fails(postgres: Database) -> None:
    with pytest.raises(LookupError), exclusive(postgres.connect, "retention"):
        raise LookupError
    with exclusive(postgres.connect, "retention") as second:
        assert second


def test_the_lock_is_free_before_its_session_has_ended(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed session ends on the server a moment later; here it does not end at all."""
    with postgres.connect() as session:
        monkeypatch.setattr(session, "close", lambda: None)
        with exclusive(lambda _: session, "retention") as first:
            assert first
        assert not session.closed
        with exclusive(postgres.connect, "retention") as second:
            assert second
        monkeypatch.undo()


def test_a_session_that_dies_holds_no_lock(postgres: Database) -> None:
    with exclusive(postgres.connect, "retention") as first:
        assert first
        assert terminate_others(postgres) == 1
        with exclusive(postgres.connect, "retention") as second:
            assert second


def test_no_database_is_an_outage(postgres: Database) -> None:
    def refuse(role: Role) -> Connection:
        raise psycopg.OperationalError("connection refused")

    with pytest.raises(Unavailable), exclusive(refuse, "retention"):
        pass
